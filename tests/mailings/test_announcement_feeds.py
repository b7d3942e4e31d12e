"""Announcements in Atom feeds and in calendars: newest first, safe words, for everybody alone."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from django.conf import settings
from icalendar import Calendar

from tests.factories import NOW, TODAY, AnnouncementFactory, OrganisationFactory, topic_called

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/announcements/feed/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def public(title: str = "Lamps", **fields):
    return AnnouncementFactory(title=title, audience="public", **fields)


def feed(client, address: str = FEED) -> ElementTree.Element:
    answer = client.get(address)
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)


def entries(client, address: str = FEED) -> list[str]:
    return [one.findtext(f"{ATOM}title") for one in feed(client, address).iter(f"{ATOM}entry")]


def events(client) -> list[dict]:
    answer = client.get("/announcements/dates.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    found = Calendar.from_ical(answer.content)
    return [
        {
            "title": str(event["summary"]),
            "first": event["dtstart"].dt,
            "end": event["dtend"].dt,
            "uid": str(event["uid"]).partition("@")[0],
        }
        for event in found.walk("VEVENT")
    ]


def test_a_feed_has_the_newest_first_of_all_topics_or_of_one(client):
    public("Older", published_at=NOW - timedelta(days=9))
    public("Newer")
    public("Event", topic=topic_called("events"), published_at=NOW - timedelta(days=3))

    assert entries(client) == ["Newer", "Event", "Older"]
    assert entries(client, f"{FEED}projects/") == ["Newer", "Older"]
    assert entries(client, f"{FEED}events/") == ["Event"]
    assert client.get(f"{FEED}nonsense/").status_code == 404


def test_addresses_in_a_feed_are_absolute_and_lead_back_to_the_list(client):
    one = public()

    found = feed(client, f"{FEED}projects/")
    links = {link.get("rel"): link.get("href") for link in found.findall(f"{ATOM}link")}
    entry = found.find(f"{ATOM}entry")

    assert links == {
        "alternate": f"{settings.SITE_URL}/announcements/?topic=projects",
        "self": f"{settings.SITE_URL}{FEED}projects/",
    }
    assert entry.find(f"{ATOM}link").get("href") == settings.SITE_URL + one.get_absolute_url()
    assert entry.findtext(f"{ATOM}updated") == one.published_at.isoformat()


def test_a_feed_names_organisations_and_no_people(client):
    public(organisation=OrganisationFactory(name="Institute of Lamps"))
    public("Alone")

    found = {
        one.findtext(f"{ATOM}title"): one.findtext(f"{ATOM}author/{ATOM}name")
        for one in feed(client).iter(f"{ATOM}entry")
    }

    assert found == {"Lamps": "Institute of Lamps", "Alone": None}


def test_hostile_words_stand_in_a_feed_as_words(client):
    nasty = "<script>alert(1)</script> & \x0b“quoted” \ufffe"
    public(nasty, text=nasty)

    entry = feed(client).find(f"{ATOM}entry")

    assert entry.findtext(f"{ATOM}title") == "<script>alert(1)</script> & “quoted” "
    assert "<script>" not in entry.findtext(f"{ATOM}summary")


def test_a_reader_that_has_the_feed_is_told_that_nothing_changed(client):
    public()
    first = client.get(FEED)

    again = client.get(FEED, headers={"If-None-Match": first["ETag"]})
    public("One more")
    later = client.get(FEED, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, later.status_code) == (304, 200)


def test_events_and_closing_days_stand_in_the_calendar_as_days(client):
    event = public("Training", begins_on=date(2027, 1, 5), ends_on=date(2027, 1, 7))
    one_day = public("Webinar", begins_on=date(2027, 1, 9))
    both = public("Grants", begins_on=date(2027, 3, 1), closes_on=date(2026, 12, 4))
    public("Without a day")
    public("Long past", begins_on=TODAY - timedelta(days=400))

    assert events(client) == [
        {
            "title": "Grants",
            "first": date(2027, 3, 1),
            "end": date(2027, 3, 2),
            "uid": f"announcement-{both.pk}",
        },
        {
            "title": "Closes: Grants",
            "first": date(2026, 12, 4),
            "end": date(2026, 12, 5),
            "uid": f"announcement-{both.pk}-closes",
        },
        {
            "title": "Training",
            "first": date(2027, 1, 5),
            "end": date(2027, 1, 8),
            "uid": f"announcement-{event.pk}",
        },
        {
            "title": "Webinar",
            "first": date(2027, 1, 9),
            "end": date(2027, 1, 10),
            "uid": f"announcement-{one_day.pk}",
        },
    ]


def test_hostile_words_stand_in_a_calendar_as_words(client):
    public("Lamps\x0b;,\\n", closes_on=TODAY, text="a\r\nBEGIN:VEVENT\r\nb")

    [event] = events(client)

    assert event["title"] == "Closes: Lamps;,\\n"
