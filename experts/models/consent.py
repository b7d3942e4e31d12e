"""Consent to be listed: rows that are only ever added."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from experts.models.expert import Expert


class Consent(models.Model):
    """Somebody agreed to be listed, or took that back: to which text, when, and how it came."""

    class Channel(models.TextChoices):
        PORTAL = "portal", _("In the portal")
        MAIL = "mail", _("By the link in a mail")
        PUBLISHED_LIST = "published_list", _("Published list")

    expert = models.ForeignKey(Expert, models.PROTECT, related_name="consents")
    given = models.BooleanField(_("given"), default=True)
    text_version = models.CharField(_("text"), max_length=60)
    at = models.DateTimeField(_("when"))
    channel = models.CharField(_("how"), max_length=20, choices=Channel)
    edition = models.CharField(_("edition of the list"), max_length=100, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.expert}: {self.text_version}"
