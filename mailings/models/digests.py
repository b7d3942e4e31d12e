"""Digests: what was announced since the last one, in one mail."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailings.models.announcements import Announcement
from mailings.models.outgoing import OutgoingMail
from mailings.models.subscriptions import Frequency


class Digest(models.Model):
    """One reader's digest of one period. The row is there before the digest is built, so that two
    schedulers make one, and stays where nothing was new: then there is no mail.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests")
    frequency = models.CharField(max_length=10, choices=Frequency)
    #: First day of the period, as the reader's calendar has it
    period = models.DateField()
    #: It holds nothing that was published later; of what comes at once, the hour
    until = models.DateTimeField()
    mail = models.OneToOneField(
        OutgoingMail, models.SET_NULL, null=True, blank=True, related_name="digest"
    )

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        ordering = ["-until", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "user",
                "frequency",
                "period",
                name="digest_once_a_period",
                condition=~Q(frequency="at_once"),
            ),
            models.UniqueConstraint(
                "user",
                "until",
                name="digest_at_once_once_an_hour",
                condition=Q(frequency="at_once"),
            ),
            models.CheckConstraint(name="digest_not_of_never", condition=~Q(frequency="never")),
        ]

    def __str__(self):
        return f"{self.user}: {self.period}"


class DigestEntry(models.Model):
    """That one announcement came to one reader in a digest: never a second time, whatever the
    reader changes in between.
    """

    digest = models.ForeignKey(Digest, models.CASCADE, related_name="entries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("entry of a digest")
        verbose_name_plural = _("entries of digests")
        constraints = [
            models.UniqueConstraint("user", "announcement", name="digest_entry_once_for_a_reader")
        ]

    def __str__(self):
        return f"{self.digest}: {self.announcement}"
