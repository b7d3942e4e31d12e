"""How much mail came in, of which sort; never whose, and nothing of what it said."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class IncomingCount(models.Model):
    """So many messages of this sort on this day (UTC)."""

    day = models.DateField(_("day"))
    #: A value of the Outcome of mailings/inbound.py, posting.py or relay.py
    sort = models.CharField(_("what it was"), max_length=80)
    number = models.PositiveIntegerField(_("messages"), default=0)

    class Meta:
        verbose_name = _("mail that came in")
        verbose_name_plural = _("mail that came in")
        ordering = ["-day", "sort"]
        constraints = [models.UniqueConstraint("day", "sort", name="incoming_once_a_day")]

    def __str__(self):
        return f"{self.day}: {self.sort}"
