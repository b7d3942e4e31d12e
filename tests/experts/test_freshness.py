"""Fresh, due, stale, lapsed, never: in Python, in SQL and in the sets, to the second."""

from datetime import UTC, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict

from experts import directory, presenting
from experts.models import Expert, Freshness, Policy
from tests.factories import NOW, TODAY, ExpertFactory

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
TINY = timedelta(microseconds=1)
YEAR, TWO_YEARS = NOW - relativedelta(months=12), NOW - relativedelta(months=24)
REMINDED = YEAR - timedelta(days=42)

CASES = [
    (NOW, "fresh"),
    (YEAR + SECOND, "fresh"),
    (YEAR + TINY, "fresh"),
    (YEAR, "due"),
    (YEAR - SECOND, "due"),
    (REMINDED + SECOND, "due"),
    (REMINDED + TINY, "due"),
    (REMINDED, "stale"),
    (REMINDED - SECOND, "stale"),
    (TWO_YEARS + SECOND, "stale"),
    (TWO_YEARS + TINY, "stale"),
    (TWO_YEARS, "lapsed"),
    (TWO_YEARS - SECOND, "lapsed"),
    (NOW - relativedelta(months=60), "lapsed"),
    (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "lapsed"),
    (None, "never"),
]


def found(query: str, now=NOW) -> directory.Found:
    return directory.find(QueryDict(query), AnonymousUser(), now)


@pytest.mark.parametrize(("confirmed_at", "state"), CASES)
def test_python_sql_and_sets_agree_to_the_microsecond(confirmed_at, state):
    expert = ExpertFactory(confirmed_at=confirmed_at)
    limits = Policy.current().limits(NOW)

    assert Freshness.of(confirmed_at, limits) == state
    assert expert.freshness(NOW) == state
    for one in Freshness.values:
        answer = found(f"fresh={one}")
        assert (one, list(answer.experts), answer.total) == (
            (one, [expert], 1) if one == state else (one, [], 0)
        )
    assert found("").counts["fresh"] == {state: 1}
    shown = state != "lapsed"
    assert list(Expert.objects.not_lapsed(limits)) == [expert] * shown
    assert (list(found("").experts), found("").total) == ([expert] * shown, int(shown))


def test_moved_profiles_are_counted_by_the_same_limits(transactional_db):
    """What changed since the sets were read lies beside them, not among the sorted times."""
    experts = [ExpertFactory() for _case in CASES]
    found("")
    for expert, (confirmed_at, _state) in zip(experts, CASES, strict=True):
        Expert.objects.filter(pk=expert.pk).update(confirmed_at=confirmed_at)

    states = [state for _time, state in CASES]
    assert found("").counts["fresh"] == {state: states.count(state) for state in set(states)}


def test_a_state_changes_by_the_clock_alone():
    ExpertFactory(confirmed_at=NOW)

    at = [
        list(found("", now).counts["fresh"])
        for now in (
            NOW + relativedelta(months=12) - SECOND,
            NOW + relativedelta(months=12),
            NOW + relativedelta(months=12) + timedelta(days=42),
            NOW + relativedelta(months=24),
        )
    ]
    assert at == [["fresh"], ["due"], ["stale"], ["lapsed"]]


def test_a_changed_policy_counts_at_once():
    ExpertFactory(confirmed_at=NOW - relativedelta(months=7))
    assert found("").counts["fresh"] == {"fresh": 1}

    Policy.objects.create(pk=1, fresh_months=6, due_days=10, stale_months=9, lapsed_months=12)

    assert found("").counts["fresh"] == {"stale": 1}
    assert list(found("fresh=stale").experts) == list(Expert.objects.all())


@pytest.mark.parametrize(
    ("ended_on", "shown"), [(None, 1), (TODAY + timedelta(days=1), 1), (TODAY, 0)]
)
def test_the_never_confirmed_leave_the_default_results_when_the_first_round_has_ended(
    ended_on, shown
):
    Policy.objects.create(pk=1, first_round_ended_on=ended_on)
    expert = ExpertFactory(confirmed_at=None)

    assert found("").total == shown
    assert Expert.objects.not_lapsed(Policy.current().limits(NOW)).count() == shown
    assert found("fresh=never").total == 1
    assert expert.freshness(NOW) == Freshness.NEVER, "it is still its own word"


def test_the_last_day_of_february_is_a_year_before_the_28th():
    now = datetime(2025, 2, 28, 12, tzinfo=UTC)
    limits = Policy().limits(now)

    assert Freshness.of(datetime(2024, 2, 28, 12, 0, 1, tzinfo=UTC), limits) == "fresh"
    assert Freshness.of(datetime(2024, 2, 28, 12, tzinfo=UTC), limits) == "due"


@pytest.mark.parametrize(
    ("confirmed_at", "words"),
    [
        (datetime(2026, 3, 12, tzinfo=UTC), "Confirmed March 2026"),
        (datetime(2025, 11, 1, tzinfo=UTC), "Due: confirmed November 2025"),
        (datetime(2025, 3, 12, tzinfo=UTC), "Stale: confirmed March 2025"),
        (datetime(2023, 3, 12, tzinfo=UTC), "Lapsed: confirmed March 2023"),
        (None, "Never confirmed"),
    ],
)
def test_a_card_says_when_and_how_fresh(confirmed_at, words):
    assert presenting.badge(Expert(confirmed_at=confirmed_at), Policy().limits(NOW))[0] == words


def test_an_imported_last_updated_is_shown_as_such():
    expert = Expert(imported_updated_on=datetime(2017, 4, 1, tzinfo=UTC).date())

    words = presenting.badge(expert, Policy().limits(NOW))[0]
    assert words == "Never confirmed; list of April 2017"
