"""Files of meetings and items: what two programs read that did not write them (RFC 5545)."""

import uuid
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import time_machine
import vobject
from django.urls import reverse
from hypothesis import example, given
from hypothesis import settings as how
from hypothesis import strategies as st

from meetings import calendar_files
from meetings.calendar_files import Published
from meetings.models import Item, Meeting
from tests.factories import (
    NOW,
    BookingFactory,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    PartnerUserFactory,
    SessionFactory,
    UserFactory,
)
from tests.meetings.calendars import check_lines, publish, read

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parent / "data"
PAGE = "https://portal.example.org/meetings/bangkok/"


@pytest.fixture(autouse=True)
def _today(settings):
    settings.SITE_URL = "https://portal.example.org"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def item():
    """The first of two items of a meeting in Bangkok."""
    meeting = MeetingFactory(
        code="bangkok",
        title="Meeting; of the “Area”, 2027",
        summary="What countries need.\r\nWhat comes first.",
        uid=uuid.UUID(int=1),
        online_address="https://online.example.org/room",
    )
    session = SessionFactory(meeting=meeting, title="Opening", room="Hall A")
    first = ItemFactory(session=session, title="Opening", uid=uuid.UUID(int=2))
    ItemFactory(session=session, title="Priorities", duration=90, uid=uuid.UUID(int=3))
    publish(meeting)
    return first


def file(client, name: str, *keys) -> bytes:
    response = client.get(reverse(name, args=keys))
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return response.content


def files(client, item: Item) -> tuple[dict, dict]:
    """(the meeting, its item) as read."""
    [meeting] = read(file(client, "meeting_calendar", "bangkok"))
    [event] = read(file(client, "item_calendar", "bangkok", item.pk))
    return meeting, event


# What changes: a file for each, kept as it was when people looked at it


def _moved(item: Item):
    meeting = item.session.meeting
    Meeting.objects.filter(pk=meeting.pk).update(
        starts_on=date(2027, 3, 16), ends_on=date(2027, 3, 17), sequence=1
    )
    item.session.day = date(2027, 3, 16)
    item.session.begins_at = time(10)
    item.session.save()
    publish(Meeting.objects.get(pk=meeting.pk))


def _cancelled(item: Item):
    Meeting.objects.update(status="cancelled", status_reason="The hall is flooded.", sequence=1)


def _item_cancelled(item: Item):
    Item.objects.filter(pk=item.pk).update(is_cancelled=True, cancelled_because="Moved to day 2")
    publish(item.session.meeting)


def _in_another_room(item: Item):
    item.session.room = "Room 5, Annex"
    item.session.save()
    publish(item.session.meeting)


def _in_another_zone(item: Item):
    Meeting.objects.update(time_zone="Europe/Vienna", place="Vienna", country_id="AT", sequence=1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (None, ((1, "CONFIRMED", "2027-03-09"), (0, "CONFIRMED", "2027-03-09 02:00 UTC"))),
        (_moved, ((3, "CONFIRMED", "2027-03-16"), (2, "CONFIRMED", "2027-03-16 03:00 UTC"))),
        (_cancelled, ((2, "CANCELLED", "2027-03-09"), (1, "CANCELLED", "2027-03-09 02:00 UTC"))),
        (
            _item_cancelled,
            ((2, "CONFIRMED", "2027-03-09"), (1, "CANCELLED", "2027-03-09 02:00 UTC")),
        ),
        (
            _in_another_room,
            ((2, "CONFIRMED", "2027-03-09"), (1, "CONFIRMED", "2027-03-09 02:00 UTC")),
        ),
        (
            _in_another_zone,
            ((2, "CONFIRMED", "2027-03-09"), (1, "CONFIRMED", "2027-03-09 08:00 UTC")),
        ),
    ],
    ids=["as_announced", "moved", "cancelled", "item_cancelled", "in_another_room", "zone"],
)
def test_a_change_keeps_the_uid_and_raises_the_sequence(client, item, request, change, expected):
    before = files(client, item)
    if change:
        change(item)

    after = files(client, item)

    assert [one["uid"] for one in after] == [one["uid"] for one in before]
    assert tuple((one["sequence"], one["status"], one["dtstart"]) for one in after) == expected
    name = request.node.callspec.id
    for kind, keys in (("meeting", ["bangkok"]), ("item", ["bangkok", item.pk])):
        golden = DATA / f"{kind}_{name}.ics"
        assert file(client, f"{kind}_calendar", *keys) == golden.read_bytes(), golden


def test_dtstamp_is_always_now_and_nothing_else_changes_by_time_alone(client, item):
    before = file(client, "meeting_calendar", "bangkok")
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        after = file(client, "meeting_calendar", "bangkok")

    assert before != after
    assert before.replace(b"20261124T090000Z\r\nSUMMARY", b"20261124T100000Z\r\nSUMMARY") == after


def test_an_item_that_stands_there_no_more_stays_as_cancelled(client, item):
    meeting = item.session.meeting
    key = item.pk
    item.delete()
    publish(meeting)

    [event] = read(file(client, "item_calendar", "bangkok", key))

    assert (event["status"], event["sequence"]) == ("CANCELLED", 1)


def test_a_meeting_of_one_day_has_the_hours_of_its_agenda(client):
    meeting = MeetingFactory(code="webinar", starts_on=date(2027, 3, 9), ends_on=date(2027, 3, 9))
    for hour in (14, 16):
        ItemFactory(session=SessionFactory(meeting=meeting, begins_at=time(hour)), duration=45)
    [event] = read(file(client, "meeting_calendar", "webinar"))
    assert (event["dtstart"], event["dtend"]) == ("2027-03-09", "2027-03-10")
    publish(meeting)

    [event] = read(file(client, "meeting_calendar", "webinar"))

    assert (event["dtstart"], event["dtend"]) == ("2027-03-09 07:00 UTC", "2027-03-09 09:45 UTC")


@pytest.mark.parametrize("precision", ["month", "year"])
def test_a_meeting_whose_days_nobody_knows_is_in_no_calendar(client, precision):
    meeting = MeetingFactory(
        code="old", status="held", precision=precision, starts_on=date(2009, 3, 1)
    )

    assert client.get(reverse("meeting_calendar", args=[meeting.code])).status_code == 302
    client.force_login(LeadFactory())
    assert client.get(reverse("meeting_calendar", args=[meeting.code])).status_code == 404
    assert read(file(client, "calendar_all")) == []


def test_an_item_without_a_time_has_no_file(client):
    meeting = MeetingFactory()
    item = ItemFactory(session=SessionFactory(meeting=meeting, begins_at=None), duration=None)
    publish(meeting)
    client.force_login(LeadFactory())

    assert client.get(reverse("item_calendar", args=[meeting.code, item.pk])).status_code == 404


# Who reads what


def test_the_address_of_the_online_meeting_is_for_confirmed_participants_alone(client, item):
    part = PartFactory(meeting=item.session.meeting)
    confirmed = BookingFactory(part=part).registration.user
    waiting = BookingFactory(part=part, status="waiting").registration.user

    def tells(user) -> list[bool]:
        if user:
            client.force_login(user)
        return ["online.example.org" in one["description"] for one in files(client, item)]

    assert tells(None) == tells(waiting) == tells(UserFactory()) == [False, False]
    assert tells(confirmed) == [True, True]


def test_the_feed_of_all_has_what_everybody_may_see(client):
    for code, values in {
        "public": {},
        "held": {"status": "held"},
        "cancelled": {"status": "cancelled", "status_reason": "Flood"},
        "draft": {"status": "draft"},
        "partners": {"audience": "partners"},
        "core": {"audience": "core"},
    }.items():
        MeetingFactory(code=code, title=code, **values)
    client.force_login(LeadFactory())

    found = {one["summary"]: one["status"] for one in read(file(client, "calendar_all"))}

    assert found == {
        "public": "CONFIRMED",
        "held": "CONFIRMED",
        "Cancelled: cancelled": "CANCELLED",
    }


def test_a_meeting_for_partners_has_a_file_for_partners(client):
    MeetingFactory(code="partners", audience="partners")
    address = reverse("meeting_calendar", args=["partners"])

    assert client.get(address).status_code == 302
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
    client.force_login(PartnerUserFactory())
    assert client.get(address).status_code == 200


def test_the_feed_takes_the_same_queries_for_one_meeting_and_for_many(
    client, django_assert_num_queries
):
    publish(MeetingFactory())
    with django_assert_num_queries(3):
        client.get(reverse("calendar_all"))
    for _number in range(3):
        publish(MeetingFactory())
    with django_assert_num_queries(3):
        client.get(reverse("calendar_all"))


def test_a_feed_has_a_name_and_says_how_often_to_come_and_a_file_has_none(client, item):
    feed = file(client, "calendar_all")
    [calendar] = vobject.readComponents(feed.decode())

    assert calendar.x_wr_calname.value == "Meetings of the Waste Management Area"
    assert (calendar.refresh_interval.value, calendar.x_published_ttl.value) == ("PT4H", "PT4H")
    assert calendar.method.value == "PUBLISH"
    assert b"X-WR-CALNAME" not in file(client, "meeting_calendar", "bangkok")


# Whatever people type

TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from(list(",;\\\"':\n\r\tn\0\x7f é漢😀"))),
    max_size=200,
)


@how(max_examples=150, deadline=None)
@given(title=TEXTS, room=TEXTS)
@example(title="\ufeff", room="\ufeff")
def test_any_words_come_back_from_a_file(title, room):
    meeting = Meeting(
        title=title,
        place=room,
        summary=f"{room}\n{title}",
        starts_on=date(2027, 3, 9),
        ends_on=date(2027, 3, 9),
        status="announced",
        code="bangkok",
        changed_at=NOW,
    )

    content = calendar_files.single(calendar_files.of_meeting(meeting, Published(), NOW))

    check_lines(content)
    [calendar] = vobject.readComponents(content.decode())
    assert calendar.vevent.summary.value == cleaned(title)
    assert calendar.vevent.description.value == cleaned(f"{room}\n{title}\n\n{PAGE}")


def cleaned(text: str) -> str:
    """Without control characters, as RFC 5545 has no way to write them, and without marks of byte
    order; tabs are spaces.
    """
    lines = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")
    lines = lines.replace("\t", " ")
    return "".join(
        one for one in lines if one == "\n" or not (ord(one) < 32 or 127 <= ord(one) < 160)
    )
