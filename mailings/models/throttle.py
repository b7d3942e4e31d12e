"""How fast mail may leave, shared by all workers."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Throttle(models.Model):
    """One row. `allowance` mails may leave at once; it fills up at settings.MAIL_RATE a second."""

    allowance = models.FloatField(default=0)
    counted_at = models.DateTimeField(null=True)
    slowed_until = models.DateTimeField(_("half speed until"), null=True)
    away_until = models.DateTimeField(_("server away until"), null=True)
    away_times = models.PositiveSmallIntegerField(default=0)
    failures_in_a_row = models.PositiveSmallIntegerField(default=0)
    held_at = models.DateTimeField(_("held since"), null=True)
    held_why = models.CharField(_("held because"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("speed of mail")
        verbose_name_plural = _("speed of mail")
        constraints = [models.CheckConstraint(name="throttle_is_one_row", condition=Q(pk=1))]

    def __str__(self):
        return str(_("Speed of mail"))
