"""Papers of a meeting: documents of the library, or files with versions of their own."""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.models import Document, Translation
from meetings.models.agenda import Item, Session
from meetings.models.meeting import Meeting
from partners.audience import Audience
from partners.files import FORMATS, PrivateFileField


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
        """Papers that this person may read: the one definition, for pages, files, ZIP and search.

        The meeting must be visible, and the paper for an audience of the person; what has no
        approved version, no document that the person sees and no name of old is nobody's but the
        organisers', who see all papers of their meetings. The secretariat reads for all audiences.
        """
        if user.has_perm("meetings.change_meeting"):
            return self
        meetings = Meeting.objects.visible_to(user)
        return self.readable_by(user).filter(meeting__in=meetings.values("pk"))

    def readable_by(self, user):
        """As `visible_to`, of meetings that are known to be visible to this person."""
        if user.has_perm("meetings.change_meeting"):
            return self
        approved = PaperVersion.objects.approved().filter(paper=OuterRef("pk"))
        readable = (
            Q(Exists(approved))
            | Q(document__in=Document.objects.visible_to(user).values("pk"))
            | Q(is_only_named=True)
        )
        seen = _audience_of(user) & readable
        if user.is_authenticated and user.is_active:
            seen |= Q(meeting__in=Meeting.objects.organised_by(user).values("pk"))
        return self.filter(seen)

    def with_newest(self):
        """With the approved versions of each, in one query (`Paper.newest`)."""
        approved = PaperVersion.objects.approved().order_by("-number")
        return self.prefetch_related(Prefetch("versions", approved, to_attr="approved"))


def _audience_of(user) -> Q:
    """The audiences to which this person belongs today, meeting by meeting."""
    if user.has_perm("meetings.view_meeting"):
        return Q()
    seen = Q(audience=PaperAudience.PUBLIC)
    if Audience.PARTNERS in Audience.of(user):
        seen |= Q(audience=PaperAudience.PARTNERS)
    if user.is_authenticated and user.is_active:
        seen |= Q(meeting__in=user.registrations.taking_part().values("meeting"))
    return seen


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

    def get_absolute_url(self):
        """Where it is read; a paper that is known by name alone stands on the list."""
        if self.is_only_named:
            return f"{reverse('paper_list', args=[self.meeting.code])}#{self.label.lower()}"
        return reverse("paper_file", args=[self.meeting.code, self.session_number, self.number])

    @property
    def label(self) -> str:
        return f"S{self.session_number}-{self.number}"

    @property
    def newest(self) -> "PaperVersion | None":
        """The newest approved version, of papers read `with_newest`; None for documents."""
        return self.approved[0] if self.approved else None

    @property
    def library_file(self) -> Translation | None:
        """The file of a document of the library: the original, else another language."""
        current = self.document.current if self.document_id else None
        files = [one for one in current.translations.all() if one.file] if current else []
        return files[0] if files else None


class PaperVersionQuerySet(models.QuerySet):
    def approved(self):
        return self.filter(approved_at__isnull=False)

    def waiting(self):
        """What presenters uploaded and nobody has decided on."""
        return self.filter(approved_at=None, declined_at=None)

    def visible_to(self, user):
        """Approved ones of papers that the person may read; all of them for the organisers."""
        organised = Meeting.objects.organised_by(user)
        read = Paper.objects.visible_to(user)
        return self.filter(
            Q(approved_at__isnull=False, paper__in=read.values("pk"))
            | Q(paper__meeting__in=organised.values("pk"))
        )


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
    #: Where it came through a link: who it came from
    added_by_name = models.CharField(max_length=200, blank=True)
    link = models.ForeignKey(
        "meetings.UploadLink", models.SET_NULL, null=True, blank=True, related_name="versions"
    )
    added_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_because = models.TextField(max_length=2000, blank=True)

    objects = PaperVersionQuerySet.as_manager()

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

    def get_absolute_url(self):
        paper = self.paper
        return reverse(
            "paper_version",
            args=[paper.meeting.code, paper.session_number, paper.number, self.number],
        )

    @property
    def format_name(self) -> str:
        """ "PDF", as people say it."""
        return FORMATS.get(self.media_type, "")

    @property
    def who(self) -> str:
        """The name of whoever added it; empty where nobody knows."""
        return self.added_by_name or str(self.added_by or "")


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

    def get_absolute_url(self):
        return reverse("paper_upload", args=[self.token])

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at
