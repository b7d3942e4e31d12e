"""Registering on the pages: the form, sign-in between, the own page, site visits."""

import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from meetings import desks, registering, seats
from meetings.models import (
    FormAnswer,
    FormQuestion,
    Meeting,
    Part,
    Registration,
    RegistrationDesk,
)
from meetings.views import registration as views
from meetings.waiting import registration as waiting
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    MembershipFactory,
    OrganisationFactory,
    PartFactory,
    PartnerUserFactory,
    RegistrationDeskFactory,
    UserFactory,
)
from wmaportal.local import servers

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hall():
    return PartFactory(meeting=RegistrationDeskFactory(asks_funding=True).meeting)


def register_url(part) -> str:
    return reverse("register", args=[part.meeting.code])


def own_url(part) -> str:
    return reverse("registration_own", args=[part.meeting.code])


def typed(part, **changes) -> dict:
    said = {"way": part.pk, "name": "Ana Silva", "country": "UY", "appearance": "participants"}
    return said | changes


def words(answer) -> str:
    return " ".join(answer.content.decode().split())


# The form


def test_a_person_registers_and_sees_the_seat(client, hall):
    user = UserFactory()
    client.force_login(user)

    answer = client.post(
        register_url(hall), typed(hall, diet="vegetarian", is_funded="on"), follow=True
    )

    assert answer.redirect_chain == [(own_url(hall), 302)]
    registration = Registration.objects.get()
    assert (registration.user, registration.name, registration.country_id) == (
        user,
        "Ana Silva",
        "UY",
    )
    assert (registration.is_funded, registration.diet, registration.appearance) == (
        True,
        "vegetarian",
        "participants",
    )
    assert "Seat confirmed on 24 November 2026." in words(answer)


def test_the_form_says_what_becomes_of_the_answers(client, hall):
    page = words(client.get(register_url(hall)))

    assert page.count("Erased on 10 April 2027.") == 2
    assert "We never ask for passport data." in page
    assert "Seen by the organisers alone." in page


def test_what_is_not_asked_is_not_there(client):
    desk = RegistrationDeskFactory()
    PartFactory(meeting=desk.meeting)

    page = words(client.get(reverse("register", args=[desk.meeting.code])))

    assert "pays my travel" not in page
    assert "invitation letter" not in page


def signs_in(client, user):
    """As signing in does: the session goes on, with what is kept in it."""
    kept = client.session[views.KEPT]
    client.force_login(user)
    session = client.session
    session[views.KEPT] = kept
    session.save()


def test_a_visitor_fills_in_signs_in_and_finds_what_was_typed(client, hall):
    answer = client.post(register_url(hall), typed(hall, organisation_name="Ministry"))
    assert "Your answers are kept. Who are you?" in words(answer)
    assert Registration.objects.count() == 0

    signs_in(client, UserFactory())
    page = client.get(register_url(hall))

    assert "Your answers are here" in words(page)
    form = page.context["form"]
    names = ("way", "name", "organisation_name", "country")
    assert [form[name].value() for name in names] == [
        *(str(hall.pk), "Ana Silva"),
        *("Ministry", "UY"),
    ]
    client.post(register_url(hall), typed(hall))
    assert views.KEPT not in client.session


def test_what_the_organisers_alone_may_read_is_not_kept_before_sign_in(client, hall):
    illness = question(hall.meeting, text="Illness?", kind="text", is_sensitive=True)
    dinner = question(hall.meeting)
    private = {"diet": "no-nuts", "access": "epilepsy", f"q{illness.pk}": "asthma"}
    said = typed(hall, is_funded="on", **private, **{f"q{dinner.pk}": "yes"})

    answer = client.post(register_url(hall), said)

    assert "are not kept: we ask for them again" in words(answer)
    assert set(client.session[views.KEPT]["typed"]) == {
        *("way", "name", "country", "appearance"),
        f"q{dinner.pk}",
    }
    signs_in(client, UserFactory())
    page = words(client.get(register_url(hall)))
    assert "Say your diet, access needs" in page
    assert [word in page for word in ("no-nuts", "epilepsy", "asthma")] == [False] * 3


def test_what_a_visitor_typed_is_kept_for_an_hour(client, hall):
    client.post(register_url(hall), typed(hall))
    signs_in(client, UserFactory())

    with time_machine.travel(NOW + timedelta(minutes=61), tick=False):
        page = client.get(register_url(hall))

    assert "Your answers are here" not in words(page)
    assert page.context["form"]["country"].value() == ""
    assert views.KEPT not in client.session


def test_nobody_fills_the_store_of_sessions_from_one_connection(hall):
    answers = [Client().post(register_url(hall), typed(hall)) for _number in range(21)]

    assert "Your answers are kept" in words(answers[19])
    assert answers[20].context["form"].errors["__all__"] == [
        "Somebody sent this form very often from your connection. Wait a few minutes and send "
        "it again, or sign in first. Nothing that you typed is lost."
    ]
    assert Session.objects.count() == 20


def test_wrong_input_loses_nothing(client, hall):
    client.force_login(UserFactory())

    page = client.post(register_url(hall), typed(hall, name="", diet="no nuts"))

    assert page.context["form"].errors == {"name": ["This field is required."]}
    assert page.context["form"]["diet"].value() == "no nuts"


def test_the_own_organisation_and_its_country_are_filled_in(client, hall):
    house = OrganisationFactory(country_id="KE")
    user = MembershipFactory(organisation=house).user
    client.force_login(user)

    form = client.get(register_url(hall)).context["form"]
    assert (form["name"].value(), form["organisation"].value(), form["country"].value()) == (
        user.name,
        house.pk,
        "KE",
    )

    client.post(register_url(hall), typed(hall, organisation=house.pk, organisation_name="Other"))
    assert Registration.objects.get().represents == house.name


@pytest.mark.parametrize(
    ("opens", "closes", "status", "said"),
    [
        (-1, 80, "cancelled", "This meeting is cancelled."),
        (1, 80, "announced", "Registration opens on 25 November 2026, 16:00 Bangkok (UTC+7)."),
        (-9, -1, "announced", "Registration closed on 23 November 2026, 16:00 Bangkok (UTC+7)."),
        (-9, -1, "held", "This meeting is over."),
    ],
)
def test_why_one_cannot_register_is_said(client, opens, closes, status, said):
    meeting = MeetingFactory(status=status, status_reason="Flood.")
    RegistrationDeskFactory(
        meeting=meeting, opens_at=NOW + opens * DAY, closes_at=NOW + closes * DAY
    )
    part = PartFactory(meeting=meeting)
    client.force_login(UserFactory())

    assert said in words(client.get(register_url(part)))
    client.post(register_url(part), typed(part))
    assert Registration.objects.count() == 0


def test_without_a_desk_one_cannot_register(client):
    meeting = MeetingFactory()

    page = client.get(reverse("register", args=[meeting.code]))

    assert "This meeting takes no registrations here." in words(page)


@pytest.mark.parametrize("audience", ["partners", "core"])
def test_who_may_not_see_the_meeting_cannot_register(client, audience):
    meeting = MeetingFactory(audience=audience)
    part = PartFactory(meeting=RegistrationDeskFactory(meeting=meeting).meeting)
    assert client.get(register_url(part)).url.startswith(reverse("account_login"))
    client.force_login(UserFactory())

    assert client.post(register_url(part), typed(part)).status_code == 404
    client.force_login(PartnerUserFactory())
    answer = client.post(register_url(part), typed(part)).status_code
    assert answer == {"partners": 302, "core": 404}[audience]


def test_the_form_tells_who_comes_late_about_the_waiting_list(client, hall):
    page = words(client.get(register_url(hall)))
    assert "On site: 2 seats are free" in page

    for _number in range(2):
        BookingFactory(part=hall)
    BookingFactory(part=hall, status="waiting")

    page = words(client.get(register_url(hall)))
    assert "On site: all seats are taken, and 1 person waits; you get the next place" in page


def test_two_clicks_are_one_registration(hall):
    user = UserFactory()
    values = {"name": "Ana"}
    registering.register(hall.meeting_id, user, hall.pk, values, {}, NOW)

    with pytest.raises(Refused, match="registered already"):
        registering.register(hall.meeting_id, user, hall.pk, values, {}, NOW)


@pytest.mark.django_db(transaction=True)
def test_who_registers_again_while_the_seat_is_taken_back_keeps_what_calendars_were_told(hall):
    user, lead = UserFactory(), LeadFactory()
    booking = registering.register(hall.meeting_id, user, hall.pk, {"name": "Ana"}, {}, NOW)
    thread = threading.Thread(target=_register_again, args=[hall, user])

    with transaction.atomic():
        seats.decline(booking.pk, "No visa.", lead, NOW)  # its event is taken out of calendars
        thread.start()
        assert servers.wait_until(_somebody_waits, 10)
    thread.join(10)

    registration = Registration.objects.get()
    assert registration.bookings.get(number=2).status == "confirmed"
    assert (registration.told_sequence, registration.own_sequence) == (0, 2)


def _register_again(part: Part, user):
    try:
        registering.register(part.meeting_id, user, part.pk, {"name": "Ana"}, {}, NOW)
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def test_who_cancelled_registers_again_with_a_new_number(client, hall):
    user = UserFactory()
    client.force_login(user)
    client.post(register_url(hall), typed(hall, diet="vegan"))
    client.post(reverse("registration_cancel", args=[hall.meeting.code]))

    form = client.get(register_url(hall)).context["form"]
    assert form["diet"].value() == "vegan"
    client.post(register_url(hall), typed(hall))

    numbers = Registration.objects.get().bookings.order_by("number")
    assert [(one.number, one.status) for one in numbers] == [(1, "cancelled"), (2, "confirmed")]


# Own questions


def question(meeting, part=None, **fields):
    said = {"text": "Do you come to the dinner?", "kind": FormQuestion.Kind.YES_NO}
    return desks.add_question(meeting, part, said | fields)


def test_own_questions_are_asked_answered_and_shown(client, hall):
    dinner = question(hall.meeting, is_required=True)
    fish = question(
        hall.meeting,
        text="Fish or rice?",
        kind="choice",
        choices=["Fish", "Rice"],
        is_sensitive=True,
    )
    client.force_login(UserFactory())
    refused = client.post(register_url(hall), typed(hall))
    assert list(refused.context["form"].errors) == [f"q{dinner.pk}"]

    said = {f"q{dinner.pk}": "yes", f"q{fish.pk}": "Rice"}
    page = client.post(register_url(hall), typed(hall, **said), follow=True)

    answers = FormAnswer.objects.order_by("question")
    assert [(one.question, one.text) for one in answers] == [(dinner, "yes"), (fish, "Rice")]
    assert "<dt>Do you come to the dinner?</dt><dd>Yes</dd>" in words(page)


# The own page


def test_what_one_said_can_be_changed_until_the_meeting_is_over(client, hall):
    user = UserFactory()
    client.force_login(user)
    client.post(register_url(hall), typed(hall))
    change = reverse("registration_change", args=[hall.meeting.code])

    client.post(change, {"name": "Ana S.", "appearance": "everyone", "country": ""})
    registration = Registration.objects.get()
    assert (registration.name, registration.appearance, registration.country) == (
        "Ana S.",
        "everyone",
        None,
    )

    Meeting.objects.update(status="held")
    with pytest.raises(Refused, match="is over"):
        registering.change(registration.pk, {"name": "X"}, {}, NOW)


APPROVED = "The organisers have approved these. Ask the organisers to change these."
SAID = {"name": "A stranger", "appearance": "everyone", "country": "PE", "diet": "vegan"}


@pytest.mark.parametrize("status", ["waiting", "offered", "confirmed"])
def test_whom_the_organisers_approved_cannot_become_somebody_else(client, hall, status):
    RegistrationDesk.objects.update(needs_approval=True)
    until = hall.begins if status == "offered" else None
    booking = BookingFactory(
        part=hall, status=status, registration__name="Ana", offered_until=until
    )
    client.force_login(booking.registration.user)
    change = reverse("registration_change", args=[hall.meeting.code])
    page = client.get(change)
    assert APPROVED in words(page)
    assert "name" not in page.context["form"].fields

    client.post(change, SAID)

    registration = Registration.objects.get()
    assert (registration.name, registration.country_id, registration.diet) == (
        *("Ana", "UY"),
        "vegan",
    )
    with pytest.raises(Refused, match="Ask them to change these"):
        registering.change(registration.pk, {"name": "A stranger"}, {}, NOW)
    registering.change(registration.pk, {"name": "Ana", "country_id": "UY"}, {}, NOW)


@pytest.mark.parametrize(("needs_approval", "status"), [(False, "confirmed"), (True, "applied")])
def test_who_needs_no_approval_or_has_none_yet_changes_the_name(
    client, hall, needs_approval, status
):
    RegistrationDesk.objects.update(needs_approval=needs_approval)
    booking = BookingFactory(part=hall, status=status, registration__name="Ana")
    client.force_login(booking.registration.user)

    client.post(reverse("registration_change", args=[hall.meeting.code]), SAID)

    assert Registration.objects.get().name == "A stranger"


def test_an_offer_is_accepted_with_its_button_alone(client, hall):
    hall.seats = 0
    hall.save()
    user = UserFactory()
    client.force_login(user)
    page = client.post(register_url(hall), typed(hall), follow=True)
    assert "Place 1 of the waiting list." in words(page)
    seats.set_seats(hall.pk, 1, NOW)
    booking = hall.bookings.get()
    assert [one.title for one in waiting.for_person(user, NOW)] == [
        f"A seat is free for you: {hall.meeting}"
    ]

    page = words(client.get(own_url(hall)))
    assert "A seat is kept for you until 26 November 2026, 16:00 Bangkok (UTC+7)." in page
    assert hall.bookings.get().status == "offered"
    client.post(reverse("seat_accept", args=[hall.meeting.code, booking.pk]))

    assert hall.bookings.get().status == "confirmed"
    assert waiting.for_person(user, NOW) == []


def test_nobody_touches_the_place_of_somebody_else(client, hall):
    booking = BookingFactory(part=hall)
    client.force_login(UserFactory())
    code = hall.meeting.code
    client.post(register_url(hall), typed(hall))

    for name in ("seat_accept", "seat_give_back"):
        assert client.post(reverse(name, args=[code, booking.pk])).status_code == 404
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_moving_online_is_asked_first(client, hall):
    room = PartFactory(meeting=hall.meeting, kind=Part.Kind.ONLINE, seats=None)
    client.force_login(UserFactory())
    client.post(register_url(hall), typed(hall))
    move = reverse("way_move", args=[hall.meeting.code, room.pk])

    assert "the one that you have goes to somebody else (On site)" in words(client.get(move))
    client.post(move)

    own = Registration.objects.get().bookings.order_by("number", "part")
    assert {(one.part.kind, one.status) for one in own} == {
        ("on_site", "cancelled"),
        ("online", "confirmed"),
    }


def test_signing_up_for_a_visit_asks_what_its_host_needs(client, hall):
    visit = desks.add_visit(hall.meeting, {"title": "Plant", "on": date(2027, 3, 8), "seats": 1})
    shoes = question(hall.meeting, visit, text="Size of shoes?", kind="text", is_required=True)
    client.force_login(UserFactory())
    join = reverse("visit_join", args=[hall.meeting.code, visit.pk])
    client.post(register_url(hall), typed(hall))

    refused = client.post(join, {})
    assert list(refused.context["form"].errors) == [f"q{shoes.pk}"]
    client.post(join, {f"q{shoes.pk}": "41"})

    assert visit.bookings.get().status == "confirmed"
    assert FormAnswer.objects.get().text == "41"


# The page of the meeting


def test_the_page_of_a_meeting_shows_seats_and_the_own_place(client, hall):
    BookingFactory(part=hall)
    page = words(client.get(hall.meeting.get_absolute_url()))
    assert "Registration open" in page
    assert "1 of 2 seats taken" in page
    assert "<dt>Closes</dt><dd>12 February 2027, 16:00 Bangkok (UTC+7)<br>" in page

    client.force_login(UserFactory())
    client.post(register_url(hall), typed(hall))

    assert "You are registered: On site" in words(client.get(hall.meeting.get_absolute_url()))


def test_an_organiser_hears_of_registrations_to_approve(hall):
    hall.meeting.desk.needs_approval = True
    hall.meeting.desk.save()
    organiser = UserFactory()
    hall.meeting.organisers.add(organiser)
    registering.register(hall.meeting_id, UserFactory(), hall.pk, {"name": "Ana"}, {}, NOW)

    assert [(one.title, one.text) for one in waiting.for_person(organiser, NOW)] == [
        (f"Approve registrations: {hall.meeting}", "1 registration waits for you.")
    ]
    assert waiting.for_person(LeadFactory(), NOW) == []
