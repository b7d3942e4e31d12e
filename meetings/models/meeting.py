"""Meetings of the partnership, and the series that they belong to."""

import uuid
import zoneinfo
from datetime import date, datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.audience import Audience
from partners.directory.words import MAX_LENGTH
from partners.languages import validate_language
from partners.models import Country
from partners.time_zones import validate_zone

#: Looks at all words of a meeting at once: its own, its country's, those of its newest published
#: agenda and of its outcomes. No index keeps them, as there are tens of meetings.
_MATCHING = """
    SELECT m.id FROM meetings_meeting m LEFT JOIN partners_country c ON c.code = m.country_id
    WHERE portal_vector('A', concat_ws(' . ', m.title, m.title_fr, m.title_es))
        || portal_vector('C', concat_ws(' . ', m.summary, m.place, m.host, m.beside, c.name,
            c.other_names, extract(year FROM m.starts_on)::text,
            (SELECT concat_ws(' . ', jsonb_path_query_array(v.content, '$[*].title')::text,
                jsonb_path_query_array(v.content, '$[*].items[*].title')::text)
            FROM meetings_agendaversion v WHERE v.meeting_id = m.id
            ORDER BY v.number DESC LIMIT 1),
            (SELECT string_agg(o.text, ' . ') FROM meetings_outcome o WHERE o.meeting_id = m.id)))
        @@ portal_query(%s)
"""

#: Which of its subjects a meeting has, whoever may see them
_HOLDS = """
    SELECT subject FROM (VALUES
        ('papers', EXISTS (SELECT FROM meetings_paper WHERE meeting_id = %(meeting)s)),
        ('questions', EXISTS (SELECT FROM meetings_question WHERE meeting_id = %(meeting)s
            AND status <> 'prepared')),
        ('statements', EXISTS (SELECT FROM meetings_statement WHERE meeting_id = %(meeting)s)),
        ('outcomes', EXISTS (SELECT FROM meetings_outcome WHERE meeting_id = %(meeting)s)),
        ('report', EXISTS (SELECT FROM meetings_report WHERE meeting_id = %(meeting)s))
    ) AS found (subject, is_there) WHERE is_there
"""


class Series(models.Model):
    """Meetings that follow on from each other: what one leaves open, the next one takes up."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    slug = models.SlugField(_("word in addresses"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("series of meetings")
        verbose_name_plural = _("series of meetings")
        ordering = ["name"]

    def __str__(self):
        return self.name


class MeetingQuerySet(models.QuerySet):
    def announced(self):
        """Everything but drafts."""
        return self.exclude(status=Meeting.Status.DRAFT)

    def organised_by(self, user):
        """Meetings that the person prepares: the Lead all of them, an organiser the own ones."""
        if user.has_perm("meetings.change_meeting"):
            return self
        if not (user.is_authenticated and user.is_active):
            return self.none()
        return self.filter(
            pk__in=Meeting.organisers.through.objects.filter(user=user).values("meeting")
        )

    def visible_to(self, user):
        """The one definition of who sees which meeting: pages, search, feeds, calendars, files.

        Announced meetings for an audience of the person, those that the person is registered for,
        and those that the person prepares, drafts too.
        """
        if user.has_perm("meetings.view_meeting"):
            return self
        seen = Q(audience__in=Audience.of(user))
        if not (user.is_authenticated and user.is_active):
            return self.announced().filter(seen)
        seen |= Q(pk__in=user.registrations.live().values("meeting"))
        own = Meeting.objects.organised_by(user).values("pk")
        return self.filter(~Q(status=Meeting.Status.DRAFT) & seen | Q(pk__in=own))

    def matching(self, words: str):
        """Meetings with all these words, stemmed as English or as written, accents ignored."""
        with connection.cursor() as cursor:
            cursor.execute(_MATCHING, [words[:MAX_LENGTH]])
            return self.filter(pk__in=[key for (key,) in cursor.fetchall()])

    def public(self):
        """Announced meetings that everybody may see, for feeds and search engines."""
        return self.announced().filter(audience=Audience.PUBLIC)

    def upcoming(self, today: date):
        """Announced and not over, the next one first; cancelled ones stay until their last day."""
        return (
            self.filter(status__in=[Meeting.Status.ANNOUNCED, Meeting.Status.CANCELLED])
            .filter(ends_on__gte=today)
            .order_by("starts_on", "pk")
        )

    def past(self, today: date):
        """Held, or over; the last one first."""
        return (
            self.announced()
            .filter(Q(status=Meeting.Status.HELD) | Q(ends_on__lt=today))
            .order_by("-starts_on", "-pk")
        )


class Meeting(models.Model):
    """A meeting, a webinar or a joint survey, from its draft until its report.

    Days are days at the place of the meeting, in `time_zone`. Of old meetings no more than the
    month or the year may be known (`precision`): then `starts_on` is its first day and `ends_on`
    its last, and neither is shown.
    """

    class Kind(models.TextChoices):
        PARTNERSHIP = "partnership", _("Partnership meeting")
        CORE = "core", _("Meeting of core members")
        EXPERT_GROUP = "expert_group", _("Expert group")
        WEBINAR = "webinar", _("Webinar")
        SURVEY = "survey", _("Survey")
        OTHER = "other", _("Other event")

    class Form(models.TextChoices):
        ON_SITE = "on_site", _("On site")
        ONLINE = "online", _("Online")
        HYBRID = "hybrid", _("On site and online")

    class Precision(models.TextChoices):
        DAY = "day", _("The days are known")
        MONTH = "month", _("Only the month is known")
        YEAR = "year", _("Only the year is known")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ANNOUNCED = "announced", _("Announced")
        HELD = "held", _("Held")
        CANCELLED = "cancelled", _("Cancelled")

    NEXT = {
        Status.DRAFT: {Status.ANNOUNCED},
        Status.ANNOUNCED: {Status.HELD, Status.CANCELLED},
        Status.CANCELLED: {Status.ANNOUNCED},
    }

    code = models.SlugField(_("word in its address"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    title_fr = models.CharField(_("title in French"), max_length=200, blank=True)
    title_es = models.CharField(_("title in Spanish"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind, default=Kind.PARTNERSHIP)
    #: Empty where nobody knows any more
    form = models.CharField(_("on site or online"), max_length=10, choices=Form, blank=True)
    series = models.ForeignKey(
        Series,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        verbose_name=_("series"),
        help_text=_("Open actions of its last meeting stand on the agenda of the next."),
    )
    place = models.CharField(
        _("place"), max_length=200, blank=True, help_text=_("Building and town.")
    )
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        verbose_name=_("country"),
    )
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_zone]
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    precision = models.CharField(
        _("what is known of the days"), max_length=5, choices=Precision, default=Precision.DAY
    )
    languages = ArrayField(
        models.CharField(max_length=2, validators=[validate_language]),
        verbose_name=_("languages"),
        default=list,
        blank=True,
    )
    audience = models.CharField(
        _("who sees it"), max_length=10, choices=Audience, default=Audience.PUBLIC
    )
    summary = models.TextField(_("what it is about"), max_length=4000, blank=True)
    host = models.CharField(_("host"), max_length=200, blank=True)
    contact = models.CharField(
        _("contact"), max_length=300, blank=True, help_text=_("Whom people ask: name and address.")
    )
    practical = models.TextField(
        _("practical information"),
        max_length=8000,
        blank=True,
        help_text=_("Way to the venue, hotels, visa, payment, interpretation."),
    )
    online_address = models.URLField(
        _("address of the online meeting"),
        max_length=500,
        blank=True,
        help_text=_("Shown to confirmed participants alone."),
    )
    beside = models.CharField(
        _("back to back with"),
        max_length=200,
        blank=True,
        help_text=_("A congress or conference before or after it."),
    )
    beside_url = models.URLField(_("address of that event"), max_length=500, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    status_reason = models.TextField(_("reason of the status"), blank=True, editable=False)
    organisers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="organised_meetings",
        verbose_name=_("organisers"),
        help_text=_("Chair, host: they prepare the meeting with the Lead and see registrations."),
    )
    #: Open actions of earlier meetings get an item on the agenda by themselves; where organisers
    #: remove that item, a trigger (migration 0002) notes it here, and it stays away
    carries_over = models.BooleanField(default=True, editable=False)
    #: Of the event in people's calendars; the sequence rises when days, place or status change
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    source_text = models.CharField(_("source"), max_length=500, blank=True)
    url = models.URLField(_("address of the source"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    fictitious = models.BooleanField(_("fictitious (demonstration)"), default=False)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="meeting_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))
            ),
            models.CheckConstraint(
                name="meeting_cancelled_with_a_reason",
                condition=~Q(status="cancelled") | ~Q(status_reason=""),
            ),
        ]
        indexes = [models.Index(fields=["status", "starts_on"], name="meeting_by_day")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("meeting_detail", args=[self.code])

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def days(self) -> list[date]:
        """Each day of the meeting; empty where the days are not known."""
        if self.precision != self.Precision.DAY:
            return []
        number = (self.ends_on - self.starts_on).days + 1
        return [self.starts_on + timedelta(days=one) for one in range(number)]

    @property
    def when(self) -> str:
        """The days as far as they are known: "9 to 10 March 2027", "March 2009", "2018"."""
        first, last = self.starts_on, self.ends_on
        if self.precision == self.Precision.YEAR:
            return str(first.year)
        if self.precision == self.Precision.MONTH:
            return date_format(first, "F Y")
        if first == last:
            return date_format(first, "j F Y")
        begin = "j" if (first.year, first.month) == (last.year, last.month) else "j F"
        begin = begin if first.year == last.year else "j F Y"
        return gettext("%(first)s to %(last)s") % {
            "first": date_format(first, begin),
            "last": date_format(last, "j F Y"),
        }

    @property
    def where(self) -> str:
        """Place and country, as far as they are known; "Online" for a meeting without a place."""
        place = ", ".join(filter(None, (self.place, str(self.country or ""))))
        if place or self.form != self.Form.ONLINE:
            return place
        return str(self.Form.ONLINE.label)

    def day_at(self, now: datetime) -> date:
        """The day that it is at its place."""
        return now.astimezone(self.zone).date()

    def is_over(self, today: date) -> bool:
        """It was held or cancelled, or its last day is past; `today` is the day at its place."""
        return self.status in (self.Status.HELD, self.Status.CANCELLED) or self.ends_on < today

    @cached_property
    def holds(self) -> frozenset[str]:
        """Its subjects of which there is any row: papers, questions (that were opened), statements,
        outcomes, report.

        One query, read once for each object, so that a page asks for nothing that is not there.
        Says nothing of who may see a row: `visible_to` of its model does.
        """
        with connection.cursor() as cursor:
            cursor.execute(_HOLDS, {"meeting": self.pk})
            return frozenset(subject for (subject,) in cursor.fetchall())

    def before(self) -> "Meeting | None":
        """The meeting of the same series before this one, drafts and cancelled ones left out."""
        if self.series_id is None:
            return None
        return (
            Meeting.objects.filter(series=self.series_id, starts_on__lt=self.starts_on)
            .exclude(pk=self.pk)
            .exclude(status__in=[self.Status.DRAFT, self.Status.CANCELLED])
            .order_by("-starts_on", "-pk")
            .first()
        )
