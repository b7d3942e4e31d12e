"""One import of the list: the file, how far it is, and what the preview found."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.files import PrivateFileField


class ImportRun(models.Model):
    """An uploaded list on its way: read → previewed → confirmed → done, or failed.

    `report` is what the preview page shows: totals, rows that change, and each error as
    {"sheet", "row", "column", "value", "reason"}.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READING = "reading", _("Being read")
        PREVIEWED = "previewed", _("Ready to confirm")
        WRITING = "writing", _("Being written")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    file = PrivateFileField(_("file"), folder="imports")
    file_name = models.CharField(_("file name"), max_length=200)
    edition = models.CharField(
        _("edition of the list"), max_length=100, help_text=_("For example: April 2017.")
    )
    edition_on = models.DateField(_("date of the edition"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    report = models.JSONField(default=dict)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-started_at", "-pk"]

    def __str__(self):
        return f"{self.file_name}, {self.edition}"
