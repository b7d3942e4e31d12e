"""When a profile is due: the cycle, the due date, and the end of a silence."""

from datetime import UTC, datetime, time, timedelta

import pytest
from dateutil.relativedelta import relativedelta

from experts.cycles import Calendar
from experts.models import Expert, Policy, Round
from tests.factories import NOW, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
YEAR = relativedelta(months=12)


def asked(opened, ended=None, cancelled=None) -> Round:
    return Round.objects.create(
        opened_at=opened,
        opened_by=LeadFactory(),
        deadline=(opened + 42 * DAY).date(),
        ended_at=ended,
        cancelled_at=cancelled,
    )


def due(now=NOW) -> list[tuple[datetime, datetime]]:
    return list(Calendar.at(now).due().values_list("cycle", "due_at"))


def test_a_cycle_begins_with_the_confirmation_and_is_due_a_year_later():
    ExpertFactory(confirmed_at=NOW - YEAR)

    assert due(NOW - SECOND) == []
    assert due() == [(NOW - YEAR, NOW)]


def test_a_round_begins_a_cycle_for_all_who_have_not_confirmed_since():
    opened = NOW - DAY
    ExpertFactory(confirmed_at=NOW - 2 * YEAR)
    ExpertFactory(confirmed_at=NOW - 2 * DAY)
    ExpertFactory(confirmed_at=None)
    ExpertFactory(confirmed_at=NOW - DAY / 2)
    asked(opened)

    assert due() == [(opened, opened)] * 3


def test_a_round_that_ended_goes_on_and_one_that_was_cancelled_never_was():
    ExpertFactory(confirmed_at=NOW - 60 * DAY)
    first = asked(NOW - 50 * DAY, ended=NOW - 8 * DAY)
    assert due() == [(first.opened_at, first.opened_at)]

    asked(NOW - 5 * DAY, cancelled=NOW - DAY)
    assert due() == [(first.opened_at, first.opened_at)]
    Round.objects.filter(pk=first.pk).update(ended_at=None, cancelled_at=NOW)
    assert due() == []


def test_who_came_during_a_round_is_due_from_then_and_who_came_after_it_is_not():
    ended = NOW - 8 * DAY
    came = ended - 3 * DAY
    ExpertFactory(confirmed_at=None, created_at=came)
    ExpertFactory(confirmed_at=None, created_at=ended + SECOND)
    one = asked(NOW - 50 * DAY, ended=ended)

    assert due() == [(one.opened_at, came)]


def test_without_a_round_the_never_confirmed_have_no_cycle():
    ExpertFactory(confirmed_at=None)

    assert due(NOW + 9 * YEAR) == []
    found = Calendar.at(NOW).with_cycle(Expert.objects.all())
    assert list(found.values_list("cycle", "due_at")) == [(None, None)]


@pytest.mark.parametrize("status", ["draft", "awaiting", "unlisted", "withdrawn"])
def test_only_the_listed_are_due_or_leave(status):
    ExpertFactory(confirmed_at=NOW - 4 * YEAR, status=status)

    calendar = Calendar.at(NOW)
    assert (calendar.due().count(), calendar.leaving().count()) == (0, 0)


def test_the_notice_is_due_thirty_days_before_thirty_six_months_are_over():
    silent = NOW - relativedelta(months=36)
    ExpertFactory(confirmed_at=silent, approved_at=silent - DAY)
    notice = NOW - 30 * DAY

    assert Calendar.at(notice - SECOND).leaving().count() == 0
    found = Calendar.at(notice).leaving()
    assert list(found.values_list("cycle", "due_at")) == [(silent, notice)]
    assert Calendar.at(NOW - SECOND).silent().count() == 0
    assert Calendar.at(NOW).silent().count() == 1


def test_who_was_put_back_on_the_list_has_a_silence_of_its_own_and_the_same_end():
    back = NOW - 90 * DAY
    ExpertFactory(confirmed_at=NOW - relativedelta(months=40), approved_at=back)

    assert list(Calendar.at(NOW).silent().values_list("cycle", flat=True)) == [back]


@pytest.mark.parametrize("created", [-400, 20])
def test_the_never_confirmed_are_silent_from_the_first_round_or_from_their_coming(created):
    ended = (NOW - 10 * DAY).date()
    Policy.objects.create(pk=1, first_round_ended_on=ended)
    came = NOW + created * DAY
    ExpertFactory(confirmed_at=None, created_at=came, approved_at=NOW - 400 * DAY)
    since = max(datetime.combine(ended, time.min, UTC), came)

    assert Calendar.at(since + YEAR - SECOND).silent().count() == 0
    found = Calendar.at(since + YEAR).silent()
    assert list(found.values_list("cycle", flat=True)) == [since]


@pytest.mark.parametrize(
    ("confirmed", "first_due"),
    [
        ((2024, 2, 29, 12), (2025, 3, 1, 0)),
        ((2023, 2, 28, 12), (2024, 2, 28, 12)),
        ((2024, 12, 31, 23), (2025, 12, 31, 23)),
    ],
)
def test_a_leap_day_is_due_when_the_profile_stops_to_be_fresh(confirmed, first_due):
    expert = ExpertFactory(confirmed_at=datetime(*confirmed, tzinfo=UTC))
    first = datetime(*first_due, tzinfo=UTC)

    assert (len(due(first - SECOND)), expert.freshness(first - SECOND)) == (0, "fresh")
    assert (len(due(first)), expert.freshness(first)) == (1, "due")
