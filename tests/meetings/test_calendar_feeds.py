"""A person's own calendar behind a secret address."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse

from meetings import calendar_feeds
from meetings.models import Booking, CalendarFeed, Meeting
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    PartnerUserFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
)
from tests.meetings.calendars import publish, read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(settings):
    settings.SITE_URL = "https://portal.example.org"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def person():
    return UserFactory()


def address(user) -> str:
    return reverse("calendar_feed", args=[calendar_feeds.make(user.pk, NOW).token])


def found(client, user) -> list[tuple[str, str, str]]:
    """(title, status, when it begins) of each event in the feed, whoever asks for it."""
    events = read(client.get(address(user)).content)
    return [(one["summary"], one["status"], one["dtstart"]) for one in events]


def meeting(title: str, **values) -> Meeting:
    made = MeetingFactory(title=title, online_address="https://online.example.org", **values)
    ItemFactory(session=SessionFactory(meeting=made, title="Opening"), title="Welcome")
    publish(made)
    return made


def seat(user, of: Meeting, status: str = "confirmed", offered_until=None, **values):
    """One in a new part of the meeting, which has these values."""
    part = PartFactory(meeting=of, **values)
    registration = of.registrations.filter(user=user).first()
    registration = registration or RegistrationFactory(meeting=of, user=user)
    BookingFactory(part=part, registration=registration, status=status, offered_until=offered_until)


DAY, NINE = "2027-03-09", "2027-03-09 02:00 UTC"


def test_a_confirmed_seat_brings_the_meeting_and_its_sessions(client, person):
    seat(person, meeting("Area"))

    assert found(client, person) == [
        ("Area", "CONFIRMED", DAY),
        ("Opening: Area", "CONFIRMED", NINE),
    ]
    events = read(client.get(address(person)).content)
    assert ["https://online.example.org" in one["description"] for one in events] == [True, True]


@pytest.mark.parametrize("status", ["waiting", "applied", "offered"])
def test_a_seat_that_is_waited_for_is_tentative_without_sessions_and_online_address(
    client, person, status
):
    until = NOW + timedelta(days=1) if status == "offered" else None
    seat(person, meeting("Area"), status, offered_until=until)

    assert found(client, person) == [("Area", "TENTATIVE", DAY)]
    assert b"online.example.org" not in client.get(address(person)).content


@pytest.mark.parametrize("status", ["cancelled", "declined", "expired"])
def test_a_seat_that_is_gone_is_not_in_it(client, person, status):
    seat(person, meeting("Area"), status)

    assert found(client, person) == []


def test_a_site_visit_with_a_seat_stands_beside_the_meeting(client, person):
    area = meeting("Area")
    seat(person, area)
    visit = {"kind": "visit", "on": date(2027, 3, 8), "begins_at": time(13)}
    seat(person, area, title="Plant", **visit)
    seat(person, area, "waiting", kind="visit", title="Depot", on=date(2027, 3, 11))

    assert found(client, person)[2:] == [
        ("Plant: Area", "CONFIRMED", "2027-03-08 06:00 UTC"),
        ("Depot: Area", "TENTATIVE", "2027-03-11"),
    ]


def test_an_organiser_has_drafts_as_tentative_and_the_lead_only_what_is_the_own(client, person):
    draft = meeting("Draft", status="draft")
    draft.organisers.add(person)
    lead = LeadFactory()

    assert found(client, person) == [
        ("Draft", "TENTATIVE", DAY),
        ("Opening: Draft", "TENTATIVE", NINE),
    ]
    assert found(client, lead) == []


def test_what_is_cancelled_stays_as_cancelled(client, person):
    seat(person, meeting("Area"))
    Meeting.objects.update(status="cancelled", status_reason="Flood")

    assert found(client, person) == [
        ("Cancelled: Area", "CANCELLED", DAY),
        ("Cancelled: Opening: Area", "CANCELLED", NINE),
    ]


def test_the_feed_is_what_its_owner_may_see_and_not_who_asks_for_it(client):
    partner = PartnerUserFactory()
    seat(partner, meeting("For partners", audience="partners"), "waiting")
    client.force_login(LeadFactory())
    assert found(client, partner) == [("For partners", "TENTATIVE", DAY)]

    Booking.objects.update(status="declined")
    Meeting.objects.update(audience="core")

    assert found(client, partner) == []


def test_somebody_elses_meetings_are_not_in_it(client, person):
    seat(UserFactory(), meeting("Area"))

    assert found(client, person) == []


def test_only_the_newest_address_answers_and_no_cache_keeps_it(client, person):
    first = address(person)
    response = client.get(first)
    assert (response.status_code, response["X-Robots-Tag"]) == (200, "noindex")
    assert (response["Referrer-Policy"], "no-store" in response["Cache-Control"]) == (
        "no-referrer",
        True,
    )

    calendar_feeds.renew(person.pk, NOW)

    second = address(person)
    assert [client.get(one).status_code for one in (first, second)] == [404, 200]
    calendar_feeds.switch_off(person.pk)
    assert [client.get(one).status_code for one in (first, second)] == [404, 404]
    calendar_feeds.switch_off(person.pk)
    with pytest.raises(Refused):
        calendar_feeds.renew(person.pk, NOW)


def test_a_person_who_may_not_sign_in_any_more_has_no_feed(client, person):
    feed = address(person)
    person.is_active = False
    person.save()

    assert client.get(feed).status_code == 404


def test_the_page_makes_renews_and_switches_off(client, person):
    client.force_login(person)
    page = reverse("calendar_settings")
    tokens = []
    for action in ("make", "make", "renew", "switch_off", "renew", "nonsense"):
        assert client.post(page, {"action": action}).status_code == 302
        tokens.append(CalendarFeed.objects.filter(user=person).values_list("token").first())
        assert client.get(page).status_code == 200

    first, again, renewed, *off = tokens
    assert (first == again, first == renewed, off) == (True, False, [None, None, None])


def test_the_page_shows_the_address_for_copying_and_for_programs(client, person):
    client.force_login(person)
    path = address(person)

    shown = client.get(reverse("calendar_settings")).context

    assert shown["address"] == f"https://portal.example.org{path}"
    assert shown["webcal"] == f"webcal://portal.example.org{path}"


def test_many_meetings_take_the_same_queries_as_one(client, person, django_assert_num_queries):
    feed = address(person)
    seat(person, meeting("One"))
    with django_assert_num_queries(9) as first:
        client.get(feed)
    for number in range(3):
        seat(person, meeting(f"Meeting {number}"))
    with django_assert_num_queries(len(first)):
        client.get(feed)
