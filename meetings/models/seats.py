"""What has seats, and who has one or waits for one."""

from datetime import datetime, time

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, F, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.moments import in_words


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


class BookingQuerySet(models.QuerySet):
    def live(self):
        """Those that go on: an end that was reached is not live."""
        return self.filter(status__in=Booking.LIVE)

    def of_ways(self):
        return self.filter(part__kind__in=Part.WAYS)

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
    registration = models.ForeignKey(
        "meetings.Registration", models.CASCADE, related_name="bookings"
    )
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
