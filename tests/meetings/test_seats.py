"""Seats of meetings: given once, waited for in order, offered to the next, kept for a time."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from mailings.models import OutgoingMail
from meetings import calendar_mails, hourly, seats
from meetings.models import Booking, Meeting, Part, Registration
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
)

pytestmark = pytest.mark.django_db
Status = Booking.Status
HOUR = timedelta(hours=1)


@pytest.fixture
def hall():
    """Being on site, with two seats."""
    return PartFactory(meeting=RegistrationDeskFactory().meeting)


def calendars() -> list[tuple[str, str]]:
    """What was sent to calendars, in its order: ("request" or "cancel", name)."""
    words = {calendar_mails.REQUEST: "request", calendar_mails.CANCEL: "cancel"}
    sent = OutgoingMail.objects.filter(template__in=words).order_by("pk")
    names = dict(Registration.objects.values_list("pk", "name"))
    return [(words[one.template], names[one.context["registration"]["pk"]]) for one in sent]


def somebody(part, name="", **fields):
    fields |= {"name": name} if name else {}
    return RegistrationFactory(meeting=part.meeting, **fields)


def join(part, *names, now=NOW):
    """Bookings of new people in this part, one after the other."""
    return [seats.take(somebody(part, name), part.pk, now) for name in names]


def states(part) -> dict[str, str]:
    """Name → state of the newest booking."""
    bookings = part.bookings.select_related("registration").order_by("number")
    return {one.registration.name: one.status for one in bookings}


def mails(template: str) -> list[str]:
    """To whom mails were promised, in their order."""
    return [mail.to for mail in OutgoingMail.objects.filter(template=template).order_by("pk")]


# Taking and waiting


def test_the_first_get_the_seats_and_the_others_wait_in_order(hall):
    bookings = join(hall, "Ana", "Boris", "Chen", "Dalia")

    assert [one.number for one in bookings] == [1, 2, 3, 4]
    assert states(hall) == {
        "Ana": "confirmed",
        "Boris": "confirmed",
        "Chen": "waiting",
        "Dalia": "waiting",
    }
    assert [one.place for one in bookings] == [0, 0, 1, 2]
    told = [
        (mail.context["status"], mail.context["place"])
        for mail in OutgoingMail.objects.filter(template=seats.REGISTERED).order_by("pk")
    ]
    assert told == [("waiting", 1), ("waiting", 2)]
    assert calendars() == [("request", "Ana"), ("request", "Boris")]


def test_without_a_limit_everybody_gets_a_seat(hall):
    hall.seats = None
    hall.save()

    join(hall, "Ana", "Boris", "Chen")

    assert set(states(hall).values()) == {"confirmed"}


def test_a_person_has_one_place_in_a_part(hall):
    registration = somebody(hall)
    seats.take(registration, hall.pk, NOW)

    with pytest.raises(Refused, match="You have a place there already"):
        seats.take(registration, hall.pk, NOW)


def test_the_database_refuses_a_seat_too_many(hall):
    join(hall, "Ana", "Boris")

    with pytest.raises(IntegrityError, match="part_no_more_than_its_seats"), transaction.atomic():
        BookingFactory(part=hall, number=99)


def test_the_database_refuses_the_same_number_twice(hall):
    join(hall, "Ana")

    with pytest.raises(IntegrityError, match="booking_number_once"), transaction.atomic():
        BookingFactory(part=hall, number=1, status=Status.WAITING)


# One seat free, one promoted


def test_a_seat_that_is_given_back_is_offered_to_the_first_in_line_and_to_nobody_else(hall):
    ana, _boris, chen, dalia = join(hall, "Ana", "Boris", "Chen", "Dalia")

    seats.cancel(ana.registration, NOW)

    assert states(hall) == {
        "Ana": "cancelled",
        "Boris": "confirmed",
        "Chen": "offered",
        "Dalia": "waiting",
    }
    chen.refresh_from_db()
    assert chen.offered_until == NOW + 48 * HOUR
    assert mails(seats.OFFERED) == [chen.registration.user.email]
    dalia.refresh_from_db()
    assert dalia.place == 1


def test_giving_back_twice_promotes_one_only(hall):
    ana, *_others = join(hall, "Ana", "Boris", "Chen", "Dalia")
    seats.cancel(ana.registration, NOW)

    with pytest.raises(Refused, match="given back already"):
        seats.cancel(ana.registration, NOW)

    assert Counter(states(hall).values())["offered"] == 1


def test_who_comes_new_does_not_overtake_who_waits(hall):
    ana, _boris, _chen = join(hall, "Ana", "Boris", "Chen")
    seats.cancel(ana.registration, NOW)

    join(hall, "Dalia")

    assert (states(hall)["Chen"], states(hall)["Dalia"]) == ("offered", "waiting")


def test_an_offer_is_accepted_until_its_end_and_not_after(hall):
    ana, boris, chen, dalia = join(hall, "Ana", "Boris", "Chen", "Dalia")
    seats.cancel(ana.registration, NOW)
    seats.cancel(boris.registration, NOW)

    seats.accept_offer(chen.pk, NOW + 48 * HOUR - timedelta(seconds=1))
    with pytest.raises(Refused, match="The time to accept this seat is over"):
        seats.accept_offer(dalia.pk, NOW + 48 * HOUR)

    assert states(hall)["Chen"] == "confirmed"


def test_an_offer_that_ran_out_goes_to_the_next_by_itself_once(hall):
    ana, _boris, chen, dalia = join(hall, "Ana", "Boris", "Chen", "Dalia")
    seats.cancel(ana.registration, NOW)

    assert hourly.due(NOW + 47 * HOUR)["offers of seats run out"] == 0
    assert hourly.due(NOW + 48 * HOUR)["offers of seats run out"] == 1
    assert hourly.due(NOW + 48 * HOUR)["offers of seats run out"] == 0

    assert (states(hall)["Chen"], states(hall)["Dalia"]) == ("expired", "offered")
    dalia.refresh_from_db()
    assert dalia.offered_until == NOW + 96 * HOUR
    assert mails(seats.EXPIRED) == [chen.registration.user.email]


def test_a_new_registration_finds_offers_that_ran_out_though_the_hour_has_not_come(hall):
    ana, _boris, _chen = join(hall, "Ana", "Boris", "Chen")
    seats.cancel(ana.registration, NOW)

    join(hall, "Dalia", now=NOW + 49 * HOUR)

    assert (states(hall)["Chen"], states(hall)["Dalia"]) == ("expired", "confirmed")


def test_an_offer_ends_when_the_meeting_begins_and_none_is_made_after(hall):
    meeting = hall.meeting
    ana, boris, chen, _dalia = join(hall, "Ana", "Boris", "Chen", "Dalia")
    begins = hall.begins
    assert begins.isoformat() == "2027-03-09T00:00:00+07:00"

    seats.cancel(ana.registration, begins - 5 * HOUR)
    chen.refresh_from_db()
    assert chen.offered_until == begins
    seats.cancel(boris.registration, begins)

    assert states(hall)["Dalia"] == "waiting"
    assert meeting.desk.closes_at < begins - 5 * HOUR  # offers go on after the desk has closed


def test_nothing_is_offered_while_the_meeting_is_cancelled_and_all_once_it_is_announced(hall):
    ana, _boris, chen = join(hall, "Ana", "Boris", "Chen")
    Meeting.objects.update(status="cancelled", status_reason="Flood.")
    seats.cancel(ana.registration, NOW)
    assert hourly.due(NOW)["offers of seats run out"] == 0
    assert states(hall)["Chen"] == "waiting"

    Meeting.objects.update(status="announced")
    hourly.due(NOW)

    assert states(hall)["Chen"] == "offered"
    Meeting.objects.update(status="cancelled", status_reason="Flood.")
    with pytest.raises(Refused, match="does not take place"):
        seats.accept_offer(chen.pk, NOW)


# More and fewer seats


def test_with_more_seats_the_line_moves_up_by_as_many(hall):
    join(hall, *"ABCDE")

    seats.set_seats(hall.pk, 4, NOW)

    assert list(states(hall).values()) == [*["confirmed"] * 2, *["offered"] * 2, "waiting"]


def test_without_a_limit_the_whole_line_moves_up(hall):
    join(hall, *"ABCDE")

    seats.set_seats(hall.pk, None, NOW)

    assert Counter(states(hall).values()) == {"confirmed": 2, "offered": 3}


def test_fewer_seats_than_people_are_refused(hall):
    join(hall, "Ana", "Boris", "Chen")

    with pytest.raises(Refused, match=r"2 people have a seat \(On site\)"):
        seats.set_seats(hall.pk, 1, NOW)


# Approval


def test_where_the_organisers_approve_nobody_has_a_seat_before(hall):
    hall.meeting.desk.needs_approval = True
    hall.meeting.desk.save()
    lead = LeadFactory()
    ana, boris, chen, dalia = join(hall, "Ana", "Boris", "Chen", "Dalia")
    assert set(states(hall).values()) == {"applied"}

    for booking in (dalia, chen, boris):
        seats.approve(booking.pk, lead, NOW)
    seats.decline(ana.pk, "Not this time.", lead, NOW)

    assert states(hall) == {
        "Ana": "declined",
        "Boris": "waiting",
        "Chen": "confirmed",
        "Dalia": "confirmed",
    }
    assert mails(seats.DECLINED) == [ana.registration.user.email]
    with pytest.raises(Refused, match="“Confirmed” now"):
        seats.approve(dalia.pk, lead, NOW)


def test_who_registered_first_is_first_in_line_however_late_the_approval(hall):
    hall.meeting.desk.needs_approval = True
    hall.meeting.desk.save()
    lead = LeadFactory()
    bookings = join(hall, *"ABCD")

    for booking in reversed(bookings):
        seats.approve(booking.pk, lead, NOW)

    assert [one.registration.name for one in hall.bookings.waiting()] == ["A", "B"]


def test_a_seat_that_the_organisers_take_back_goes_to_the_next_and_a_reason_is_needed(hall):
    ana, _boris, _chen = join(hall, "Ana", "Boris", "Chen")
    with pytest.raises(Refused, match="Give a reason"):
        seats.decline(ana.pk, "  ", LeadFactory(), NOW)

    seats.decline(ana.pk, "No visa.", LeadFactory(), NOW)

    assert (states(hall)["Ana"], states(hall)["Chen"]) == ("declined", "offered")
    assert mails(seats.WITHDRAWN) == [ana.registration.user.email]
    assert calendars()[2:] == [("cancel", "Ana")]


def test_an_organiser_who_registers_somebody_approves_with_it(hall):
    hall.meeting.desk.needs_approval = True
    hall.meeting.desk.save()

    booking = seats.take(somebody(hall), hall.pk, NOW, by=LeadFactory())

    assert booking.status == "confirmed"


# From one way to the other


@pytest.fixture
def room(hall):
    """Being online at the same meeting, without a limit."""
    return PartFactory(meeting=hall.meeting, kind=Part.Kind.ONLINE, seats=None)


def test_the_old_seat_is_kept_until_the_new_one_is_confirmed(hall, room):
    ana, _boris = join(hall, "Ana", "Boris")
    chen = somebody(room, "Chen")
    seats.take(chen, room.pk, NOW)

    waits = seats.take(chen, hall.pk, NOW)
    assert (states(hall)["Chen"], states(room)["Chen"]) == ("waiting", "confirmed")

    seats.cancel(ana.registration, NOW)
    assert (states(hall)["Chen"], states(room)["Chen"]) == ("offered", "confirmed")
    seats.accept_offer(waits.pk, NOW)
    assert (states(hall)["Chen"], states(room)["Chen"]) == ("confirmed", "cancelled")
    assert calendars() == [
        *[("request", "Ana"), ("request", "Boris"), ("request", "Chen")],
        *[("cancel", "Ana"), ("request", "Chen")],
    ]


def test_who_moves_to_a_free_seat_gives_the_old_one_to_the_next_at_once(hall, room):
    ana, _boris, _chen = join(hall, "Ana", "Boris", "Chen")

    seats.take(ana.registration, room.pk, NOW)

    assert (states(hall)["Ana"], states(hall)["Chen"]) == ("cancelled", "offered")
    assert states(room) == {"Ana": "confirmed"}


def test_who_waits_for_a_seat_on_site_may_be_online_meanwhile(hall, room):
    join(hall, "Ana", "Boris")
    chen = somebody(hall, "Chen")
    seats.take(chen, hall.pk, NOW)

    seats.take(chen, room.pk, NOW)

    assert (states(hall)["Chen"], states(room)["Chen"]) == ("waiting", "confirmed")


# Site visits


@pytest.fixture
def visit(hall):
    return PartFactory(
        meeting=hall.meeting, kind=Part.Kind.VISIT, title="Plant", seats=1, on=date(2027, 3, 8)
    )


def test_a_site_visit_is_for_confirmed_participants(hall, visit):
    ana, _boris, chen = join(hall, "Ana", "Boris", "Chen")

    assert seats.take(ana.registration, visit.pk, NOW).status == "confirmed"
    with pytest.raises(Refused, match="Site visits are for confirmed participants"):
        seats.take(chen.registration, visit.pk, NOW)
    with pytest.raises(Refused, match="has begun already"):
        seats.take(_boris.registration, visit.pk, visit.begins)


def test_who_gives_the_seat_back_gives_back_the_visit_which_goes_to_the_next(hall, visit):
    ana, boris = join(hall, "Ana", "Boris")
    for one in (ana, boris):
        seats.take(one.registration, visit.pk, NOW)

    seats.cancel(ana.registration, NOW, ana.pk)

    assert states(visit) == {"Ana": "cancelled", "Boris": "offered"}


def test_a_visit_that_is_given_back_leaves_the_seat_at_the_meeting(hall, visit):
    (ana,) = join(hall, "Ana")
    place = seats.take(ana.registration, visit.pk, NOW)

    seats.cancel(ana.registration, NOW, place.pk)

    assert (states(visit), states(hall)) == ({"Ana": "cancelled"}, {"Ana": "confirmed"})
    assert calendars() == [("request", "Ana")]


def test_a_meeting_without_a_desk_takes_nobody():
    part = PartFactory(meeting=MeetingFactory())

    with pytest.raises(Refused, match="takes no registrations"):
        seats.take(somebody(part), part.pk, NOW)
