"""What was reminded of, and the link that stops reminders of one sort."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mailings.models.links import random_token


class Reminder(models.Model):
    """One step of a ladder was taken for one thing in one cycle; the mail is the outbox's.

    A due date is computed from facts, never stored; this row is what was done about it. A step
    that the Lead took by hand ('write again') has no number and counts for no limit.
    """

    #: The number of the notice before a profile leaves the list, beyond every ladder.
    NOTICE = 100

    topic = models.CharField(_("topic"), max_length=20)
    object_id = models.BigIntegerField()
    cycle = models.DateTimeField(_("cycle since"))
    step = models.PositiveSmallIntegerField(_("step"), null=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "topic", "object_id", "cycle", "step", name="reminder_once_for_a_step"
            )
        ]

    def __str__(self):
        return f"{self.topic} {self.object_id}, {self.at:%Y-%m-%d}"

    @property
    def is_wanted(self) -> bool:
        """The reader asked for this mail: neither a step of a ladder nor the Lead's."""
        return self.step is None and self.by_id is None


class StopLink(models.Model):
    """The token in the unsubscribe headers: one thing, one topic; it never expires."""

    topic = models.CharField(_("topic"), max_length=20)
    object_id = models.BigIntegerField()
    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)

    class Meta:
        verbose_name = _("link that stops reminders")
        verbose_name_plural = _("links that stop reminders")
        constraints = [
            models.UniqueConstraint("topic", "object_id", name="stoplink_once_for_a_topic")
        ]

    def __str__(self):
        return f"{self.topic} {self.object_id}"
