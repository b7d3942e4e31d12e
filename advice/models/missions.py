"""Missions and joint projects: who went where, as what, for which need, and what came of it."""

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from advice.models.needs import Need
from advice.models.requests import AdviceRequest
from documents.models import Document
from experts.models import Expert
from partners.directory.words import MAX_LENGTH
from partners.models import Country, PartnershipArea, Term

#: Looks at all words of a mission at once: its own, its country's, those of its places and their
#: expertise. No index keeps them, as a register of missions has tens of rows.
_MATCHING = """
    SELECT m.id FROM advice_mission m JOIN partners_country c ON c.code = m.country_id
    WHERE portal_vector('A', m.title)
        || portal_vector('C', concat_ws(' . ', m.summary, m.result, m.costs, m.financing, c.name,
            c.other_names, m.year::text, m.source_text, (SELECT string_agg(wanted, ' . ')
            FROM advice_missionplace WHERE mission_id = m.id)))
        || coalesce((SELECT string_agg(t.words::text, ' ')::tsvector FROM advice_missionplace p
            JOIN partners_term t ON t.id = p.term_id WHERE p.mission_id = m.id), '')
        @@ portal_query(%s)
"""


class MissionQuerySet(models.QuerySet):
    def published(self):
        return self.exclude(status=Mission.Status.DRAFT)

    def visible_to(self, user):
        """Drafts are the Lead's. The one definition."""
        if user.has_perm("advice.change_mission"):
            return self
        return self.published()

    def matching(self, words: str):
        """Missions with all these words, stemmed as English or as written, accents ignored."""
        with connection.cursor() as cursor:
            cursor.execute(_MATCHING, [words[:MAX_LENGTH]])
            return self.filter(pk__in=[key for (key,) in cursor.fetchall()])


class Mission(models.Model):
    """A survey, a mission or a joint project in a country."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PLANNED = "planned", _("Planned")
        UNDER_WAY = "under_way", _("Under way")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    NEXT = {
        Status.DRAFT: {Status.PLANNED, Status.UNDER_WAY, Status.DONE},
        Status.PLANNED: {Status.UNDER_WAY, Status.DONE, Status.CANCELLED},
        Status.UNDER_WAY: {Status.DONE, Status.CANCELLED},
    }

    title = models.CharField(_("title"), max_length=200)
    country = models.ForeignKey(
        Country, models.PROTECT, related_name="missions", verbose_name=_("country")
    )
    areas = models.ManyToManyField(
        PartnershipArea,
        blank=True,
        related_name="missions",
        verbose_name=_("partnership areas involved"),
    )
    need = models.ForeignKey(
        Need,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="missions",
        verbose_name=_("need"),
    )
    request = models.ForeignKey(
        AdviceRequest,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="missions",
        verbose_name=_("request for advice"),
    )
    summary = models.TextField(_("what is done"), max_length=4000, blank=True)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)
    #: Of old missions often no more than the year is known
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    costs = models.CharField(_("costs are borne by"), max_length=500, blank=True)
    financing_wanted = models.BooleanField(_("financing is wanted"), default=False)
    financing = models.CharField(_("financing in words"), max_length=500, blank=True)
    report = models.ForeignKey(
        Document,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="missions",
        verbose_name=_("report"),
    )
    result = models.TextField(_("result in words"), max_length=2000, blank=True)
    source_text = models.CharField(_("source"), max_length=500, blank=True)
    url = models.URLField(_("address of the source"), max_length=500, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    status_reason = models.TextField(_("reason of the status"), blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    fictitious = models.BooleanField(_("fictitious (demonstration)"), default=False)

    objects = MissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("mission")
        verbose_name_plural = _("missions")
        ordering = [F("year").desc(nulls_last=True), "-pk"]
        constraints = [
            models.CheckConstraint(
                name="mission_ends_after_it_starts",
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="mission_cancelled_with_a_reason",
                condition=~Q(status="cancelled") | ~Q(status_reason=""),
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("mission_detail", args=[self.pk])

    @property
    def when(self) -> str:
        """The days as far as they are known, else the year, else nothing."""
        first, last = (date_format(day) if day else "" for day in (self.starts_on, self.ends_on))
        if first == last:
            return first or str(self.year or "")
        if first and last:
            return gettext("%(first)s to %(last)s") % {"first": first, "last": last}
        if first:
            return gettext("from %(day)s") % {"day": first}
        return gettext("until %(day)s") % {"day": last}


class MissionPlace(models.Model):
    """One field of expertise that a mission wants a person for."""

    mission = models.ForeignKey(Mission, models.CASCADE, related_name="places")
    number = models.PositiveSmallIntegerField(_("number"))
    term = models.ForeignKey(
        Term, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("expertise")
    )
    wanted = models.CharField(_("who is wanted, in words"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("place of a mission")
        verbose_name_plural = _("places of missions")
        ordering = ["mission", "number"]
        constraints = [
            models.UniqueConstraint("mission", "number", name="missionplace_number_once"),
            models.CheckConstraint(
                name="missionplace_says_what", condition=Q(term__isnull=False) | ~Q(wanted="")
            ),
        ]

    def __str__(self):
        return str(self.term) if self.term_id else self.wanted


class MissionPersonQuerySet(models.QuerySet):
    def shown(self):
        """Who was sent on missions that everybody sees, newest first, with mission and country."""
        return (
            self.filter(is_sent=True)
            .exclude(mission__status=Mission.Status.DRAFT)
            .select_related("mission__country")
            .order_by(F("mission__year").desc(nulls_last=True), "-mission", "pk")
        )


class MissionPerson(models.Model):
    """Somebody proposed or sent: an expert of the list, or a name.

    Of an expert who is removed, proposals and reasons go at once (migration 0003). That the expert
    was sent stays, as a name without a link.
    """

    mission = models.ForeignKey(Mission, models.CASCADE, related_name="people")
    place = models.ForeignKey(
        MissionPlace, models.SET_NULL, null=True, blank=True, related_name="people"
    )
    expert = models.ForeignKey(
        Expert, models.CASCADE, null=True, blank=True, related_name="missions_joined"
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    as_what = models.CharField(_("as what"), max_length=200, blank=True)
    #: False: proposed, seen by the Lead alone
    is_sent = models.BooleanField(_("was sent"), default=False)
    #: Each reason is a line
    why = models.CharField(_("why proposed"), max_length=600, blank=True)

    objects = MissionPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person of a mission")
        verbose_name_plural = _("people of missions")
        ordering = ["mission", "place", "pk"]
        constraints = [
            models.CheckConstraint(
                name="missionperson_is_somebody", condition=Q(expert__isnull=False) ^ ~Q(name="")
            ),
            models.UniqueConstraint("mission", "place", "expert", name="missionperson_once"),
        ]

    def __str__(self):
        return str(self.expert) if self.expert_id else self.name

    @property
    def profile_url(self) -> str:
        """The expert's page while it is on the list; empty for everybody else."""
        is_listed = self.expert_id is not None and self.expert.status == Expert.Status.LISTED
        return self.expert.get_absolute_url() if is_listed else ""
