"""Nobody gets a seat in a meeting that does not take place, also when both happen at once."""

import threading
from datetime import date

import pytest
import time_machine
from django.db import connection, transaction
from django.urls import reverse

from mailings.models import OutgoingMail
from meetings import announcing, own_places, registering, seats
from meetings.models import Booking, Meeting, Part, Registration
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    PartFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
    UserFactory,
)
from wmaportal.local import servers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hall():
    return PartFactory(meeting=RegistrationDeskFactory().meeting)


@pytest.fixture
def online(hall) -> Registration:
    """Somebody with a seat online."""
    room = PartFactory(meeting=hall.meeting, kind=Part.Kind.ONLINE, seats=None)
    return BookingFactory(part=room).registration


@pytest.fixture
def visit(hall):
    return PartFactory(
        meeting=hall.meeting, kind=Part.Kind.VISIT, title="Plant", on=date(2027, 3, 8)
    )


def cancel(part: Part):
    announcing.cancel(part.meeting_id, "Flood.", LeadFactory(), NOW)


def test_nobody_moves_joins_or_is_let_in_once_the_meeting_is_cancelled(hall, online, visit):
    applied = BookingFactory(part=hall, status="applied")
    cancel(hall)

    for step in (
        lambda: seats.move_way(online, hall.pk, NOW),
        lambda: registering.join_visit(online, visit.pk, {}, NOW),
        lambda: seats.take(RegistrationFactory(meeting=hall.meeting), hall.pk, NOW, LeadFactory()),
        lambda: seats.approve(applied.pk, LeadFactory(), NOW),
    ):
        with pytest.raises(Refused, match="This meeting does not take place"):
            step()

    states = Booking.objects.order_by("pk").values_list("part__kind", "status")
    assert list(states) == [("online", "confirmed"), ("on_site", "applied")]


def test_the_own_page_of_a_cancelled_meeting_offers_no_seat(client, hall, online, visit):
    offered = BookingFactory(
        part=visit, registration=online, status="offered", offered_until=visit.begins
    )
    client.force_login(online.user)
    code = hall.meeting.code
    addresses = [
        reverse("way_move", args=[code, hall.pk]),
        reverse("visit_join", args=[code, visit.pk]),
        reverse("seat_accept", args=[code, offered.pk]),
    ]
    page = client.get(reverse("registration_own", args=[code])).content.decode()
    assert [address in page for address in addresses] == [True, False, True]

    cancel(hall)

    page = client.get(reverse("registration_own", args=[code])).content.decode()
    assert [address in page for address in addresses] == [False, False, False]
    assert "This meeting is cancelled." in page
    Booking.objects.filter(pk=offered.pk).delete()
    page = client.get(reverse("registration_own", args=[code])).content.decode()
    assert [address in page for address in addresses] == [False, False, False]
    assert client.get(addresses[1]).status_code == 302
    own = own_places.of(online.user, Meeting.objects.get(code=code))
    hall.meeting.refresh_from_db()
    assert own_places.can_move_to(own, [hall], NOW) == []


def test_organisers_add_people_to_a_meeting_that_was_held(hall):
    Meeting.objects.update(status="held")
    late = RegistrationFactory(meeting=hall.meeting)

    with pytest.raises(Refused, match="does not take place"):
        seats.take(late, hall.pk, NOW)
    assert seats.take(late, hall.pk, NOW, LeadFactory()).status == "confirmed"


def in_a_thread(step, *arguments) -> tuple[threading.Thread, list]:
    """Run a step over a connection of its own; the list gets what it gave back or raised."""
    ended = []

    def run():
        try:
            ended.append(step(*arguments))
        except Refused as refusal:
            ended.append(str(refusal))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, ended


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def register(part: Part, user) -> Booking:
    return registering.register(part.meeting_id, user, part.pk, {"name": "Ana"}, {}, NOW)


@pytest.mark.django_db(transaction=True)
def test_who_registers_while_the_meeting_is_being_cancelled_is_refused(hall):
    user, lead = UserFactory(), LeadFactory()

    with transaction.atomic():
        announcing.cancel(hall.meeting_id, "Flood.", lead, NOW)
        thread, ended = in_a_thread(register, hall, user)
        assert servers.wait_until(waits_for_a_lock, 10)
    thread.join(10)

    assert ended == ["This meeting does not take place."]
    assert not Registration.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_got_a_seat_just_before_the_meeting_was_cancelled_is_told(hall):
    user, lead = UserFactory(), LeadFactory()

    with transaction.atomic():
        register(hall, user)
        thread, _ended = in_a_thread(announcing.cancel, hall.meeting_id, "Flood.", lead, NOW)
        assert servers.wait_until(waits_for_a_lock, 10)
    thread.join(10)

    told = OutgoingMail.objects.filter(to=user.email).order_by("pk")
    assert [mail.template for mail in told] == [
        "meetings/mail/calendar_request",
        "meetings/mail/calendar_cancel",
    ]


@pytest.mark.django_db(transaction=True)
def test_moving_and_cancelling_at_once_never_wait_for_each_other_in_a_circle(hall):
    lead = LeadFactory()
    rooms = PartFactory(meeting=hall.meeting, kind=Part.Kind.ONLINE, seats=None)
    hall.seats = None
    hall.save()
    people = [register(rooms, UserFactory()).registration for _number in range(5)]

    running = [in_a_thread(seats.move_way, one, hall.pk, NOW) for one in people]
    running.append(in_a_thread(announcing.cancel, hall.meeting_id, "Flood.", lead, NOW))
    for thread, _ended in running:
        thread.join(20)

    assert [len(ended) for _thread, ended in running] == [1] * 6
    assert Meeting.objects.get().status == "cancelled"
