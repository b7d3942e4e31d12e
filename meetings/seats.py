"""Who has a seat: taken, waited for, offered, given back. The one writer of bookings.

Each step first locks all parts of the meeting, in the order of their keys, then the meeting: no two
steps on one meeting run at the same time, none waits for another in a circle, nobody cancels the
meeting meanwhile, and what a step frees is offered to the next in line in the same transaction. A
worker that is killed before the end changed nothing.

Nobody overtakes who waits: a free seat is offered down the line before anybody else gets it, so
that a seat is free only while nobody waits. Somebody has a seat on site or one online, never both;
the old one is kept until the new one is confirmed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from mailings import outbox
from meetings import calendar_mails
from meetings.models import Booking, Meeting, Part, Registration
from partners.models import User
from partners.refusals import Refused

Status = Booking.Status
REGISTERED = "meetings/mail/registered"
OFFERED = "meetings/mail/seat_offered"
EXPIRED = "meetings/mail/offer_expired"
DECLINED = "meetings/mail/declined"
WITHDRAWN = "meetings/mail/seat_withdrawn"


def take(
    registration: Registration, part_id: int, now: datetime, by: User | None = None
) -> Booking:
    """A seat in a part; where none is free, the last place of its waiting list.

    In the caller's transaction, where the registration is written. Where the organisers approve,
    an application instead. `by`: the organiser who registers somebody, which is approval enough. A
    confirmed seat on site or online that the person had is given back once this one is confirmed,
    and kept until then. Organisers add people also to a meeting that was held. Raises Refused.
    """
    parts = locked(registration.meeting_id)
    part = _known(parts, part_id)
    _check_takes_place(part.meeting, by)
    if not hasattr(part.meeting, "desk"):
        raise Refused(_("This meeting takes no registrations."))
    own = _own(registration)
    if any(one.part_id == part.pk for one in own):
        raise Refused(_("You have a place there already."))
    if part.kind == Part.Kind.VISIT:
        _check_visit(part, own, now)
    _expire(part, now)
    if part.free != 0 and part.bookings.waiting().exists():
        _fill(part, now)
    if part.is_way and by is None and part.meeting.desk.needs_approval:
        status = Status.APPLIED
    else:
        status = Status.WAITING if part.free == 0 else Status.CONFIRMED
    booking = Booking.objects.create(
        part=part,
        registration=registration,
        number=part.next_number,
        status=status,
        at=now,
        decided_by=by,
    )
    Part.objects.filter(pk=part.pk).update(next_number=part.next_number + 1)
    _told(booking, parts, own, now)
    return booking


@transaction.atomic
def move_way(registration: Registration, part_id: int, now: datetime) -> Booking:
    """From online to on site, or back: the seat one has is kept until the new one is confirmed.

    Who waits for a seat on site may be online meanwhile, and goes on waiting. Raises Refused.
    """
    return take(registration, part_id, now)


@transaction.atomic
def accept_offer(booking_id: int, now: datetime) -> Booking:
    """Take the seat that is offered. Other seats and waiting lists on site and online end.

    Raises Refused when the offer ran out, or the seat went another way.
    """
    parts, booking = _find(booking_id)
    if booking.status == Status.OFFERED and booking.offered_until <= now:
        raise Refused(_("The time to accept this seat is over. It is offered to the next."))
    _check(booking, Status.CONFIRMED, {Status.OFFERED})
    _check_takes_place(booking.part.meeting)
    _move(booking, Status.CONFIRMED, now)
    own = [one for one in _own(booking.registration) if one.pk != booking.pk]
    if booking.part.is_way:
        waited = [one for one in own if one.part.is_way and one.status != Status.CONFIRMED]
        _end(waited, Status.CANCELLED, parts, now)
    _told(booking, parts, own, now)
    return booking


@transaction.atomic
def approve(booking_id: int, by: User, now: datetime) -> Booking:
    """The organisers say yes: a seat, or the place in the line of when the person registered.

    Raises Refused when it is not waiting for them any more, and where the meeting is cancelled.
    """
    parts, booking = _find(booking_id)
    _check_takes_place(booking.part.meeting, by)
    _check(booking, Status.WAITING, {Status.APPLIED})
    part = booking.part
    _expire(part, now)
    if part.free != 0 and part.bookings.waiting().exists():
        _fill(part, now)
    status = Status.WAITING if part.free == 0 else Status.CONFIRMED
    _move(booking, status, now, by)
    own = [one for one in _own(booking.registration) if one.pk != booking.pk]
    _told(booking, parts, own, now)
    return booking


@transaction.atomic
def decline(booking_id: int, reason: str, by: User, now: datetime) -> Booking:
    """The organisers say no, or take a seat back; the person is told why.

    Raises Refused without a reason, and when the booking has ended.
    """
    parts, booking = _find(booking_id)
    if not reason.strip():
        raise Refused(_("Give a reason: the other side is told."))
    _check(booking, Status.DECLINED, Booking.LIVE)
    mail = WITHDRAWN if booking.status in Booking.HOLDING else DECLINED
    booking.reason = reason.strip()
    _leave([booking], Status.DECLINED, parts, now, by)
    _write(mail, booking, reason=booking.reason)
    return booking


@transaction.atomic
def cancel(registration: Registration, now: datetime, booking_id: int | None = None):
    """Give back everything of this registration, or one seat, offer or place in a line.

    With the last seat on site or online, the site visits go too. What is freed is offered to the
    next in line. Raises Refused when it was given back already.
    """
    parts = locked(registration.meeting_id)
    going = [one for one in _own(registration) if booking_id in (None, one.pk)]
    if not going:
        raise Refused(_("This was given back already."))
    _leave(going, Status.CANCELLED, parts, now)


@transaction.atomic
def set_seats(part_id: int, seats: int | None, now: datetime) -> Part:
    """Give a part more or fewer seats; None: no limit. The waiting list moves up by as many.

    Raises Refused where more people have a seat than that.
    """
    parts = locked(Part.objects.values_list("meeting", flat=True).get(pk=part_id))
    part = _known(parts, part_id)
    _expire(part, now)
    if seats is not None and seats < part.taken:
        said = _("%(taken)s people have a seat (%(part)s). Give at least as many seats.")
        raise Refused(said % {"taken": part.taken, "part": part})
    part.seats = seats
    part.save(update_fields=["seats"])
    _fill(part, now)
    return part


def expire_offers(now: datetime) -> int:
    """Let offers that nobody took go to the next in line; how many ran out.

    One transaction for each meeting. May run as often as one likes.
    """
    number = 0
    meetings = Part.objects.unsettled(now).order_by("meeting").values_list("meeting", flat=True)
    for meeting_id in meetings.distinct():
        with transaction.atomic():
            for part in locked(meeting_id).values():
                number += _expire(part, now)
                _fill(part, now)
    return number


# What the steps share; the parts are locked already


def locked(meeting_id: int) -> dict[int, Part]:
    """All parts of a meeting, by key: until the transaction ends nobody else changes a seat.

    Nor is the meeting announced, held or cancelled meanwhile: it is read anew under its own lock,
    which comes after those of the parts. Who locks a meeting first must not ask for its parts.
    """
    parts = Part.objects.select_for_update(no_key=True).filter(meeting=meeting_id)
    found = {part.pk: part for part in parts.order_by("pk")}
    meetings = Meeting.objects.select_for_update(no_key=True, of=("self",))
    meeting = meetings.select_related("desk").get(pk=meeting_id)
    for part in found.values():
        part.meeting = meeting
    return found


def _known(parts: dict[int, Part], part_id: int) -> Part:
    if part_id not in parts:
        raise Refused(_("This part of the meeting is gone."))
    return parts[part_id]


def _find(booking_id: int) -> tuple[dict[int, Part], Booking]:
    """The locked parts, and the booking as it is under the lock."""
    meeting_id = Booking.objects.values_list("part__meeting", flat=True).get(pk=booking_id)
    parts = locked(meeting_id)
    booking = Booking.objects.select_related("registration__user").get(pk=booking_id)
    booking.part = parts[booking.part_id]
    return parts, booking


def _own(registration: Registration) -> list[Booking]:
    """Live bookings of a registration."""
    return list(registration.bookings.live().select_related("part").order_by("pk"))


def _has_a_way(own: Iterable[Booking]) -> bool:
    return any(one.status == Status.CONFIRMED and one.part.is_way for one in own)


def _check_takes_place(meeting: Meeting, by: User | None = None):
    """`by`: the organiser who acts, for whom a meeting that was held will do."""
    will_do = (Meeting.Status.ANNOUNCED, Meeting.Status.HELD) if by else (Meeting.Status.ANNOUNCED,)
    if meeting.status not in will_do:
        raise Refused(_("This meeting does not take place."))


def _check_visit(part: Part, own: list[Booking], now: datetime):
    if not _has_a_way(own):
        raise Refused(_("Site visits are for confirmed participants."))
    if part.begins <= now:
        raise Refused(_("This site visit has begun already."))


def _check(booking: Booking, to: str, sources: Iterable[str]):
    if booking.status not in sources or to not in Booking.NEXT.get(booking.status, ()):
        said = _("The place is “%(status)s” now: this cannot be done any more.")
        raise Refused(said % {"status": booking.get_status_display()})


def _move(booking: Booking, to: str, now: datetime, by: User | None = None):
    booking.status, booking.at, booking.decided_by = to, now, by
    booking.save(update_fields=["status", "at", "decided_by", "offered_until", "reason"])


def _end(
    bookings: list[Booking],
    to: str,
    parts: dict[int, Part],
    now: datetime,
    by: User | None = None,
):
    """End these bookings, and offer what they held to the next in line."""
    for one in bookings:
        _move(one, to, now, by)
    for part_id in sorted({one.part_id for one in bookings}):
        _expire(parts[part_id], now)
        _fill(parts[part_id], now)


def _leave(
    going: list[Booking],
    to: str,
    parts: dict[int, Part],
    now: datetime,
    by: User | None = None,
):
    """End these bookings of one registration; without a way left, its site visits end too."""
    registration = going[0].registration
    own = _own(registration)
    keys = {one.pk for one in going}
    left = [one for one in own if one.pk not in keys]
    loses_way = _has_a_way(own) and not _has_a_way(left)
    if loses_way:
        visits = [one for one in left if not one.part.is_way]
        _end(visits, Status.CANCELLED, parts, now)
    _end(going, to, parts, now, by)
    if loses_way:
        calendar_mails.send_cancel(registration, now)


def _told(booking: Booking, parts: dict[int, Part], own: list[Booking], now: datetime):
    """After a booking got its state: end the seat that it takes the place of, and tell."""
    registration = booking.registration
    if booking.status == Status.CONFIRMED and booking.part.is_way:
        before = [one for one in own if one.part.is_way and one.status == Status.CONFIRMED]
        _end(before, Status.CANCELLED, parts, now)
        calendar_mails.send_request(registration, now)  # says that the seat is confirmed, too
    else:
        _write(REGISTERED, booking, status=str(booking.status), place=booking.place)


def _expire(part: Part, now: datetime) -> int:
    """Let offers that ran out go, and offer their seats to the next; how many they were."""
    if part.meeting.status != Meeting.Status.ANNOUNCED:
        return 0
    expired = list(part.bookings.ran_out(now).select_related("registration__user"))
    for booking in expired:
        _move(booking, Status.EXPIRED, now)
        _write(EXPIRED, booking)
    if expired:
        _fill(part, now)
    return len(expired)


def _fill(part: Part, now: datetime):
    """Offer free seats to those who wait, in their order, until the part begins."""
    part.refresh_from_db(fields=["taken"])
    if part.meeting.status != Meeting.Status.ANNOUNCED or part.begins <= now or part.free == 0:
        return
    line = part.bookings.waiting().select_related("registration__user")
    for booking in line[: part.free]:
        until = min(now + timedelta(hours=part.meeting.desk.offer_hours), part.begins)
        booking.part = part
        booking.offered_until = until
        _move(booking, Status.OFFERED, now)
        _write(OFFERED, booking)
    part.refresh_from_db(fields=["taken"])


def _write(template: str, booking: Booking, **said):
    person = booking.registration.user
    if person.is_active:
        context = {"registration": booking.registration, "booking": booking, **said}
        outbox.post(template, person.email, context)
