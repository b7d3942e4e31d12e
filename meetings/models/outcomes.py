"""What a meeting brings: minutes beside the agenda, decisions, actions, a report."""

from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from documents.models import CommentRound, Document, Version
from meetings.models.agenda import Item
from meetings.models.meeting import Meeting
from partners.audience import Audience
from partners.models import Organisation


class Minutes(models.Model):
    """What was said under one item, as it stands now. `version` rises with each save."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="minutes")
    item = models.OneToOneField(Item, models.PROTECT, related_name="minutes")
    text = models.TextField(_("minutes"), max_length=20_000, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")
        ordering = ["item"]

    def __str__(self):
        return str(self.item)


class MinutesText(models.Model):
    """Each text that was saved, so that none is lost. Rows are only added (migration 0002)."""

    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="texts")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("earlier minutes")
        verbose_name_plural = _("earlier minutes")
        ordering = ["minutes", "-version"]
        constraints = [
            models.UniqueConstraint("minutes", "version", name="minutestext_version_once")
        ]

    def __str__(self):
        return f"{self.minutes}: {self.version}"


class OutcomeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Outcomes of meetings that the person may see, and actions that the person answers for.

        Who owns an action, or belongs to the organisation that is responsible, sees it also where
        the meeting is for others; never while the meeting is a draft.
        """
        meetings = Meeting.objects.visible_to(user)
        seen = Q(meeting__in=meetings.values("pk"))
        if user.is_authenticated and user.is_active:
            announced = Meeting.objects.announced()
            seen |= Q(pk__in=self.model.objects.asked_of(user).values("pk")) & Q(
                meeting__in=announced.values("pk")
            )
        return self.filter(seen)

    def asked_of(self, user):
        """Actions that this person owns, or that an organisation of this person is to do."""
        today = timezone.now().date()
        organisations = Organisation.objects.of(user, today).values("pk")
        mine = Q(owner=user) | Q(organisation__in=organisations) | Q(organisation__contact=user)
        return self.actions().filter(mine)

    def actions(self):
        return self.filter(kind=Outcome.Kind.ACTION)

    def open_actions(self):
        return self.actions().filter(status__in=Outcome.GOING_ON)

    def late(self, today: date):
        """Open actions whose day is past."""
        return self.open_actions().filter(due_on__lt=today)

    def with_status_at(self, moment: datetime):
        """With `status_then`: how an action stood at that moment, by its log."""
        changes = OutcomeChange.objects.filter(outcome=OuterRef("pk"))
        last = changes.filter(at__lte=moment).order_by("-at", "-pk")
        after = changes.filter(at__gt=moment).order_by("at", "pk")
        return self.annotate(
            status_then=Coalesce(
                Subquery(last.values("new")[:1]),
                Subquery(after.values("old")[:1]),
                F("status"),
                output_field=models.CharField(),
            )
        )


class Outcome(models.Model):
    """A decision, a recommendation or an action, under an address that stays.

    `number` counts the outcomes of a meeting. Actions have an owner, may have a due date, and
    have a status; decisions and recommendations are simply there. Each action that is open stands
    on the draft agenda of the next meeting of the series.
    """

    class Kind(models.TextChoices):
        DECISION = "decision", _("Decision")
        RECOMMENDATION = "recommendation", _("Recommendation")
        ACTION = "action", _("Action")
        RESULT = "result", _("Result")

    class Status(models.TextChoices):
        NONE = "", _("–")
        OPEN = "open", _("Not started")
        UNDER_WAY = "under_way", _("Under way")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("Dropped")

    NEXT = {
        Status.OPEN: {Status.UNDER_WAY, Status.DONE, Status.DROPPED},
        Status.UNDER_WAY: {Status.OPEN, Status.DONE, Status.DROPPED},
        Status.DONE: {Status.UNDER_WAY},
        Status.DROPPED: {Status.OPEN},
    }
    GOING_ON = (Status.OPEN, Status.UNDER_WAY)

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="outcomes")
    item = models.ForeignKey(
        Item,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="outcomes",
        verbose_name=_("agenda item"),
    )
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    text = models.TextField(_("outcome"), max_length=2000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_actions",
        verbose_name=_("owner with a sign-in"),
        help_text=_("Is reminded by mail, and says how far it has come."),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_actions",
        verbose_name=_("responsible organisation"),
    )
    owner_name = models.CharField(_("owner in words"), max_length=200, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.NONE, blank=True
    )
    evidence = models.TextField(_("what shows it"), max_length=2000, blank=True)
    evidence_url = models.URLField(_("address of the evidence"), max_length=500, blank=True)
    document = models.ForeignKey(
        Document,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="outcomes",
        verbose_name=_("document of the library"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    fictitious = models.BooleanField(default=False)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        ordering = ["meeting", "number"]
        constraints = [
            models.UniqueConstraint("meeting", "number", name="outcome_number_once"),
            models.CheckConstraint(
                name="outcome_status_of_actions_alone",
                condition=Q(kind="action") & ~Q(status="") | ~Q(kind="action") & Q(status=""),
            ),
            models.CheckConstraint(
                name="outcome_action_has_an_owner",
                condition=~Q(kind="action")
                | Q(owner__isnull=False)
                | Q(organisation__isnull=False)
                | ~Q(owner_name=""),
            ),
            models.CheckConstraint(
                name="outcome_done_with_evidence",
                condition=~Q(status__in=["done", "dropped"]) | ~Q(evidence=""),
            ),
        ]
        indexes = [models.Index(fields=["status", "due_on"], name="outcome_due")]

    def __str__(self):
        return self.text

    def get_absolute_url(self):
        return reverse("outcome_detail", args=[self.pk])

    def owned_by(self, with_names: bool) -> str:
        """Who answers for it, in one line. A person with a sign-in is named to partners alone."""
        person = str(self.owner or "") if with_names else ""
        names = (person, self.owner_name, str(self.organisation or ""))
        said = ", ".join(filter(None, names))
        return said or (gettext("A person of the partnership") if self.owner_id else "")

    def is_late(self, today: date) -> bool:
        return self.status in self.GOING_ON and self.due_on is not None and self.due_on < today


class OutcomeChange(models.Model):
    """How far an action came, who said so, and what shows it. Rows are only added (0002).

    Where `old` and `new` are the same, words were added, or the outcome itself was changed.
    """

    outcome = models.ForeignKey(Outcome, models.CASCADE, related_name="changes")
    old = models.CharField(max_length=10, choices=Outcome.Status)
    new = models.CharField(max_length=10, choices=Outcome.Status)
    words = models.TextField(blank=True)
    #: Where the evidence stands
    url = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("change of an action")
        verbose_name_plural = _("changes of actions")
        ordering = ["outcome", "at", "pk"]

    def __str__(self):
        return f"{self.outcome_id}: {self.new}"


class ReportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Final ones of meetings that the person may see; drafts for who prepares the meeting.

        While it is open for amendments, also for who was asked and for who took part.
        """
        if user.has_perm("meetings.change_meeting"):
            return self
        meetings = Meeting.objects.visible_to(user)
        asked = Q(round__audience__in=Audience.of(user))
        organised = Q()
        if user.is_authenticated and user.is_active:
            asked |= Q(meeting__in=user.registrations.taking_part().values("meeting"))
            organised = Q(meeting__in=Meeting.objects.organised_by(user).values("pk"))
        shown = Q(status=Report.Status.FINAL) | Q(status=Report.Status.AMENDMENTS) & asked
        shown &= Q(meeting__in=meetings.values("pk"))
        return self.filter(shown | organised if organised else shown)


class Report(models.Model):
    """The report of a meeting: made from the rows; what it adds in words stands here.

    While it is open for amendments, the comment round of its document takes them.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        AMENDMENTS = "amendments", _("Open for amendments")
        FINAL = "final", _("Final")

    NEXT = {
        Status.DRAFT: {Status.AMENDMENTS, Status.FINAL},
        Status.AMENDMENTS: {Status.DRAFT, Status.FINAL},
        Status.FINAL: {Status.DRAFT},
    }

    meeting = models.OneToOneField(Meeting, models.PROTECT, related_name="report")
    introduction = models.TextField(_("introduction"), max_length=10_000, blank=True)
    closing = models.TextField(_("closing words"), max_length=10_000, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="reported_meetings"
    )
    round = models.ForeignKey(
        CommentRound, models.PROTECT, null=True, blank=True, related_name="reports"
    )
    #: Of the words; rises with each save
    version = models.PositiveIntegerField(default=0)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a meeting")
        verbose_name_plural = _("reports of meetings")
        ordering = [F("changed_at").desc()]

    def __str__(self):
        return str(self.meeting)

    @property
    def published(self) -> Version | None:
        """What stands in the library: while amendments are asked for, the text they are about."""
        if self.status == self.Status.AMENDMENTS:
            return self.round.version
        return self.document and self.document.current
