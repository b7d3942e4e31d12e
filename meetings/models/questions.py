"""Questions to partners: discussion questions of the agenda, and those opened for answers."""

import uuid
from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from meetings.models.agenda import AgendaVersion, Item
from meetings.models.meeting import Meeting
from partners.models import Organisation


class _HasItem(Func):
    """Whether the content of a version holds an item: its arguments are content and {"id": key}."""

    template = "jsonb_path_exists(%(expressions)s)"
    arg_joiner = ", '$[*].items[*] ? (@.id == $id)', "
    output_field = models.BooleanField()


class QuestionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those that were opened, and those of the published agenda, of meetings that one sees.

        A question for discussion is there from when its item is. Questions of the survey stand on a
        page of their own, and whoever prepares the meeting sees all. The one definition.
        """
        seen = Meeting.objects.visible_to(user)
        newest = AgendaVersion.objects.filter(meeting=OuterRef("meeting")).order_by("-number")
        has_item = _HasItem("content", JSONObject(id=OuterRef("item")))
        on_agenda = Q(Subquery(newest.values(has=has_item)[:1]))
        shown = Q(kind=Question.Kind.DISCUSSION) & on_agenda
        shown |= ~Q(status=Question.Status.PREPARED)
        own = Meeting.objects.organised_by(user)
        return self.filter(
            shown & Q(is_survey=False) | Q(meeting__in=own.values("pk")),
            meeting__in=seen.values("pk"),
        )

    def taking_answers(self, now: datetime):
        """As `Question.takes_answers`."""
        return self.filter(status=Question.Status.OPEN).filter(
            Q(closes_at=None) | Q(closes_at__gt=now)
        )

    def opened(self):
        """Those that take answers, or took them."""
        return self.exclude(status=Question.Status.PREPARED)


class Question(models.Model):
    """A discussion question; while it is open, partners or participants answer it.

    One answer for each person, or for each organisation. With `is_anonymous` it is noted who has
    answered, and not what.
    """

    class Kind(models.TextChoices):
        DISCUSSION = "discussion", _("For discussion at the meeting")
        WRITTEN = "written", _("Written answers")
        CHOICE = "choice", _("Choice of one answer")
        SEVERAL = "several", _("Choice of several answers")
        RANKING = "ranking", _("Ranking")

    WITH_OPTIONS = (Kind.CHOICE, Kind.SEVERAL, Kind.RANKING)

    class Status(models.TextChoices):
        PREPARED = "prepared", _("In preparation")
        OPEN = "open", _("Open for answers")
        CLOSED = "closed", _("Closed")

    NEXT = {
        Status.PREPARED: {Status.OPEN},
        Status.OPEN: {Status.CLOSED},
        Status.CLOSED: {Status.OPEN},
    }

    class Results(models.TextChoices):
        AT_ONCE = "at_once", _("At once, while answers come in")
        AFTERWARDS = "afterwards", _("After it is closed")
        ORGANISERS = "organisers", _("Organisers alone")

    class AskedOf(models.TextChoices):
        PARTICIPANTS = "participants", _("Participants of the meeting")
        PARTNERS = "partners", _("All partners")

    class Unit(models.TextChoices):
        PERSON = "person", _("One answer for each person")
        ORGANISATION = "organisation", _("One answer for each organisation")

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="questions")
    item = models.ForeignKey(
        Item,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("agenda item"),
    )
    number = models.PositiveSmallIntegerField()
    text = models.CharField(_("question"), max_length=500)
    text_fr = models.CharField(_("question in French"), max_length=500, blank=True)
    text_es = models.CharField(_("question in Spanish"), max_length=500, blank=True)
    kind = models.CharField(
        _("how it is answered"), max_length=12, choices=Kind, default=Kind.DISCUSSION
    )
    asked_of = models.CharField(
        _("who is asked"), max_length=15, choices=AskedOf, default=AskedOf.PARTNERS
    )
    unit = models.CharField(
        _("who has an answer"), max_length=15, choices=Unit, default=Unit.PERSON
    )
    #: Of a ranking the places, of a choice of several the answers; empty: as many as there are
    at_most = models.PositiveSmallIntegerField(_("how many at most"), null=True, blank=True)
    is_anonymous = models.BooleanField(_("anonymous"), default=False)
    results = models.CharField(
        _("results are shown"), max_length=15, choices=Results, default=Results.AFTERWARDS
    )
    #: Answered with the others of the survey on one page, and not by itself
    is_survey = models.BooleanField(_("part of the survey"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to partners")
        verbose_name_plural = _("questions to partners")
        ordering = ["meeting", "number"]
        constraints = [
            models.UniqueConstraint("meeting", "number", name="question_number_once"),
            models.CheckConstraint(
                name="question_for_discussion_is_not_opened",
                condition=~Q(kind="discussion") | Q(status="prepared"),
            ),
            models.CheckConstraint(
                name="question_at_most_one_or_more", condition=Q(at_most=None) | Q(at_most__gte=1)
            ),
        ]

    def __str__(self):
        return self.text

    def get_absolute_url(self):
        return reverse("question_detail", args=[self.meeting.code, self.number])

    @property
    def has_options(self) -> bool:
        return self.kind in self.WITH_OPTIONS

    def takes_answers(self, now: datetime) -> bool:
        return self.status == self.Status.OPEN and (self.closes_at is None or now < self.closes_at)

    def is_over(self, now: datetime) -> bool:
        """It took answers and takes none now: closed by hand, or at its time."""
        return self.status != self.Status.PREPARED and not self.takes_answers(now)

    def in_language(self, language: str) -> str:
        """The question in that language, where it was written down in it."""
        return _in_language(self, language)


def _in_language(row, language: str) -> str:
    return getattr(row, f"text_{language}", "") or row.text


class Option(models.Model):
    question = models.ForeignKey(Question, models.CASCADE, related_name="options")
    number = models.PositiveSmallIntegerField()
    text = models.CharField(_("answer"), max_length=300)
    text_fr = models.CharField(_("answer in French"), max_length=300, blank=True)
    text_es = models.CharField(_("answer in Spanish"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("answer to choose")
        verbose_name_plural = _("answers to choose")
        ordering = ["question", "number"]
        constraints = [models.UniqueConstraint("question", "number", name="option_number_once")]

    def __str__(self):
        return self.text

    def in_language(self, language: str) -> str:
        return _in_language(self, language)


class Answer(models.Model):
    """What somebody answered. Of an anonymous question it names nobody, and no moment.

    Keys are drawn by lot: numbers in the order of writing would tell, beside `Answered`, who
    answered what (meetings/answering.py; migration 0002 refuses names and moments).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.TextField(_("answer"), max_length=3000, blank=True)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["question", F("at").asc(nulls_last=True), "pk"]

    def __str__(self):
        return f"{self.question_id}: {self.pk}"


class AnsweredQuerySet(models.QuerySet):
    def of(self, user, today: date):
        """What the person has answered, and what was answered for organisations of the person."""
        own = Organisation.objects.of(user, today)
        return self.filter(Q(user=user, organisation=None) | Q(organisation__in=own))


class Answered(models.Model):
    """That a person, or an organisation, has answered; the one answer is written beside it.

    `answer` is empty for anonymous questions, whose answers cannot be changed afterwards.
    """

    question = models.ForeignKey(Question, models.CASCADE, related_name="answered")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="+"
    )
    answer = models.OneToOneField(
        Answer, models.CASCADE, null=True, blank=True, related_name="answered"
    )

    objects = AnsweredQuerySet.as_manager()

    class Meta:
        verbose_name = _("who has answered")
        verbose_name_plural = _("who has answered")
        ordering = ["question", "pk"]
        constraints = [
            models.UniqueConstraint(
                "question",
                "user",
                name="answered_once_a_person",
                condition=Q(organisation=None),
            ),
            models.UniqueConstraint(
                "question",
                "organisation",
                name="answered_once_an_organisation",
                condition=Q(organisation__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.question_id}: {self.user}"


class Pick(models.Model):
    """An option that an answer chose; in a ranking `rank` 1 is the first."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="picks")
    option = models.ForeignKey(Option, models.PROTECT, related_name="picks")
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name = _("chosen answer")
        verbose_name_plural = _("chosen answers")
        ordering = ["answer", "rank"]
        constraints = [models.UniqueConstraint("answer", "option", name="pick_option_once")]

    def __str__(self):
        return f"{self.option}: {self.rank}"
