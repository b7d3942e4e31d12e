"""Times on pages: the clock at the place by its zone's name, and the reader's own beside it.

What is expected is written by hand or follows from offsets written by hand: the database of time
zones is what is tested, not what tests.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse
from django.utils.html import strip_tags

from meetings import agenda, zones
from partners import time_zones
from tests.factories import (
    NOW,
    ExpertFactory,
    ItemFactory,
    MeetingFactory,
    MembershipFactory,
    OrganisationFactory,
    SessionFactory,
    UserFactory,
)
from tests.meetings.calendars import publish, read

pytestmark = pytest.mark.django_db


def shown(tag: str, moment: datetime, own: str = "") -> str:
    """What a tag writes for a reader of this zone."""
    request = RequestFactory().get("/meetings/")
    request.COOKIES = {zones.COOKIE: own} if own else {}
    template = Template("{% load meeting_times %}{% " + tag + " moment %}")
    return template.render(Context({"moment": moment, "request": request}))


def clock(there: str, iso: str, own: str) -> str:
    return f'<strong><time datetime="{iso}" data-clock>{there}</time></strong><small>{own}</small>'


OPENING = datetime(2027, 3, 9, 9, 0, tzinfo=ZoneInfo("Asia/Bangkok"))
ISO = "2027-03-09T09:00+07:00"


# In words


def test_a_clock_has_the_readers_own_below_it_and_marks_another_day():
    before = 'Mon 23:00<span class="sr"> (the day before)</span>'
    assert shown("clock", OPENING, "America/Montevideo") == clock("09:00", ISO, before)
    assert shown("clock", OPENING, "Europe/Vienna") == clock("09:00", ISO, "03:00")
    late = OPENING.replace(hour=23)
    after = 'Wed 01:00<span class="sr"> (the day after)</span>'
    assert shown("clock", late, "Asia/Tokyo") == clock("23:00", "2027-03-09T23:00+07:00", after)


@pytest.mark.parametrize("own", ["", "none", "Asia/Jakarta", "Nowhere/Land", "../etc/passwd"])
def test_without_another_clock_nothing_stands_below(own):
    assert shown("clock", OPENING, own) == clock("09:00", ISO, "")


def test_a_moment_is_said_in_words_with_zones_by_name():
    first = f'<time datetime="{ISO}">9 March 2027, 09:00 Bangkok (UTC+7)</time>'
    assert shown("moment", OPENING) == first
    assert shown("moment", OPENING, "America/Montevideo") == (
        f"{first}; 8 March, 23:00 Montevideo (UTC−3)"
    )
    assert shown("moment", OPENING, "Asia/Kolkata") == f"{first}; 07:30 Kolkata (UTC+5:30)"
    deadline = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert shown("moment", deadline, "Asia/Tokyo") == (
        '<time datetime="2026-12-31T23:30+00:00">31 December 2026, 23:30 UTC</time>; '
        "1 January 2027, 08:30 Tokyo (UTC+9)"
    )


@pytest.mark.parametrize(
    ("zone", "first", "days", "said"),
    [
        ("Asia/Bangkok", date(2027, 3, 9), 2, "Bangkok (UTC+7)"),
        ("Asia/Kolkata", date(2027, 3, 9), 2, "Kolkata (UTC+5:30)"),
        ("Asia/Kathmandu", date(2027, 3, 9), 1, "Kathmandu (UTC+5:45)"),
        ("America/St_Johns", date(2027, 1, 9), 1, "St. John’s (UTC−3:30)"),
        ("America/Argentina/Buenos_Aires", date(2027, 1, 9), 1, "Buenos Aires (UTC−3)"),
        ("Europe/London", date(2027, 1, 9), 1, "London (UTC)"),
        ("UTC", date(2027, 1, 9), 1, "UTC"),
        ("America/New_York", date(2027, 3, 13), 2, "New York (UTC−5, from 14 March UTC−4)"),
        ("America/New_York", date(2027, 3, 15), 2, "New York (UTC−4)"),
        ("Europe/Vienna", date(2027, 10, 30), 2, "Vienna (UTC+2, from 31 October UTC+1)"),
    ],
)
def test_a_zone_is_named_with_its_offset_on_these_days_both_where_clocks_are_changed(
    zone, first, days, said
):
    assert zones.over(ZoneInfo(zone), [first + timedelta(days=one) for one in range(days)]) == said


# Changes of clocks, by hand

#: Zone, day, what 09:00 there is in UTC, offset in words
CHANGES = [
    ("Asia/Tokyo", date(2027, 3, 28), "2027-03-28 00:00 UTC", "UTC+9"),
    ("Asia/Tokyo", date(2027, 7, 1), "2027-07-01 00:00 UTC", "UTC+9"),
    ("Asia/Manila", date(2027, 3, 28), "2027-03-28 01:00 UTC", "UTC+8"),
    ("Asia/Manila", date(2027, 10, 31), "2027-10-31 01:00 UTC", "UTC+8"),
    ("Africa/Nairobi", date(2027, 3, 28), "2027-03-28 06:00 UTC", "UTC+3"),
    ("Africa/Nairobi", date(2027, 11, 7), "2027-11-07 06:00 UTC", "UTC+3"),
    ("Europe/Vienna", date(2027, 3, 27), "2027-03-27 08:00 UTC", "UTC+1"),
    ("Europe/Vienna", date(2027, 3, 28), "2027-03-28 07:00 UTC", "UTC+2"),
    ("Europe/Vienna", date(2027, 10, 30), "2027-10-30 07:00 UTC", "UTC+2"),
    ("Europe/Vienna", date(2027, 10, 31), "2027-10-31 08:00 UTC", "UTC+1"),
    ("America/New_York", date(2027, 3, 13), "2027-03-13 14:00 UTC", "UTC−5"),
    ("America/New_York", date(2027, 3, 14), "2027-03-14 13:00 UTC", "UTC−4"),
    ("America/New_York", date(2027, 11, 6), "2027-11-06 13:00 UTC", "UTC−4"),
    ("America/New_York", date(2027, 11, 7), "2027-11-07 14:00 UTC", "UTC−5"),
    ("America/Santiago", date(2027, 4, 3), "2027-04-03 12:00 UTC", "UTC−3"),
    ("America/Santiago", date(2027, 4, 4), "2027-04-04 13:00 UTC", "UTC−4"),
    ("America/Santiago", date(2027, 9, 4), "2027-09-04 13:00 UTC", "UTC−4"),
    ("America/Santiago", date(2027, 9, 5), "2027-09-05 12:00 UTC", "UTC−3"),
]


def item_at(client, zone: str, day: date, begins_at: time, minutes: int = 60):
    """(item as people read it, its event as two programs read it) of a meeting of one item."""
    meeting = MeetingFactory(time_zone=zone, starts_on=day, ends_on=day)
    item = ItemFactory(
        session=SessionFactory(meeting=meeting, begins_at=begins_at), duration=minutes
    )
    publish(meeting)
    [session] = agenda.shown(agenda.newest(meeting), meeting)
    response = client.get(reverse("item_calendar", args=[meeting.code, item.pk]))
    [event] = read(response.content)
    return session.items[0], event


@pytest.mark.parametrize(("zone", "day", "utc", "offset"), CHANGES)
def test_nine_o_clock_is_the_right_moment_before_and_after_clocks_are_changed(
    client, zone, day, utc, offset
):
    item, event = item_at(client, zone, day, time(9))

    assert (event["dtstart"], time_zones.offset(item.begins)) == (utc, offset)
    assert f"{item.begins:%H:%M}" == "09:00"


def test_an_hour_is_an_hour_in_the_night_in_which_clocks_are_changed(client):
    item, event = item_at(client, "Europe/Vienna", date(2027, 3, 28), time(1, 30))
    assert (event["dtstart"], event["dtend"]) == ("2027-03-28 00:30 UTC", "2027-03-28 01:30 UTC")
    assert f"{item.begins:%H:%M} {item.ends:%H:%M}" == "01:30 03:30"

    item, event = item_at(client, "Europe/Vienna", date(2027, 10, 31), time(1, 30), 120)
    assert (event["dtstart"], event["dtend"]) == ("2027-10-30 23:30 UTC", "2027-10-31 01:30 UTC")
    assert f"{item.begins:%H:%M} {item.ends:%H:%M}" == "01:30 02:30"


# 24 zones, a session at 23:30

#: Zone and minutes from UTC on 9 and 10 March 2027
ALL_DAY = {
    "Pacific/Pago_Pago": -660,
    "Pacific/Honolulu": -600,
    "Pacific/Marquesas": -570,
    "America/Anchorage": -540,
    "America/Los_Angeles": -480,
    "America/Denver": -420,
    "America/Mexico_City": -360,
    "America/New_York": -300,
    "America/La_Paz": -240,
    "America/St_Johns": -210,
    "America/Montevideo": -180,
    "Atlantic/Azores": -60,
    "Africa/Accra": 0,
    "Europe/Vienna": 60,
    "Africa/Johannesburg": 120,
    "Africa/Nairobi": 180,
    "Asia/Tehran": 210,
    "Asia/Karachi": 300,
    "Asia/Kolkata": 330,
    "Asia/Kathmandu": 345,
    "Asia/Bangkok": 420,
    "Asia/Manila": 480,
    "Asia/Tokyo": 540,
    "Pacific/Kiritimati": 840,
}
#: Day of March: how it is marked
MARKS = {
    8: ("Mon", "the day before"),
    10: ("Wed", "the day after"),
    11: ("Thu", "two days after"),
}


def expected(there: int, here: int) -> str:
    """The reader's own for 23:30 on Tuesday, 9 March, from minutes alone."""
    if there == here:
        return ""
    day, minutes = divmod(9 * 24 * 60 + 23 * 60 + 30 - there + here, 24 * 60)
    said = f"{minutes // 60:02}:{minutes % 60:02}"
    if day == 9:
        return said
    weekday, mark = MARKS[day]
    return f'{weekday} {said}<span class="sr"> ({mark})</span>'


@pytest.mark.parametrize("zone", ALL_DAY)
def test_at_half_past_eleven_pages_and_files_agree_for_readers_all_around_the_world(client, zone):
    offset = ALL_DAY[zone]
    item, event = item_at(client, zone, date(2027, 3, 9), time(23, 30))

    utc = datetime(2027, 3, 9, 23, 30) - timedelta(minutes=offset)
    assert event["dtstart"] == f"{utc:%Y-%m-%d %H:%M} UTC"
    iso = item.begins.isoformat(timespec="minutes")
    assert [shown("clock", item.begins, own) for own in ALL_DAY] == [
        clock("23:30", iso, expected(offset, here)) for here in ALL_DAY.values()
    ]


# The reader's zone


def line(meeting, own: str = "", user=None) -> list[str]:
    """The words above an agenda, and those of its link."""
    request = RequestFactory().get("/meetings/bangkok/?day=2")
    request.COOKIES = {zones.COOKIE: own} if own else {}
    if user:
        request.user = user
    template = Template("{% include 'meetings/parts/zone_line.html' %}")
    found = strip_tags(template.render(Context({"meeting": meeting, "request": request})))
    return [words.strip() for words in found.splitlines() if words.strip()]


def test_the_line_above_an_agenda_names_both_zones():
    meeting = MeetingFactory()
    there = "Times in Bangkok (UTC+7)."
    assert line(meeting) == [there, "Show your own time"]
    assert line(meeting, "none") == [there, "Show your own time"]
    assert line(meeting, "America/Montevideo") == [
        there,
        "Below them in your zone, Montevideo (UTC−3).",
        "Change zone",
    ]
    assert line(meeting, "Asia/Jakarta") == [
        there,
        "They are the same in your zone, Jakarta (UTC+7).",
        "Change zone",
    ]
    with time_machine.travel(NOW):
        expert = ExpertFactory(claimed=True, country_id="UY").user
        assert line(meeting, user=expert)[1] == (
            "Below them in your zone, Montevideo (UTC−3). It is guessed from your country."
        )


def test_where_clocks_are_changed_during_the_meeting_the_line_says_both():
    meeting = MeetingFactory(
        time_zone="America/New_York", starts_on=date(2027, 3, 13), ends_on=date(2027, 3, 14)
    )
    assert line(meeting, "Asia/Tokyo")[:2] == [
        "Times in New York (UTC−5, from 14 March UTC−4).",
        "Below them in your zone, Tokyo (UTC+9).",
    ]


def test_the_country_of_a_person_is_a_guess_where_it_has_one_zone():
    def zone(user):
        request = RequestFactory().get("/")
        request.user = user
        found = zones.reader(request)
        return (found.zone.key if found.zone else None, found.is_guessed, found.is_chosen)

    with time_machine.travel(NOW):
        expert = ExpertFactory(claimed=True, country_id="UY").user
        american = ExpertFactory(claimed=True, country_id="US").user
        member = UserFactory()
        MembershipFactory(user=member, organisation=OrganisationFactory(country_id="TH"))
        both = ExpertFactory(claimed=True, country_id="UY").user
        MembershipFactory(user=both, organisation=OrganisationFactory(country_id="TH"))

        assert zone(expert) == ("America/Montevideo", True, False)
        assert zone(member) == ("Asia/Bangkok", True, False)
        assert zone(american) == zone(both) == zone(UserFactory()) == (None, False, False)


@pytest.fixture
def meeting():
    return MeetingFactory(code="bangkok")


def test_a_reader_chooses_a_zone_and_comes_back(client):
    response = client.post(
        reverse("zone_choose"), {"zone": "America/Montevideo", "next": "/meetings/?page=1"}
    )

    assert (response.status_code, response["Location"]) == (302, "/meetings/?page=1")
    cookie = response.cookies["zone"]
    assert (cookie.value, cookie["samesite"], cookie["max-age"], cookie["path"]) == (
        *("America/Montevideo", "Lax", 31536000),
        "/",
    )
    chosen = client.get(reverse("zone_choose")).context["form"].initial["zone"]
    assert chosen == "America/Montevideo"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "javascript:x", "account_logout", ""]
)
def test_one_comes_back_to_pages_of_the_portal_alone(client, back):
    response = client.post(reverse("zone_choose"), {"zone": "UTC", "next": back})

    assert response["Location"] == reverse("meeting_list")


def test_what_is_no_zone_is_refused_and_no_cookie_is_set(client):
    response = client.post(reverse("zone_choose"), {"zone": "Mars/Base"})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["zone"]
    assert "zone" not in response.cookies


def test_all_zones_can_be_chosen_with_their_offset_of_the_day(client):
    with time_machine.travel(NOW):
        areas = dict(time_zones.choices(NOW))

    assert list(areas) == [
        *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic Ocean", "Australia"),
        *("Europe", "Indian Ocean", "Pacific Ocean"),
    ]
    assert ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires (UTC−3)") in areas["America"]
    assert ("Asia/Kolkata", "Kolkata (UTC+5:30)") in areas["Asia"]


def test_caches_keep_a_page_for_each_cookie(client, meeting):
    for name, keys in (("meeting_detail", [meeting.code]), ("zone_choose", [])):
        response = client.get(reverse(name, args=keys))
        assert "Cookie" in [one.strip() for one in response["Vary"].split(",")]
