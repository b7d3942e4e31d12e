"""Papers of a meeting: documents of the library, or files with versions of their own."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.models import Audience, Document
from meetings.models.agenda import Item, Session
from meetings.models.meeting import Meeting
from partners.files import PrivateFileField


def new_token() -> str:
    """An address that nobody guesses: 256 bits."""
    return secrets.token_urlsafe(32)


class PaperAudience(models.TextChoices):
    """Who reads a paper; each holds the one after it."""

    PUBLIC = "public", _("Everybody")
    PARTNERS = "partners", _("Partners and participants")
    PARTICIPANTS = "participants", _("Participants")


class PaperQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Papers that this person may read, in pages, files, ZIP, search and feeds alike.

        The meeting must be visible, the paper for an audience of the person; a file must have an
        approved version, a document of the library must be visible there. Who prepares the meeting
        sees all of them.
        """
        meetings = Meeting.objects.visible_to(user)
        if user.has_perm("meetings.view_meeting"):
            return self
        seen = Q(audience=PaperAudience.PUBLIC)
        if Audience.PARTNERS in Audience.of(user):
            seen |= Q(audience=PaperAudience.PARTNERS)
        organised = Meeting.objects.none()
        if user.is_authenticated and user.is_active:
            taking_part = user.registrations.taking_part().values("meeting")
            seen |= Q(
                meeting__in=taking_part,
                audience__in=[PaperAudience.PARTNERS, PaperAudience.PARTICIPANTS],
            )
            organised = Meeting.objects.organised_by(user)
        approved = PaperVersion.objects.filter(paper=OuterRef("pk"), approved_at__isnull=False)
        readable = (
            Q(Exists(approved))
            | Q(document__in=Document.objects.visible_to(user))
            | Q(is_only_named=True)
        )
        return self.filter(
            Q(meeting__in=meetings.values("pk")) & seen & readable
            | Q(meeting__in=organised.values("pk"))
        )


class Paper(models.Model):
    """What is read before or at a meeting. "S0-4": session 0 (the whole meeting), number 4."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="papers")
    session = models.ForeignKey(
        Session, models.SET_NULL, null=True, blank=True, related_name="papers"
    )
    session_number = models.PositiveSmallIntegerField(default=0)
    number = models.PositiveSmallIntegerField()
    item = models.ForeignKey(
        Item,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("agenda item"),
    )
    title = models.CharField(_("title"), max_length=300)
    audience = models.CharField(
        _("who reads it"), max_length=15, choices=PaperAudience, default=PaperAudience.PARTNERS
    )
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("document of the library"),
    )
    #: Of old papers, which are known by name alone
    is_only_named = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ["meeting", "session_number", "number"]
        constraints = [
            models.UniqueConstraint("meeting", "session_number", "number", name="paper_number_once")
        ]

    def __str__(self):
        return f"{self.label} {self.title}"

    @property
    def label(self) -> str:
        return f"S{self.session_number}-{self.number}"


class PaperVersion(models.Model):
    """A file of a paper; what a presenter uploaded is read by nobody else until it is approved."""

    paper = models.ForeignKey(Paper, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    file = PrivateFileField(folder="papers", max_length=200)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    #: Who it came from, where it came through a link
    added_by_name = models.CharField(max_length=200, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_because = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("version of a paper")
        verbose_name_plural = _("versions of papers")
        ordering = ["paper", "-number"]
        constraints = [
            models.UniqueConstraint("paper", "number", name="paperversion_number_once"),
            models.CheckConstraint(
                name="paperversion_decided_once",
                condition=Q(approved_at=None) | Q(declined_at=None),
            ),
        ]

    def __str__(self):
        return f"{self.paper}: {self.number}"


class UploadLink(models.Model):
    """Lets a presenter upload a paper without signing in, until a day; the Lead can revoke it."""

    paper = models.ForeignKey(Paper, models.CASCADE, related_name="links")
    token = models.CharField(max_length=64, unique=True, default=new_token)
    name = models.CharField(_("for whom"), max_length=200)
    address = models.EmailField(_("e-mail address"), blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("link for an upload")
        verbose_name_plural = _("links for uploads")
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return f"{self.paper}: {self.name}"

    def works(self, now) -> bool:
        return self.revoked_at is None and now < self.expires_at
