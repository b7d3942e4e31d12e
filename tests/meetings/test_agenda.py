"""What follows from sessions and durations: times, numbers, sequences, what runs now."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import DatabaseError, transaction

from meetings import agenda, agenda_warnings, now_and_next
from meetings.models import AgendaVersion, Item
from tests.factories import ItemFactory, MeetingFactory, SessionFactory

pytestmark = pytest.mark.django_db
BREAK = Item.Kind.BREAK


def draft(meeting):
    return agenda.read(agenda.content(meeting), meeting)


def clocks(meeting) -> list[str]:
    return [
        f"{item.begins:%H:%M}–{item.ends:%H:%M}" for one in draft(meeting) for item in one.items
    ]


def test_times_follow_from_durations_and_a_cancelled_item_takes_none():
    session = SessionFactory(begins_at=time(9))
    ItemFactory(session=session, duration=20)
    ItemFactory(session=session, duration=40, is_cancelled=True)
    ItemFactory(session=session, duration=90)

    assert clocks(session.meeting) == ["09:00–09:20", "09:20–10:00", "09:20–10:50"]
    [shown] = draft(session.meeting)
    assert (shown.begins.hour, shown.ends.hour, shown.ends.minute) == (9, 10, 50)


def test_items_are_numbered_over_all_sessions_and_breaks_have_no_number():
    meeting = MeetingFactory()
    late = SessionFactory(meeting=meeting, number=1, begins_at=time(14))
    early = SessionFactory(meeting=meeting, number=2, begins_at=time(9))
    ItemFactory(session=late, title="Third")
    ItemFactory(session=early, title="First")
    ItemFactory(session=early, title="Tea", kind=BREAK)
    ItemFactory(session=early, title="Second")

    numbers = {item.title: item.number for one in draft(meeting) for item in one.items}

    assert numbers == {"First": 1, "Tea": None, "Second": 2, "Third": 3}


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # Clocks go from 2:00 to 3:00: half an hour after 1:30 it is 3:00
        ("Europe/Vienna", date(2027, 3, 28), ["01:30–03:00", "03:00–04:00"]),
        # Clocks go from 3:00 back to 2:00
        ("Europe/Vienna", date(2027, 10, 31), ["01:30–02:00", "02:00–02:00"]),
        ("Asia/Tokyo", date(2027, 3, 28), ["01:30–02:00", "02:00–03:00"]),
    ],
)
def test_a_session_over_a_change_of_clocks_begins_by_the_clock_and_lasts_real_minutes(
    zone, day, expected
):
    meeting = MeetingFactory(time_zone=zone, starts_on=day, ends_on=day)
    session = SessionFactory(meeting=meeting, day=day, begins_at=time(1, 30))
    ItemFactory(session=session, duration=30)
    ItemFactory(session=session, duration=60)

    assert clocks(meeting) == expected
    [shown] = draft(meeting)
    lasted = shown.items[1].ends.astimezone(UTC) - shown.items[0].begins.astimezone(UTC)
    assert lasted == timedelta(minutes=90)


def test_a_meeting_that_moves_to_another_zone_keeps_its_clock():
    item = ItemFactory()
    meeting = item.session.meeting
    AgendaVersion.objects.create(meeting=meeting, number=1, content=agenda.content(meeting))
    meeting.time_zone = "America/Santiago"

    [session] = agenda.shown(agenda.newest(meeting), meeting)

    assert session.begins.isoformat() == "2027-03-09T09:00:00-03:00"


@pytest.mark.parametrize(
    ("where", "change", "risen"),
    [
        ("item", {"title": "Another title"}, [0, 0]),
        ("item", {"text": "More words", "title_fr": "Ouverture", "kind": "discussion"}, [0, 0]),
        ("item", {"duration": 25}, [1, 1]),
        ("item", {"is_cancelled": True}, [1, 1]),
        ("session", {"title": "Another title", "chair": "Somebody"}, [0, 0]),
        ("session", {"room": "Hall B"}, [1, 1]),
        ("session", {"begins_at": time(10)}, [1, 1]),
        ("session", {"day": date(2027, 3, 10)}, [1, 1]),
    ],
)
def test_the_sequence_rises_where_time_room_or_status_change_and_nowhere_else(where, change, risen):
    item = ItemFactory()
    ItemFactory(session=item.session)
    elsewhere = ItemFactory(session=SessionFactory(meeting=item.session.meeting, room="Hall C"))
    meeting = item.session.meeting
    before = agenda.content(meeting)
    assert [one["sequence"] for row in before for one in row["items"]] == [0, 0, 0]
    row = item if where == "item" else item.session
    type(row).objects.filter(pk=row.pk).update(**change)

    after = agenda.content(meeting, before)

    found = {one["id"]: one["sequence"] for row in after for one in row["items"]}
    assert found.pop(elsewhere.pk) == 0
    assert list(found.values()) == risen
    assert agenda.content(meeting, after) == after


def test_a_published_version_never_changes():
    item = ItemFactory()
    meeting = item.session.meeting
    version = AgendaVersion.objects.create(
        meeting=meeting, number=1, content=agenda.content(meeting)
    )
    for change in (
        lambda: AgendaVersion.objects.update(changes="Never."),
        lambda: version.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_titles_in_the_other_languages_of_the_meeting_stand_beside_the_one_shown():
    meeting = MeetingFactory(languages=["en", "fr"])
    session = SessionFactory(meeting=meeting)
    ItemFactory(session=session, title="Opening", title_fr="Ouverture", title_es="Apertura")

    [item] = draft(meeting)[0].items

    assert (item.title, item.other_titles) == ("Opening", [("fr", "Ouverture")])


# What runs now


def at(meeting, hour, minute=0, day=9):
    moment = datetime(2027, 3, day, hour, minute, tzinfo=meeting.zone)
    found = now_and_next.at(draft(meeting), moment)
    return (
        str(found.phase),
        [slot.item.title for slot in found.current],
        [slot.item.title for slot in found.following],
    )


def test_what_runs_now_and_what_is_next_before_during_between_and_after():
    meeting = MeetingFactory()
    morning = SessionFactory(meeting=meeting, begins_at=time(9))
    ItemFactory(session=morning, title="Opening", duration=60)
    ItemFactory(session=morning, title="Gone", duration=60, is_cancelled=True)
    ItemFactory(session=morning, title="Review", duration=60)
    for room in ("Hall A", "Hall B"):
        group = SessionFactory(meeting=meeting, begins_at=time(14), room=room)
        ItemFactory(session=group, title=room, duration=60)

    assert at(meeting, 8) == ("before", [], ["Opening"])
    assert at(meeting, 9) == ("running", ["Opening"], ["Review"])
    assert at(meeting, 10) == ("running", ["Review"], ["Hall A", "Hall B"])
    assert at(meeting, 11) == ("pause", [], ["Hall A", "Hall B"])
    assert at(meeting, 14, 30) == ("running", ["Hall A", "Hall B"], [])
    assert at(meeting, 15) == ("over", [], [])


def test_an_agenda_without_times_says_nothing_about_now():
    meeting = MeetingFactory()
    ItemFactory(session=SessionFactory(meeting=meeting, day=None, begins_at=None))
    ItemFactory(session=SessionFactory(meeting=meeting), duration=None)

    assert at(meeting, 9) == ("unknown", [], [])


# What organisers should look at


def test_a_session_outside_the_meeting_and_two_in_one_room_at_once_are_pointed_out():
    meeting = MeetingFactory()
    for begins_at, room, day in (
        (time(9), "Hall A", meeting.starts_on),
        (time(9, 10), "Hall A", meeting.starts_on),
        (time(9, 10), "Hall B", meeting.starts_on),
        (time(9, 20), "Hall B", date(2027, 3, 8)),
    ):
        ItemFactory(
            session=SessionFactory(meeting=meeting, begins_at=begins_at, room=room, day=day)
        )

    assert agenda_warnings.of(draft(meeting), meeting) == [
        "Session 4 is on 8 March 2027, which is no day of the meeting.",
        "Sessions 1 and 2 are in the same room at the same time.",
    ]
