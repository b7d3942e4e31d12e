"""Who can be asked now."""

from datetime import timedelta

import pytest
from dateutil.relativedelta import relativedelta

from advice import availability
from advice.models import Choice
from experts.models import Expert
from tests.factories import NOW, TODAY, ChoiceFactory, ExpertFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ASKED = {"status": Choice.Status.ASKED, "asked_at": NOW - DAY}


def _declined(expert, days: int):
    at = NOW - days * DAY
    ChoiceFactory(expert=expert, status=Choice.Status.DECLINED, asked_at=at - DAY, answered_at=at)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "unlisted"},
        {"confirmed_at": NOW - relativedelta(months=30)},
        {"paused_until": TODAY + DAY},
        {"available_from": TODAY + DAY},
        {"available_until": TODAY - DAY},
        {"email": ""},
        {"max_open_requests": 0},
    ],
)
def test_who_is_not_there_is_not_asked_and_the_reason_is_said(values):
    expert = ExpertFactory(**values)

    assert not availability.askable(Expert.objects.all(), NOW).exists()
    assert str(expert) in availability.why_not(expert, NOW)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"paused_until": TODAY},
        {"available_from": TODAY, "available_until": TODAY},
        {"confirmed_at": None},
        {"email": "", "claimed": True, "user__email": "own@example.org"},
    ],
)
def test_who_is_there_can_be_asked(values):
    expert = ExpertFactory(**values)

    assert availability.askable(Expert.objects.all(), NOW).get() == expert
    assert availability.why_not(expert, NOW) == ""


def test_an_expert_at_the_own_cap_is_not_asked_until_one_request_is_off_the_desk():
    expert = ExpertFactory(max_open_requests=1)
    choice = ChoiceFactory(expert=expert, **ASKED)
    assert not availability.askable(Expert.objects.all(), NOW).exists()
    assert availability.why_not(expert, NOW)

    Choice.objects.filter(pk=choice.pk).update(status=Choice.Status.NO_ANSWER)

    assert availability.askable(Expert.objects.all(), NOW).get() == expert


def test_a_no_counts_for_two_weeks():
    expert, later = ExpertFactory(), ExpertFactory()
    _declined(expert, 13)
    _declined(later, 15)

    assert availability.askable(Expert.objects.all(), NOW).get() == later
    assert availability.why_not(expert, NOW)
    assert availability.why_not(later, NOW) == ""
