"""Digests: what was announced since the last one, in one mail."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mailings.models.outgoing import OutgoingMail
from mailings.models.subscriptions import Frequency


class Digest(models.Model):
    """One reader's digest of one period. The row is there before the digest is built, so that two
    schedulers make one, and says which stretch of time it covers: nothing comes twice.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests")
    frequency = models.CharField(max_length=10, choices=Frequency)
    #: First day of the period, as the reader's calendar has it
    period = models.DateField()
    #: It holds what was published after the one moment, and not after the other
    after = models.DateTimeField()
    until = models.DateTimeField()
    mail = models.OneToOneField(
        OutgoingMail, models.SET_NULL, null=True, blank=True, related_name="digest"
    )

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        ordering = ["-until", "-pk"]
        constraints = [
            models.UniqueConstraint("user", "frequency", "period", name="digest_once_a_period"),
            models.CheckConstraint(
                name="digest_daily_or_weekly", condition=Q(frequency__in=["daily", "weekly"])
            ),
            models.CheckConstraint(name="digest_covers_time", condition=Q(until__gte=F("after"))),
        ]

    def __str__(self):
        return f"{self.user}: {self.period}"
