"""What countries need: a register that partners fill and the Lead moderates."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.words import Words
from partners.models import Country, Region, Term


class NeedQuerySet(models.QuerySet):
    def published(self):
        """Needs that stand in the register, met and closed ones too."""
        return self.filter(status__in=Need.PUBLIC)

    def unmet(self):
        """Needs for which something is still to be done."""
        return self.filter(status__in=(Need.Status.OPEN, Need.Status.BEING_MET))

    def newest_first(self):
        """By the year in which it was said; those whose year nobody knows come last."""
        return self.order_by(F("year").desc(nulls_last=True), "-submitted_at", "-pk")

    def asking_for(self, terms: list[int]):
        """Needs for one of these terms; a group stands for itself and for each term in it."""
        return self.filter(Q(term_ids__overlap=terms) | Q(group_ids__overlap=terms))

    def matching(self, words: str):
        """Needs with all these words, as the search of experts understands them."""
        return self.filter(search=Words(words)) if words else self

    def visible_to(self, user):
        """Published ones; one's own; for the Lead all. The one definition."""
        if user.has_perm("advice.view_need"):
            return self
        seen = Q(status__in=Need.PUBLIC)
        if user.is_authenticated and user.is_active:
            seen |= Q(submitted_by=user)
        return self.filter(seen)


class Need(models.Model):
    """Something that a country needs and cannot do alone.

    `search`, `sort_title`, `region`, `term_ids` and `group_ids` are kept by a trigger (migration
    0002).
    """

    class Status(models.TextChoices):
        AWAITING = "awaiting", _("Waiting for the Lead")
        DECLINED = "declined", _("Not taken into the register")
        OPEN = "open", _("Open")
        BEING_MET = "being_met", _("Being met")
        MET = "met", _("Met")
        CLOSED = "closed", _("Closed")

    PUBLIC = (Status.OPEN, Status.BEING_MET, Status.MET, Status.CLOSED)
    NEXT = {
        Status.AWAITING: {Status.OPEN, Status.DECLINED},
        Status.OPEN: {Status.BEING_MET, Status.MET, Status.CLOSED},
        Status.BEING_MET: {Status.OPEN, Status.MET, Status.CLOSED},
        Status.MET: {Status.OPEN},
        Status.CLOSED: {Status.OPEN},
    }

    class Source(models.TextChoices):
        STATEMENT = "statement", _("Statement of the country")
        MEETING = "meeting", _("Meeting")
        ASSESSMENT = "assessment", _("Assessment or report")
        REQUEST = "request", _("Request for advice")

    country = models.ForeignKey(
        Country, models.PROTECT, related_name="needs", verbose_name=_("country")
    )
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("what is needed"), max_length=4000)
    terms = models.ManyToManyField(
        Term,
        through="advice.NeedTerm",
        blank=True,
        related_name="needs",
        verbose_name=_("expertise"),
    )
    source = models.CharField(_("source"), max_length=20, choices=Source)
    source_text = models.CharField(
        _("where it was said"),
        max_length=500,
        blank=True,
        help_text=_("The document, meeting or letter, so that others can look it up."),
    )
    url = models.URLField(_("address of the source"), max_length=500, blank=True)
    #: None: the source gives none
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.AWAITING, editable=False
    )
    status_reason = models.TextField(_("reason of the status"), blank=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="needs",
    )
    submitted_at = models.DateTimeField(_("submitted"), default=timezone.now, editable=False)
    fictitious = models.BooleanField(_("fictitious (demonstration)"), default=False)

    sort_title = models.CharField(max_length=200, default="", editable=False)
    region = models.CharField(max_length=20, default="", editable=False)
    term_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    group_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    search = SearchVectorField(null=True, editable=False)

    objects = NeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("need of a country")
        verbose_name_plural = _("needs of countries")
        ordering = [F("year").desc(nulls_last=True), "-submitted_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="need_ended_with_a_reason",
                condition=~Q(status__in=["declined", "met", "closed"]) | ~Q(status_reason=""),
            )
        ]
        indexes = [
            GinIndex(fields=["search"], name="need_search"),
            models.Index(
                F("year").desc(nulls_last=True),
                F("submitted_at").desc(),
                F("id").desc(),
                name="need_by_year",
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("need_detail", args=[self.pk])


class NeedTerm(models.Model):
    """A need asks for a field of expertise. PROTECT: a term in use is merged, not deleted."""

    need = models.ForeignKey(Need, models.CASCADE)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("expertise of a need")
        verbose_name_plural = _("expertise of needs")
        constraints = [models.UniqueConstraint("need", "term", name="need_term_once")]

    def __str__(self):
        return str(self.term)


class NeedChange(models.Model):
    """One change of status: from, to, when, by whom and why. Rows are only ever added."""

    need = models.ForeignKey(Need, models.CASCADE, related_name="changes")
    old = models.CharField(max_length=10, choices=Need.Status)
    new = models.CharField(max_length=10, choices=Need.Status)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("change of a need")
        verbose_name_plural = _("changes of needs")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.need}: {self.get_new_display()}"


class CallQuerySet(models.QuerySet):
    def running(self, today: date):
        """Calls that everybody is shown today, the last to end first."""
        return self.filter(ended_at=None, ends_on__gte=today).order_by("-ends_on", "-pk")


class Call(models.Model):
    """The Lead looks for experts in a field where needs outnumber them: shown until it ends."""

    term = models.ForeignKey(
        Term, models.PROTECT, related_name="calls", verbose_name=_("expertise")
    )
    #: Empty: experts of all regions are wanted
    region = models.CharField(_("region"), max_length=20, choices=Region, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("opened by")
    )
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    ends_on = models.DateField(_("ends on"))
    ended_at = models.DateTimeField(_("ended early"), null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call for nominations")
        verbose_name_plural = _("calls for nominations")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "term", "region", name="call_one_open", condition=Q(ended_at=None)
            )
        ]

    def __str__(self):
        return str(self.term)
