"""Comment rounds: the question to partners, what they say, what the drafting team answers."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from documents.models.library import Document, Version
from partners.audience import Audience
from partners.models import Organisation


def moment_in_words(moment: datetime) -> str:
    """ "4 December 2026, 23:59 UTC": the one wording of it, on pages, in mails and files."""
    return gettext("%(day)s, %(time)s UTC") % {
        "day": date_format(moment, "j F Y"),
        "time": date_format(moment, "H:i"),
    }


class CommentRoundQuerySet(models.QuerySet):
    _PUBLIC = Q(status="finished", is_public_response=True)

    def announced(self):
        """Rounds that were opened by the Lead, whether or not their first moment has come."""
        return self.exclude(status=CommentRound.Status.PREPARED)

    def taking_comments(self, now: datetime):
        return self.filter(status=CommentRound.Status.OPEN, opens_at__lte=now, closes_at__gt=now)

    def visible_to(self, user):
        """Announced rounds on documents that the person may see: those for an audience of the
        person, and finished ones with a public response.
        """
        if user.has_perm("documents.view_commentround"):
            return self
        seen = (
            ~Q(status=CommentRound.Status.PREPARED)
            & (Q(audience__in=Audience.of(user)) | self._PUBLIC)
            & (Q(version=None) | Q(version__document__in=Document.objects.visible_to(user)))
        )
        if user.is_authenticated and user.is_active:
            seen |= Q(
                pk__in=CommentRound.team.through.objects.filter(user=user).values("commentround")
            )
        return self.filter(seen)


class CommentRound(models.Model):
    """Comments are asked for on a version of the library, or on a document elsewhere.

    Open means: opened by the Lead, between `opens_at` and `closes_at` (both in UTC). A round that
    took its last comment stays OPEN until every comment is answered and the Lead finishes it.
    """

    class Status(models.TextChoices):
        PREPARED = "prepared", _("In preparation")
        OPEN = "open", _("Opened")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")

    NEXT = {
        Status.PREPARED: {Status.OPEN, Status.CANCELLED},
        Status.OPEN: {Status.FINISHED, Status.CANCELLED},
    }

    title = models.CharField(_("title"), max_length=200)
    version = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rounds",
        verbose_name=_("version of the library"),
    )
    address = models.URLField(_("address of a document elsewhere"), max_length=500, blank=True)
    audience = models.CharField(
        _("who is asked"), max_length=10, choices=Audience, default=Audience.PARTNERS
    )
    invitation = models.TextField(_("invitation"), max_length=3000)
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.PREPARED, editable=False
    )
    team = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="drafting_rounds",
        verbose_name=_("drafting team"),
        help_text=_("Answers the comments, beside the Lead."),
    )
    is_public_response = models.BooleanField(
        _("show comments and answers to everybody who may see the document"), default=False
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Why it was finished with comments unanswered, or cancelled
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    fictitious = models.BooleanField(default=False)

    objects = CommentRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment round")
        verbose_name_plural = _("comment rounds")
        ordering = ["-closes_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="commentround_on_a_version_or_an_address",
                condition=Q(version__isnull=False) ^ ~Q(address=""),
            ),
            models.CheckConstraint(
                name="commentround_closes_after_it_opens",
                condition=Q(closes_at__gt=F("opens_at")),
            ),
            models.UniqueConstraint(
                "version", name="commentround_one_at_a_time", condition=Q(status="open")
            ),
        ]
        indexes = [models.Index(fields=["status", "closes_at"], name="commentround_by_close")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("round_detail", args=[self.pk])

    @property
    def opens_in_words(self) -> str:
        return moment_in_words(self.opens_at)

    @property
    def closes_in_words(self) -> str:
        return moment_in_words(self.closes_at)

    @property
    def readers_of_responses(self) -> Audience:
        """Who reads comments and answers once they are published: whoever may see the document."""
        return Audience(self.version.document.audience) if self.version_id else Audience.PUBLIC

    def takes_comments(self, now: datetime) -> bool:
        return self.status == self.Status.OPEN and self.opens_at <= now < self.closes_at

    def is_over(self, now: datetime) -> bool:
        """No comment is taken any more."""
        return self.status in (self.Status.FINISHED, self.Status.CANCELLED) or (
            self.status == self.Status.OPEN and now >= self.closes_at
        )


class RoundQuestion(models.Model):
    """A question that the Lead puts to commenters, beside the text."""

    round = models.ForeignKey(CommentRound, models.CASCADE, related_name="questions")
    number = models.PositiveSmallIntegerField()
    text = models.CharField(_("question"), max_length=500)

    class Meta:
        verbose_name = _("question of a round")
        verbose_name_plural = _("questions of a round")
        ordering = ["number"]
        constraints = [models.UniqueConstraint("round", "number", name="roundquestion_once")]

    def __str__(self):
        return f"{self.number}. {self.text}"


class Invitee(models.Model):
    """Somebody who was asked when the round opened; frozen then, in one statement.

    `done_at` is set when the person sends comments or says that there are none.
    """

    round = models.ForeignKey(CommentRound, models.CASCADE, related_name="invitees")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    done_at = models.DateTimeField(_("answered"), null=True, blank=True)
    has_no_comments = models.BooleanField(_("has no comments"), default=False)
    stopped_at = models.DateTimeField(_("no reminders since"), null=True, blank=True)

    class Meta:
        verbose_name = _("invited person")
        verbose_name_plural = _("invited people")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint("round", "user", name="invitee_once")]

    def __str__(self):
        return f"{self.round}: {self.user}"


class CommentQuerySet(models.QuerySet):
    def sent(self):
        return self.filter(status=Comment.Status.SENT)

    def unanswered(self):
        return self.sent().filter(response=None)

    def visible_to(self, user):
        """One's own; for the drafting team and the Lead all that were sent; for others what a
        public response page shows.
        """
        if user.has_perm("documents.view_comment"):
            return self.exclude(Q(status=Comment.Status.DRAFT) & ~Q(author=user))
        public = Q(
            status=Comment.Status.SENT,
            round__status=CommentRound.Status.FINISHED,
            round__is_public_response=True,
            round__in=CommentRound.objects.visible_to(user),
        )
        if not (user.is_authenticated and user.is_active):
            return self.filter(public)
        of_team = CommentRound.team.through.objects.filter(user=user).values("commentround")
        return self.filter(
            public
            | Q(author=user)
            | Q(round__in=of_team, status__in=(Comment.Status.SENT, Comment.Status.LATE))
        )


class Comment(models.Model):
    """One comment, where it belongs in the text, and for whom it speaks.

    `number` is given when it is sent, in the order of sending, for ever. After the close it can
    only be LATE: kept, and offered to the Lead.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENT = "sent", _("Sent")
        LATE = "late", _("Came after the close")
        NOT_ADMITTED = "not_admitted", _("Came too late and was not taken in")
        WITHDRAWN = "withdrawn", _("Taken back")

    NEXT = {
        Status.DRAFT: {Status.SENT, Status.LATE},
        Status.SENT: {Status.WITHDRAWN},
        Status.LATE: {Status.SENT, Status.NOT_ADMITTED},
    }

    class Type(models.TextChoices):
        GENERAL = "general", _("General")
        TECHNICAL = "technical", _("Technical")
        EDITORIAL = "editorial", _("Editorial")

    round = models.ForeignKey(CommentRound, models.PROTECT, related_name="comments")
    number = models.PositiveIntegerField(null=True, blank=True, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation represented"),
    )
    question = models.ForeignKey(
        RoundQuestion, models.PROTECT, null=True, blank=True, related_name="comments"
    )
    #: Anchor: the label of a section ("2"), of a paragraph ("2.1"), or a page; all may be empty
    section = models.CharField(_("section"), max_length=20, blank=True)
    paragraph = models.CharField(_("paragraph"), max_length=20, blank=True)
    page = models.PositiveIntegerField(_("page"), null=True, blank=True)
    type = models.CharField(_("type"), max_length=10, choices=Type, default=Type.GENERAL)
    text = models.TextField(_("comment"), max_length=10_000, blank=True)
    proposed_text = models.TextField(_("proposed text"), max_length=10_000, blank=True)
    status = models.CharField(_("status"), max_length=15, choices=Status, default=Status.DRAFT)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_comments",
        verbose_name=_("answered by"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["round", F("number").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint("round", "number", name="comment_number_once"),
            models.CheckConstraint(
                name="comment_sent_has_number_and_words",
                condition=Q(status__in=["draft", "late", "not_admitted"])
                | Q(number__isnull=False, sent_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["round", "author"], name="comment_of_author")]

    def __str__(self):
        return f"{self.round}: {self.number or '–'}"

    @property
    def has_words(self) -> bool:
        return bool(self.text.strip() or self.proposed_text.strip())

    @property
    def place(self) -> str:
        """Where in the text: "2.1", "2", "page 4", or empty for the whole."""
        if self.paragraph or self.section:
            return self.paragraph or self.section
        return str(_("page %(page)s") % {"page": self.page}) if self.page else ""


class Response(models.Model):
    """What the drafting team answers to one comment."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        PARTLY = "partly", _("Accepted in part")
        NOT_ACCEPTED = "not_accepted", _("Not accepted")
        NOTED = "noted", _("Noted")

    comment = models.OneToOneField(Comment, models.CASCADE, related_name="response")
    verdict = models.CharField(_("answer"), max_length=15, choices=Verdict)
    reason = models.TextField(_("reason"), max_length=5000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.CheckConstraint(name="response_has_a_reason", condition=~Q(reason=""))
        ]

    def __str__(self):
        return f"{self.comment}: {self.get_verdict_display()}"


class CommentTable(models.Model):
    """A filled comment table (XLSX) between upload and the person's 'take these over'.

    `rows` are the plain values of each row as they were read, with what is wrong; gone when taken
    over or after a week.
    """

    round = models.ForeignKey(CommentRound, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    rows = models.JSONField(default=list)
    problems = ArrayField(models.CharField(max_length=500), default=list)
    at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("uploaded comment table")
        verbose_name_plural = _("uploaded comment tables")

    def __str__(self):
        return f"{self.round}: {self.file_name}"
