"""Each mail about registration for meetings, by the step that sends it (test_headers.py).

A step takes a name, which it puts wherever people write something, and leaves one mail to be sent.
"""

from datetime import timedelta

from mailings.models import OutgoingMail
from meetings import seats
from meetings.models import Booking
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
    UserFactory,
)


def _hall(names, **fields):
    meeting = MeetingFactory(title=f"Meeting {names}", place=names)
    RegistrationDeskFactory(meeting=meeting)
    return PartFactory(meeting=meeting, title=f"Hall {names}", **fields)


def _registration(part, names):
    return RegistrationFactory(meeting=part.meeting, name=names, user=UserFactory(name=names))


def registered(names):
    hall = _hall(names)
    seats.take(_registration(hall, names), hall.pk, NOW)


def seat_offered(names):
    hall = _hall(names, seats=0)
    seats.take(_registration(hall, names), hall.pk, NOW)
    OutgoingMail.objects.all().delete()
    seats.set_seats(hall.pk, 1, NOW)


def offer_expired(names):
    hall = _hall(names)
    BookingFactory(
        part=hall,
        registration=_registration(hall, names),
        status=Booking.Status.OFFERED,
        offered_until=NOW - timedelta(hours=1),
    )
    seats.expire_offers(NOW)


def declined(names):
    hall = _hall(names, seats=0)
    booking = seats.take(_registration(hall, names), hall.pk, NOW)
    OutgoingMail.objects.all().delete()
    seats.decline(booking.pk, f"<b>{names}</b>\nSecond line.", LeadFactory(), NOW)


def seat_withdrawn(names):
    hall = _hall(names)
    booking = BookingFactory(part=hall, registration=_registration(hall, names))
    seats.decline(booking.pk, f"<b>{names}</b>\nSecond line.", LeadFactory(), NOW)


STEPS = {
    f"meetings/mail/{step.__name__}": step
    for step in (registered, seat_offered, offer_expired, declined, seat_withdrawn)
}
