"""What somebody has at a meeting: seats, places in lines, offers, and where one can move."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch

from meetings.models import Booking, Meeting, Part, Registration

Status = Booking.Status


@dataclass
class OwnPlaces:
    """`ways` and `visits` are live bookings; `ended`: of a part without a live one, the last."""

    registration: Registration
    ways: list[Booking] = field(default_factory=list)
    visits: list[Booking] = field(default_factory=list)
    ended: list[Booking] = field(default_factory=list)

    @property
    def live(self) -> list[Booking]:
        return [*self.ways, *self.visits]

    @property
    def way(self) -> Booking | None:
        """The confirmed seat on site or online."""
        confirmed = (one for one in self.ways if one.status == Status.CONFIRMED)
        return next(confirmed, None)

    def at(self, part: Part) -> Booking | None:
        """The live booking in this part."""
        return next((one for one in self.live if one.part_id == part.pk), None)


def of(user, meeting: Meeting) -> OwnPlaces | None:
    """None for who is not signed in or never registered."""
    if not user.is_authenticated:
        return None
    bookings = Booking.objects.select_related("part").order_by("part", "-number")
    registration = (
        Registration.objects.filter(user=user, meeting=meeting)
        .select_related("organisation", "country")
        .prefetch_related(Prefetch("bookings", bookings))
        .first()
    )
    if registration is None:
        return None
    found = OwnPlaces(registration)
    seen = set()
    for booking in registration.bookings.all():
        booking.part.meeting = meeting
        if booking.status in Booking.LIVE:
            (found.ways if booking.part.is_way else found.visits).append(booking)
        elif booking.part_id not in seen:
            found.ended.append(booking)
        seen.add(booking.part_id)
    return found


def can_move_to(own: OwnPlaces, ways: list[Part], now: datetime) -> list[Part]:
    """Other ways that somebody who is registered may change to, until they begin."""
    if not own.ways:
        return []
    return [way for way in ways if own.at(way) is None and is_open(way, now)]


def is_open(part: Part, now: datetime) -> bool:
    """Can places in it still be taken and given back? Not once it has begun or is cancelled."""
    return part.meeting.status == Meeting.Status.ANNOUNCED and now < part.begins
