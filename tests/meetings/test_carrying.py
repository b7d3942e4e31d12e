"""Open actions stand on the agenda of the next meeting by themselves, and are never copied."""

from datetime import date, timedelta

import pytest
import time_machine

from meetings import agenda, carrying, deciding, hourly
from meetings.models import AgendaVersion, Item, Meeting, Outcome
from partners.refusals import Refused
from tests.factories import (
    NOW,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    OutcomeFactory,
    SeriesFactory,
    SessionFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HELD, DRAFT = Meeting.Status.HELD, Meeting.Status.DRAFT


def held(series, year: int, **values) -> Meeting:
    days = {"starts_on": date(year, 3, 9), "ends_on": date(year, 3, 10)}
    return MeetingFactory(series=series, status=HELD, **days | values)


@pytest.fixture
def series():
    return SeriesFactory()


@pytest.fixture
def following(series) -> Meeting:
    """The next meeting, in March 2027; it has no agenda yet."""
    return MeetingFactory(series=series, status=DRAFT)


def texts(actions) -> list[str]:
    return [one.text for one in actions]


def test_open_actions_of_all_earlier_meetings_stand_there_the_oldest_first(series, following):
    old, last = held(series, 2024), held(series, 2026)
    later = OutcomeFactory(meeting=last, text="Later")
    OutcomeFactory(meeting=old, text="Old", status="under_way")
    OutcomeFactory(meeting=old, text="Over", status="done", evidence="It is there.")
    OutcomeFactory(meeting=last, text="Decided", kind="decision", status="", owner_name="")
    OutcomeFactory(meeting=held(SeriesFactory(), 2026), text="Of another series")

    assert texts(carrying.carried(following, NOW)) == ["Old", "Later"]

    deciding.report_progress(later.pk, "done", "See the library.", LeadFactory(), NOW)
    assert texts(carrying.carried(following, NOW)) == ["Old"]


def test_the_item_comes_by_itself_once_and_copies_nothing(series, following):
    OutcomeFactory(meeting=held(series, 2026))

    for _hour in range(3):
        hourly.due(NOW)

    item = Item.objects.get()
    assert (item.session.meeting, item.carries_actions, item.duration) == (following, True, 20)
    assert item.title == "Open actions from the last meeting"
    assert (item.session.day, item.session.begins_at) == (date(2027, 3, 9), carrying.BEGINS_AT)
    assert Outcome.objects.count() == 1
    assert agenda.content(following)[0]["items"][0]["carries_actions"] is True
    assert not AgendaVersion.objects.exists()  # it is a draft until organisers publish it


def test_it_stands_behind_the_opening_and_the_others_move_down(series, following):
    OutcomeFactory(meeting=held(series, 2026))
    session = SessionFactory(meeting=following)
    ItemFactory(session=session, title="Opening", kind=Item.Kind.OPENING)
    ItemFactory(session=session, title="Talk")

    carrying.prepare(following.pk, NOW)

    titles = session.items.order_by("position").values_list("position", "title")
    assert [*titles] == [(1, "Opening"), (2, "Open actions from the last meeting"), (3, "Talk")]


@pytest.mark.parametrize("way", ["item", "session"])
def test_what_organisers_removed_stays_away_until_they_want_it_again(series, following, way):
    OutcomeFactory(meeting=held(series, 2026))
    item = carrying.prepare(following.pk, NOW)
    (item if way == "item" else item.session).delete()

    hourly.due(NOW + DAY)

    following.refresh_from_db()
    assert not Item.objects.exists()
    assert carrying.was_removed(following)

    carrying.put_back(following.pk, NOW + DAY)
    following.refresh_from_db()
    assert Item.objects.filter(carries_actions=True).count() == 1
    assert not carrying.was_removed(following)
    with pytest.raises(Refused):
        carrying.put_back(following.pk, NOW + DAY)


def test_no_item_where_nothing_is_open_or_the_meeting_is_over_or_alone(series):
    OutcomeFactory(meeting=held(series, 2026), status="done", evidence="It is there.")
    MeetingFactory(series=series)
    open_ones = SeriesFactory()
    OutcomeFactory(meeting=held(open_ones, 2025))
    held(open_ones, 2026)
    MeetingFactory(series=open_ones, starts_on=NOW.date() - 2 * DAY, ends_on=NOW.date() - 2 * DAY)
    MeetingFactory(series=None)

    assert hourly.due(NOW)["agendas with open actions"] == 0
    assert not Item.objects.exists()


def test_over_three_meetings_an_action_stays_until_it_is_done_and_old_pages_do_not_change(series):
    lead = LeadFactory()
    first, second = held(series, 2025), held(series, 2026)
    third = MeetingFactory(series=series)
    action = OutcomeFactory(meeting=first, text="Collect figures", due_on=date(2025, 12, 31))
    with time_machine.travel(NOW):
        in_between = second.starts_on + DAY
        moment = NOW.replace(year=2026, month=in_between.month, day=in_between.day)
        deciding.report_progress(action.pk, "under_way", "Six countries.", lead, moment)
        assert texts(carrying.carried(third, NOW)) == ["Collect figures"]

        deciding.report_progress(action.pk, "done", "All ten countries.", lead, NOW)

    assert texts(carrying.carried(third, NOW + DAY)) == []
    [then] = carrying.carried(second, NOW + DAY)
    assert (then.status_then, then.status) == ("under_way", "done")
    assert texts(carrying.carried(first, NOW + DAY)) == []


def test_during_the_meeting_what_is_done_stays_on_the_page_with_its_new_status(series, following):
    action = OutcomeFactory(meeting=held(series, 2026), text="Report")
    begin, end = carrying.moments(following)
    deciding.report_progress(
        action.pk, "done", "Reported under item 2.", LeadFactory(), begin + timedelta(hours=10)
    )

    [now_there] = carrying.carried(following, begin + timedelta(hours=11))

    assert now_there.status_then == "done"
    deciding.report_progress(action.pk, "under_way", "Not yet.", LeadFactory(), end + DAY)
    assert [one.status_then for one in carrying.carried(following, end + 2 * DAY)] == ["done"]
