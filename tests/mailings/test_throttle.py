"""How many mails may leave: the rate, half of it, a server that is away, twenty failures."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailings import throttle
from mailings.models import Throttle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rate(settings):
    settings.MAIL_RATE = 10


def set_back(seconds: float, **values):
    """As if the counts were made so many seconds ago."""
    at = timezone.now() - timedelta(seconds=seconds)
    Throttle.objects.update(counted_at=at, **values)


def test_at_the_start_two_seconds_worth_may_leave():
    assert throttle.take(15).number == 15
    assert throttle.take(15).number == 5
    assert throttle.take(15).number == 0


@pytest.mark.parametrize(
    ("seconds", "allowance", "expected"), [(1, 0, 10), (0.55, 0, 5), (1, 4, 14), (3600, 0, 20)]
)
def test_the_allowance_fills_up_at_the_rate_and_holds_two_seconds_worth(
    seconds, allowance, expected
):
    set_back(seconds, allowance=allowance)

    assert throttle.take(100).number == expected


def test_parts_of_a_mail_are_not_lost():
    set_back(0.19, allowance=0)
    assert throttle.take(1).number == 1
    left = throttle.current().allowance
    assert 0.85 < left < 1.5


def test_a_slow_rate_lets_one_mail_leave(settings):
    settings.MAIL_RATE = 0.01
    set_back(200, allowance=0)

    assert throttle.take(20).number == 1
    assert throttle.take(20).number == 0


def test_what_was_not_used_is_given_back():
    set_back(0, allowance=0)
    throttle.give_back(7)

    assert throttle.take(20).number == 7


def test_a_count_of_the_future_costs_nothing_for_long():
    set_back(-3600, allowance=3)

    assert throttle.take(20).number == 3
    assert throttle.current().counted_at < timezone.now() + timedelta(minutes=1)


def test_patience_halves_the_rate_for_ten_minutes():
    throttle.slow_down()
    set_back(1, allowance=0)
    assert throttle.take(100).number == 5

    Throttle.objects.update(slowed_until=timezone.now() - timedelta(seconds=1))
    set_back(1, allowance=0)
    assert throttle.take(100).number == 10


def test_a_server_that_is_away_is_left_alone_for_longer_each_time_up_to_a_minute():
    seconds = []
    for _ in range(9):
        assert throttle.may_be_tried()
        throttle.server_away()
        assert not throttle.may_be_tried()
        until = throttle.current().away_until
        throttle.server_away()  # another worker found the same
        assert throttle.current().away_until == until
        seconds.append(round((until - timezone.now()).total_seconds()))
        Throttle.objects.update(away_until=timezone.now() - timedelta(seconds=1))
    assert seconds == [1, 2, 5, 10, 20, 30, 60, 60, 60]

    throttle.succeeded()
    row = throttle.current()
    assert (row.away_times, row.away_until) == (0, None)


def test_twenty_failures_in_a_row_hold_all_mail_until_somebody_lets_it_go_on():
    for number in range(20):
        assert throttle.current().held_at is None, number
        throttle.failed(timezone.now(), f"550 number {number}")
    row = throttle.current()
    assert row.held_why == "550 number 19"
    grant = throttle.take(5)
    assert (grant.number, grant.is_held, grant.is_troubled) == (0, True, True)

    throttle.go_on()

    grant = throttle.take(5)
    assert (grant.number, grant.is_held, grant.is_troubled) == (5, False, False)


def test_a_success_between_failures_begins_the_count_anew():
    for _ in range(19):
        throttle.failed(timezone.now(), "550")
    throttle.succeeded()
    throttle.failed(timezone.now(), "550")

    assert throttle.current().held_at is None
    assert throttle.current().failures_in_a_row == 1


def test_counts_stay_within_their_columns():
    Throttle.objects.update(failures_in_a_row=1000, away_times=1000)
    throttle.failed(timezone.now(), "550")
    throttle.server_away()

    row = throttle.current()
    assert (row.failures_in_a_row, row.away_times) == (1000, 1000)
