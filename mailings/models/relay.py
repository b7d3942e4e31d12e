"""The hidden addresses of conversations, and which replies came to them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.links import random_token


class RelayAddress(models.Model):
    """`portal+reply-<token>@…` of one person's place in one conversation (mailings/relay.py)."""

    topic = models.CharField(_("conversation"), max_length=20)
    object_id = models.BigIntegerField()
    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    #: When the person was last told that a reply, or a part of it, was not taken.
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("address of a conversation")
        verbose_name_plural = _("addresses of conversations")
        constraints = [
            models.UniqueConstraint("topic", "object_id", name="relayaddress_once_for_a_place")
        ]

    def __str__(self):
        return f"{self.topic} {self.object_id}"


class RelayedReply(models.Model):
    """One reply of the right person came in; kept without words, so that it is taken once."""

    class Outcome(models.TextChoices):
        TAKEN = "taken", _("Passed on")
        REFUSED = "refused", _("Not taken by the conversation")
        EMPTY = "empty", _("Nothing to pass on")
        TOO_LARGE = "too_large", _("Too large")

    address = models.ForeignKey(RelayAddress, models.CASCADE, related_name="replies")
    message_hash = models.CharField(max_length=64)
    at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("what became of it"), max_length=10, choices=Outcome)

    class Meta:
        verbose_name = _("reply by mail")
        verbose_name_plural = _("replies by mail")
        constraints = [
            models.UniqueConstraint("address", "message_hash", name="relayedreply_taken_once")
        ]
        indexes = [
            models.Index(fields=["address", "at"], name="relayedreply_of_address"),
            models.Index(fields=["at"], name="relayedreply_by_day"),
        ]

    def __str__(self):
        return f"{self.get_outcome_display()}, {self.at:%Y-%m-%d}"
