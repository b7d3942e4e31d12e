"""The mailing of one announcement to those who want its topic at once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.announcements import Announcement


class Campaign(models.Model):
    """Its audience is frozen in one statement when it begins: a row of the outbox for each reader.

    Whether a reader still wants the topic is asked again as each mail leaves.
    """

    class Status(models.TextChoices):
        SENDING = "sending", _("Being sent")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    #: Each change is a step of mailings/campaigning.py
    NEXT = {
        Status.SENDING: {Status.PAUSED, Status.STOPPED, Status.DONE},
        Status.PAUSED: {Status.SENDING, Status.STOPPED},
    }

    announcement = models.OneToOneField(Announcement, models.PROTECT, related_name="campaign")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SENDING)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    frozen_at = models.DateTimeField(_("begun"), default=timezone.now)
    size = models.PositiveIntegerField(_("readers"), default=0)
    #: Why it stands still; empty where a person paused it without a word
    why = models.CharField(_("why"), max_length=500, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-frozen_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="campaign_over_has_its_moment",
                condition=Q(status__in=["stopped", "done"]) ^ Q(finished_at=None),
            )
        ]

    def __str__(self):
        return str(self.announcement)
