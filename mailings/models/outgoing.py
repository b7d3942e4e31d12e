"""One mail to one address, from the moment it is promised until its fate is known."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.packed import PackedField
from mailings.models.reminders import Reminder


def new_message_id() -> str:
    """`<random@domain>`; the random part stands in the return path too."""
    return f"<{uuid.uuid4().hex}@{settings.MAIL_DOMAIN}>"


class OutgoingMailQuerySet(models.QuerySet):
    def waiting(self):
        """Mails that are still to go."""
        return self.filter(state__in=OutgoingMail.WAITING)

    def sent_as_it_came(self):
        """Ready-made mail (sign-in codes among it), of which nobody may read the body."""
        return self.filter(template="")


class OutgoingMail(models.Model):
    """A row of the outbox.

    Either it names a template and what it speaks of, and is written in the claim, or it came
    ready-made through Django's mail backend and `content` is what came.
    """

    class Kind(models.TextChoices):
        TRANSACTIONAL = "transactional", _("Transactional")
        MODERATION = "moderation", _("Moderation notice")
        RELAYED = "relayed", _("Passed on between two people")
        REMINDER = "reminder", _("Reminder")
        ANNOUNCEMENT = "announcement", _("Announcement")
        DIGEST = "digest", _("Digest of announcements")

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DEFERRED = "deferred", _("Deferred")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        SKIPPED = "skipped", _("Not sent")
        PAUSED = "paused", _("Paused with its mailing")

    #: Each change is a step of mailings/delivery.py or mailings/outbox.py.
    NEXT = {
        State.QUEUED: {
            *(State.SENDING, State.DEFERRED, State.FAILED, State.SKIPPED, State.PAUSED),
        },
        State.DEFERRED: {State.SENDING, State.FAILED, State.SKIPPED, State.PAUSED},
        State.PAUSED: {State.QUEUED, State.DEFERRED, State.SKIPPED},
        State.SENDING: {State.SENT, State.DEFERRED, State.FAILED, State.UNCERTAIN, State.QUEUED},
        State.UNCERTAIN: {State.QUEUED, State.SKIPPED},
    }
    WAITING = (State.QUEUED, State.DEFERRED)

    #: What leaves first: a sign-in code overtakes every mailing.
    PRIORITY = {
        Kind.TRANSACTIONAL: 0,
        Kind.MODERATION: 10,
        Kind.RELAYED: 20,
        Kind.REMINDER: 50,
        Kind.ANNOUNCEMENT: 60,
        Kind.DIGEST: 70,
    }
    FIRST = 0

    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    priority = models.PositiveSmallIntegerField(_("priority"), default=10)
    to = models.EmailField(_("to"), max_length=254, blank=True)
    message_id = models.CharField(max_length=200, default=new_message_id)

    template = models.CharField(_("template"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=7, default="en")
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    subject = models.CharField(_("subject"), max_length=998, blank=True)
    content = PackedField(null=True, editable=False)
    reminder = models.OneToOneField(
        Reminder, models.SET_NULL, null=True, blank=True, related_name="mail"
    )

    #: Of a mailing: which, and who the reader is
    campaign = models.ForeignKey(
        "mailings.Campaign",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mails",
        db_index=False,  # outgoing_of_campaign begins with it
    )
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    created_at = models.DateTimeField(_("written"), default=timezone.now)
    next_try = models.DateTimeField(_("next try"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_by = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    answer = models.CharField(_("answer of the server"), max_length=500, blank=True)
    #: How a mail service calls this mail in its reports.
    remote_id = models.CharField(max_length=200, blank=True, editable=False)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mail")
        ordering = ["-created_at", "-pk"]
        # Each mail is written twice as it leaves, and each index with it: none is here for nothing
        constraints = [
            # One index for `=` and LIKE, where unique=True would make two
            models.UniqueConstraint(
                OpClass("message_id", name="varchar_pattern_ops"), name="outgoing_message_id_once"
            ),
            models.CheckConstraint(
                name="outgoing_leased_only_when_claimed",
                condition=Q(claimed_by=None, lease_until=None)
                | Q(claimed_by__isnull=False, lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="outgoing_sending_is_claimed",
                condition=~Q(state="sending") | Q(claimed_by__isnull=False),
            ),
            models.UniqueConstraint(
                "campaign",
                "reader",
                name="outgoing_once_in_a_campaign",
                condition=Q(campaign__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["campaign", "state"],
                name="outgoing_of_campaign",
                condition=Q(campaign__isnull=False),
            ),
            models.Index(
                fields=["priority", "next_try", "id"],
                name="outgoing_to_claim",
                condition=Q(state__in=["queued", "deferred"]),
            ),
            models.Index(fields=["id"], name="outgoing_sending", condition=Q(state="sending")),
            models.Index(fields=["created_at"], name="outgoing_by_day"),
            models.Index(fields=["remote_id"], name="outgoing_remote", condition=~Q(remote_id="")),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def token(self) -> str:
        """The random part of the Message-ID, which the return path carries."""
        return self.message_id.strip("<>").partition("@")[0]
