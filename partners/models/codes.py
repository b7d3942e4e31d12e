"""One-time codes that prove that a person reads a mailbox."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OneTimeCode(models.Model):
    """Six digits sent to an address for one purpose; only a digest is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="codes")
    purpose = models.CharField(max_length=100)
    address = models.EmailField()
    digest = models.CharField(max_length=128)
    sent_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        indexes = [models.Index(fields=["user", "purpose"], name="code_for_purpose")]

    def __str__(self):
        return f"{self.purpose}: {self.address}"
