"""Links sent to a person: to claim a listed profile, or to agree to a nomination."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from experts.models.expert import Expert, invitation_secret


class Invitation(models.Model):
    """An invitation to one address. A nomination stores name and address, and nothing more."""

    class Kind(models.TextChoices):
        CLAIM = "claim", _("Claim a listed profile")
        NOMINATION = "nomination", _("Nomination")

    class State(models.TextChoices):
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail address"))
    expert = models.ForeignKey(
        Expert, models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("invited by")
    )
    token = models.CharField(max_length=32, unique=True, default=invitation_secret, editable=False)
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("valid until"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SENT)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="invitation_claim_names_a_profile",
                condition=Q(kind="nomination") | Q(expert__isnull=False),
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.name}"
