"""Who comes: registrations, the seats that they hold or wait for, and what the host must know."""

from datetime import date, datetime, time
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Count, F, Func, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.models.papers import new_token
from meetings.moments import in_words
from partners.models import Country, Organisation


class PartQuerySet(models.QuerySet):
    def ways(self):
        """On site and online: how one takes part in the meeting."""
        return self.filter(kind__in=Part.WAYS)

    def visits(self):
        return self.filter(kind=Part.Kind.VISIT)

    def with_waiting(self):
        """With `waiting`: how many people stand in the waiting list; in the order of the page."""
        waits = Q(bookings__status=Booking.Status.WAITING)
        applied = Q(bookings__status=Booking.Status.APPLIED)
        return self.annotate(
            waiting=Count("bookings", filter=waits),
            applied=Count("bookings", filter=applied),
            place_on_page=Case(
                When(kind=Part.Kind.ON_SITE, then=0), When(kind=Part.Kind.ONLINE, then=1), default=2
            ),
        ).order_by("place_on_page", "on", "pk")

    def unsettled(self, now: datetime):
        """Of announced meetings: an offer ran out, or somebody waits for a seat that is free."""
        free = Q(seats=None) | Q(taken__lt=F("seats"))
        ran_out = Booking.objects.ran_out(now).values("part")
        waited_for = Booking.objects.waiting().values("part")
        return self.filter(meeting__status=Meeting.Status.ANNOUNCED).filter(
            Q(pk__in=ran_out) | free & Q(pk__in=waited_for)
        )


class Part(models.Model):
    """Something with seats: being on site, being online, a site visit.

    `taken` counts confirmed and offered bookings. A trigger keeps it, and the database refuses one
    seat too many (migration 0002).
    """

    class Kind(models.TextChoices):
        ON_SITE = "on_site", _("On site")
        ONLINE = "online", _("Online")
        VISIT = "visit", _("Site visit")

    #: How one takes part in the meeting; visits come on top
    WAYS = (Kind.ON_SITE, Kind.ONLINE)

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="parts")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("Of a site visit: where it goes.")
    )
    text = models.TextField(_("what to know"), max_length=2000, blank=True)
    on = models.DateField(_("day"), null=True, blank=True)
    begins_at = models.TimeField(_("begins at"), null=True, blank=True)
    seats = models.PositiveIntegerField(
        _("seats"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    taken = models.PositiveIntegerField(default=0, editable=False)
    #: The next place in the waiting list of this part
    next_number = models.PositiveIntegerField(default=1, editable=False)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of a meeting")
        verbose_name_plural = _("parts of meetings")
        ordering = ["meeting", "kind", "on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="part_no_more_than_its_seats",
                condition=Q(seats=None) | Q(taken__lte=F("seats")),
                violation_error_message=_("More people have a seat than that."),
            ),
            models.UniqueConstraint(
                "meeting",
                "kind",
                name="part_each_way_once",
                condition=Q(kind__in=["on_site", "online"]),
            ),
            models.CheckConstraint(
                name="part_visit_has_a_title", condition=~Q(kind="visit") | ~Q(title="")
            ),
        ]

    def __str__(self):
        return self.title or str(self.get_kind_display())

    @property
    def free(self) -> int | None:
        """Seats that nobody holds; None without a limit."""
        return None if self.seats is None else self.seats - self.taken

    @property
    def is_way(self) -> bool:
        return self.kind in self.WAYS

    @property
    def begins(self) -> datetime:
        """When it begins; of a way, the first day of the meeting. No seat is offered after it."""
        day = self.on or self.meeting.starts_on
        return datetime.combine(day, self.begins_at or time.min, self.meeting.zone)


class Appearance(models.TextChoices):
    """Who sees a name on the list of participants; each holds the one before it."""

    NOBODY = "nobody", _("Nobody but the organisers")
    PARTICIPANTS = "participants", _("Participants")
    EVERYONE = "everyone", _("Everyone who may see the meeting")


class RegistrationDeskQuerySet(models.QuerySet):
    def open_at(self, now: datetime):
        """Of announced meetings, between the moments that the organisers set."""
        return self.filter(
            opens_at__lte=now, closes_at__gt=now, meeting__status=Meeting.Status.ANNOUNCED
        )


class RegistrationDesk(models.Model):
    """How one registers for a meeting. A meeting without this row takes no registrations."""

    meeting = models.OneToOneField(Meeting, models.CASCADE, related_name="desk")
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    needs_approval = models.BooleanField(
        _("the organisers approve each registration"), default=False
    )
    asks_funding = models.BooleanField(_("ask whether the costs must be paid"), default=False)
    offers_letters = models.BooleanField(_("offer invitation letters for a visa"), default=False)
    #: The widest circle; what a person agreed to can only make it smaller
    participants_shown_to = models.CharField(
        _("who sees the list of participants"),
        max_length=15,
        choices=Appearance,
        default=Appearance.PARTICIPANTS,
        help_text=_("Each person stands there only as far as they agreed."),
    )
    #: A free seat is held this long for whoever waited
    offer_hours = models.PositiveSmallIntegerField(_("hours to accept a free seat"), default=48)
    erase_on = models.DateField(
        _("sensitive answers are erased on"), help_text=_("The form states this day.")
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RegistrationDeskQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration desk")
        verbose_name_plural = _("registration desks")
        constraints = [
            models.CheckConstraint(
                name="desk_closes_after_it_opens", condition=Q(closes_at__gt=F("opens_at"))
            ),
            models.CheckConstraint(name="desk_offers_an_hour", condition=Q(offer_hours__gte=1)),
        ]

    def __str__(self):
        return str(self.meeting)

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at


class FormQuestionQuerySet(models.QuerySet):
    def of_registering(self):
        """On the form of the meeting itself, in their order."""
        return self.filter(part=None).order_by("number", "pk")

    def in_order(self):
        return self.order_by("number", "pk")


class FormQuestion(models.Model):
    """A question of the organisers on the form; of a visit, where one signs up for it."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("One of several answers")

    #: What is kept of a question of yes or no, and how people read it
    YES_OR_NO: ClassVar[dict] = {"yes": _("Yes"), "no": _("No")}

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="form_questions")
    part = models.ForeignKey(
        Part,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="form_questions",
        verbose_name=_("site visit"),
    )
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    text = models.CharField(_("question"), max_length=300)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    choices = ArrayField(
        models.CharField(max_length=200), verbose_name=_("answers"), default=list, blank=True
    )
    is_required = models.BooleanField(_("must be answered"), default=False)
    is_sensitive = models.BooleanField(_("sensitive: erased after the meeting"), default=False)

    objects = FormQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question of the form")
        verbose_name_plural = _("questions of the form")
        ordering = ["meeting", "part", "number", "pk"]
        constraints = [
            models.CheckConstraint(
                name="formquestion_has_choices", condition=~Q(kind="choice") | ~Q(choices=[])
            )
        ]

    def __str__(self):
        return self.text


class RegistrationQuerySet(models.QuerySet):
    def by_name(self):
        """Sorted without regard to accents and case, with what one reads beside a name."""
        found = self.select_related("organisation", "country", "user")
        return found.order_by(Func("name", function="portal_sort_key"), "pk")

    def with_a_seat_on_site(self):
        """Those with a confirmed seat on site: they travel."""
        confirmed = Booking.objects.filter(
            status=Booking.Status.CONFIRMED, part__kind=Part.Kind.ON_SITE
        )
        return self.filter(pk__in=confirmed.values("registration"))

    def taking_part(self):
        """Those with a confirmed seat on site or online."""
        confirmed = Booking.objects.filter(
            status=Booking.Status.CONFIRMED, part__kind__in=Part.WAYS
        )
        return self.filter(pk__in=confirmed.values("registration"))

    def live(self):
        """Those with a seat, an offer, a place in a line or before the organisers."""
        return self.filter(pk__in=Booking.objects.live().values("registration"))

    def in_vain(self):
        """Those of people who never had a confirmed seat, never got a letter and were not there.

        A calendar event was sent with each confirmed seat on site or online: who has none and has
        never had one taken back, never had a seat.
        """
        confirmed = Booking.objects.filter(status=Booking.Status.CONFIRMED)
        return (
            self.filter(told_sequence=-1, own_sequence=0, letters=None, attendances=None)
            .exclude(pk__in=confirmed.values("registration"))
            .order_by()
        )

    def showing_themselves(self, to_participants: bool, today: date):
        """Those whose name may stand on the list: by consent, while the meeting is not over.

        The consent ends after the meeting's last day.
        """
        kinds = [Registration.Appearance.EVERYONE]
        if to_participants:
            kinds.append(Registration.Appearance.PARTICIPANTS)
        return self.taking_part().filter(appearance__in=kinds, meeting__ends_on__gte=today)


class Registration(models.Model):
    """A person for a meeting: who, for whom, and what the host must know.

    Where the seat stands is in the bookings. Passport data are never asked for.
    """

    Appearance = Appearance

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="registrations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="registrations")
    name = models.CharField(
        _("name"), max_length=200, help_text=_("As it stands in your passport, if you travel.")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation represented"),
    )
    organisation_name = models.CharField(_("organisation in words"), max_length=200, blank=True)
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("country represented"),
    )
    #: Seen by the organisers alone
    is_funded = models.BooleanField(_("costs must be paid by the host"), default=False)
    diet = models.CharField(_("diet"), max_length=300, blank=True)
    access = models.CharField(_("access needs"), max_length=500, blank=True)
    wants_letter = models.BooleanField(_("invitation letter for a visa"), default=False)
    appearance = models.CharField(
        _("who sees your name"), max_length=15, choices=Appearance, default=Appearance.NOBODY
    )
    #: `appearance` ends with the meeting; the report stays, so it is asked about apart
    in_report = models.BooleanField(
        _("my name may stand in the report, which stays"), default=False
    )
    #: Version of the agenda of which the person was told last
    told_version = models.PositiveSmallIntegerField(default=0, editable=False)
    #: Of the calendar event that was sent last; -1: none yet
    told_sequence = models.IntegerField(default=-1, editable=False)
    #: How far this person's event is ahead of the meeting's: one for each that was taken back, and
    #: one for each that was sent again after that
    own_sequence = models.PositiveIntegerField(default=0, editable=False)
    #: When the last mail about changes was promised: at most one a day
    changes_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    fictitious = models.BooleanField(default=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["meeting", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint("meeting", "user", name="registration_once"),
            models.CheckConstraint(name="registration_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self):
        return self.name

    @property
    def represents(self) -> str:
        """The organisation, by its row or in words; may be empty."""
        return str(self.organisation) if self.organisation_id else self.organisation_name


class FormAnswer(models.Model):
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="answers")
    question = models.ForeignKey(FormQuestion, models.PROTECT, related_name="answers")
    text = models.TextField(max_length=2000, blank=True)

    class Meta:
        verbose_name = _("answer on the form")
        verbose_name_plural = _("answers on the form")
        ordering = ["question"]
        constraints = [models.UniqueConstraint("registration", "question", name="formanswer_once")]

    def __str__(self):
        return self.text

    @property
    def in_words(self) -> str:
        """What was answered, as people read it."""
        return str(FormQuestion.YES_OR_NO.get(self.text, self.text))


class BookingQuerySet(models.QuerySet):
    def live(self):
        """Those that go on: an end that was reached is not live."""
        return self.filter(status__in=Booking.LIVE)

    def of_ways(self):
        return self.filter(part__kind__in=Part.WAYS)

    def of_visits(self):
        return self.filter(part__kind=Part.Kind.VISIT)

    def waiting(self):
        """The waiting list, in its order."""
        return self.filter(status=Booking.Status.WAITING).order_by("number")

    def ran_out(self, now: datetime):
        """Offers that nobody took in time."""
        return self.filter(status=Booking.Status.OFFERED, offered_until__lte=now)

    def awaiting_approval(self):
        return self.filter(
            status=Booking.Status.APPLIED, part__meeting__status=Meeting.Status.ANNOUNCED
        )


class Booking(models.Model):
    """One registration in one part: it waits for approval or a seat, is offered or has it.

    `number` is the place in the line, given under the lock of the part, for ever. Confirmed and
    offered bookings hold a seat. A new try after the end is a new row with a new number.
    """

    class Status(models.TextChoices):
        APPLIED = "applied", _("Waits for the organisers")
        WAITING = "waiting", _("On the waiting list")
        OFFERED = "offered", _("A seat is offered")
        CONFIRMED = "confirmed", _("Confirmed")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Offer not taken")
        DECLINED = "declined", _("Declined")

    NEXT = {
        Status.APPLIED: {
            Status.WAITING,
            Status.CONFIRMED,
            Status.DECLINED,
            Status.CANCELLED,
        },
        Status.WAITING: {Status.OFFERED, Status.CONFIRMED, Status.DECLINED, Status.CANCELLED},
        Status.OFFERED: {Status.CONFIRMED, Status.EXPIRED, Status.DECLINED, Status.CANCELLED},
        Status.CONFIRMED: {Status.CANCELLED, Status.DECLINED},
    }
    #: States that hold a seat; the trigger of migration 0002 names the same
    HOLDING = (Status.OFFERED, Status.CONFIRMED)
    #: States that go on
    LIVE = (Status.APPLIED, Status.WAITING, Status.OFFERED, Status.CONFIRMED)

    part = models.ForeignKey(Part, models.PROTECT, related_name="bookings")
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="bookings")
    number = models.PositiveIntegerField()
    status = models.CharField(_("status"), max_length=10, choices=Status)
    at = models.DateTimeField(_("since"), default=timezone.now)
    offered_until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["part", "number"]
        constraints = [
            models.UniqueConstraint("part", "number", name="booking_number_once"),
            models.UniqueConstraint(
                "part",
                "registration",
                name="booking_one_live",
                condition=Q(status__in=["applied", "waiting", "offered", "confirmed"]),
            ),
            models.CheckConstraint(
                name="booking_offer_has_an_end",
                condition=Q(status="offered", offered_until__isnull=False) | ~Q(status="offered"),
            ),
        ]
        indexes = [
            models.Index(fields=["part", "status", "number"], name="booking_line"),
            models.Index(
                fields=["offered_until"], name="booking_offers", condition=Q(status="offered")
            ),
        ]

    def __str__(self):
        return f"{self.part}: {self.registration}"

    @property
    def offered_until_in_words(self) -> str:
        """By the clock of the meeting's place; empty where nothing was offered."""
        return in_words(self.offered_until, self.part.meeting) if self.offered_until else ""

    @property
    def place(self) -> int:
        """The place in the waiting list, from 1; 0 for who does not wait."""
        if self.status != self.Status.WAITING:
            return 0
        before = Booking.objects.waiting().filter(part=self.part_id, number__lt=self.number)
        return before.count() + 1


class InvitationLetterQuerySet(models.QuerySet):
    def with_what_it_is_held_against(self):
        """With the registration and the meeting as they are now."""
        registration = [f"registration__{name}" for name in ("organisation", "country", "user")]
        return self.select_related("registration__meeting__country", *registration)


class InvitationLetter(models.Model):
    """A letter for a visa, with a number and an address where an authority can verify it.

    What stands in it is kept, so that the address tells what was issued and whether it still holds;
    it never changes, and no letter goes (migration 0002).
    """

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="letters")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    token = models.CharField(max_length=64, unique=True, default=new_token)
    name = models.CharField(max_length=200)
    represents = models.CharField(max_length=200, blank=True)
    country_name = models.CharField(max_length=100, blank=True)
    meeting_title = models.CharField(max_length=200)
    place = models.CharField(max_length=310, blank=True)
    host = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    #: Said only where an organiser wished it: funding is the business of the host alone
    says_host_pays = models.BooleanField(default=False)
    issued_at = models.DateTimeField(default=timezone.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation letter")
        verbose_name_plural = _("invitation letters")
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint("year", "number", name="invitationletter_number_once"),
            models.UniqueConstraint(
                "registration",
                name="invitationletter_one_that_holds",
                condition=Q(withdrawn_at=None),
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        """ "WMA-2027-0004"."""
        return f"WMA-{self.year}-{self.number:04}"

    @property
    def when(self) -> str:
        """The days that stand in it, as `Meeting.when` writes them."""
        return Meeting(starts_on=self.starts_on, ends_on=self.ends_on).when


class Attendance(models.Model):
    """Somebody was there on a day."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="attendances")
    day = models.DateField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["day", "registration"]
        constraints = [models.UniqueConstraint("registration", "day", name="attendance_once")]

    def __str__(self):
        return f"{self.registration}: {self.day}"


class CalendarFeed(models.Model):
    """The secret address of a person's calendar; a new one makes the old one silent."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feed"
    )
    token = models.CharField(max_length=64, unique=True, default=new_token)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self):
        return str(self.user)
