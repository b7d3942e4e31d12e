"""What the nightly check of stored files found."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FileFinding(models.Model):
    """A row whose file is gone, or a file that no row points at."""

    class Kind(models.TextChoices):
        MISSING = "missing", _("The file of a row is missing")
        ORPHAN = "orphan", _("No row points at a file")

    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    path = models.CharField(_("path"), max_length=300)
    about = models.CharField(_("row"), max_length=200, blank=True)  # "documents.translation 12"
    found_at = models.DateTimeField(_("found"))

    class Meta:
        verbose_name = _("finding about files")
        verbose_name_plural = _("findings about files")
        ordering = ["kind", "path"]
        constraints = [models.UniqueConstraint("kind", "path", name="filefinding_once")]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.path}"
