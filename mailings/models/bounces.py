"""What became of mail after it left, and addresses that must not be written to."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.outgoing import OutgoingMail


class Bounce(models.Model):
    """One thing that a mail server, a report or a mail service said about an address."""

    class Kind(models.TextChoices):
        HARD = "hard", _("No such address")
        SOFT = "soft", _("Could not be delivered for now")
        COMPLAINT = "complaint", _("Marked as unwanted")

    class Source(models.TextChoices):
        SMTP = "smtp", _("On delivery")
        REPORT = "report", _("Report by mail")
        SERVICE = "service", _("Mail service")

    address_hash = models.CharField(max_length=64)
    mail = models.ForeignKey(
        OutgoingMail, models.SET_NULL, null=True, blank=True, related_name="bounces"
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    status = models.CharField(_("status"), max_length=12, blank=True)
    diagnostic = models.CharField(_("what the server said"), max_length=500, blank=True)
    #: False once the person started mail again: it does not count any more.
    counts = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("bounce")
        verbose_name_plural = _("bounces")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["address_hash", "at"], name="bounce_of_address")]

    def __str__(self):
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d}"


class Suppression(models.Model):
    """Nothing of this topic goes to this address; an empty topic means everything but sign-in.

    The address is kept as its hash (mailings/suppression.py), so that a removed person stays
    unwritten to without being known.
    """

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("Mail to the address came back")
        COMPLAINT = "complaint", _("The person marked our mail as unwanted")
        STOPPED = "stopped", _("The person asked us to stop")

    address_hash = models.CharField(max_length=64)
    topic = models.CharField(_("topic"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint("address_hash", "topic", name="suppression_once_for_a_topic")
        ]

    def __str__(self):
        return f"{self.get_reason_display()}, {self.since:%Y-%m-%d}"
