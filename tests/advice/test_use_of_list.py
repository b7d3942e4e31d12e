"""Is the list used: each figure against SQL that was written by hand, and what is hidden."""

import csv
import io
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advice import statistics, use_board
from advice.masking import cells
from advice.models import AdviceRequest, Choice, Outcome
from advice.statistics import Period
from advice.use_board import Board, Curve
from experts.models import Confirmation
from partners.models import Term
from tests.advice.use_by_hand import by_code, by_hand, periods, sql
from tests.factories import (
    NOW,
    AdviceRequestFactory,
    ChoiceFactory,
    ExpertFactory,
    PartnerUserFactory,
    PlaceFactory,
)

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Status, Answer = AdviceRequest.Status, Choice.Status
PLACES = ("UY", "KE", "KE", "VN", "ID", "ID", "ID", "FR", "PE", "AU", "IN")
AGES = (0.5, 3, 6.9, 7, 8, 13.9, 14, 20, 21, 25, 30, 31)  # days
TERMS = ("products-lamps", "handling-collection", "industry-chlor-alkali-decommissioning")


def _outcome_of(choice: Choice, dice: random.Random):
    for side in ("requester", "expert")[: dice.randint(0, 2)]:
        happened = dice.choice(list(Outcome.Happened))
        helped = dice.choice(list(Outcome.Helped)) if happened == Outcome.Happened.YES else ""
        at = choice.answered_at + 21 * DAY
        Outcome.objects.create(choice=choice, side=side, happened=happened, helped=helped, at=at)


def requests_of_three_years(seed: int = 7):
    """Experts on and off the list, and requests of every status with choices of every status."""
    dice = random.Random(seed)
    experts = [
        ExpertFactory(
            country_id=dice.choice(PLACES),
            status="unlisted" if number % 5 == 4 else "listed",
        )
        for number in range(14)
    ]
    for expert in experts[::3]:
        said = dice.choice([0, 1, 4, None])
        at = NOW - dice.randint(1, 700) * DAY
        Confirmation.objects.create(expert=expert, at=at, channel="page", outside_requests=said)
    requester = PartnerUserFactory()
    for number in range(45):
        is_open = number < 2 * len(AGES)
        status = dice.choice(AdviceRequest.OPEN if is_open else list(Status))
        days = AGES[number % len(AGES)] if is_open else dice.randint(1, 1000)
        sent_at = None if status == Status.DRAFT else NOW - days * DAY
        ended = status in AdviceRequest.ENDED
        request = AdviceRequestFactory(
            requester=requester,
            country_id=PLACES[number % len(PLACES)],
            terms=dice.sample(TERMS, dice.randint(1, 3)),
            status=status,
            waits_for="too_long" if status == Status.WAITING else "",
            sent_at=sent_at,
            ended_at=NOW if ended else None,
        )
        place = PlaceFactory(request=request)
        if sent_at is None:
            continue
        asked_at, is_held = sent_at + dice.randint(0, 40) * HOUR, False
        for order, expert in enumerate(dice.sample(experts, dice.randint(0, 4))):
            answer = dice.choice(list(Answer))
            if is_held and answer in (Answer.ASKED, Answer.ACCEPTED):
                answer = Answer.DECLINED
            is_held = is_held or answer in (Answer.ASKED, Answer.ACCEPTED)
            is_asked = answer != Answer.CHOSEN
            replied = answer in Choice.ANSWERED
            choice = ChoiceFactory(
                place=place,
                expert=expert,
                order=order + 1,
                status=answer,
                asked_at=asked_at if is_asked else None,
                answered_at=asked_at + dice.randint(1, 150) * HOUR if replied else None,
            )
            if answer == Answer.ACCEPTED:
                _outcome_of(choice, dice)
            asked_at += 5 * DAY


# The same figures by hand


@pytest.mark.parametrize("name", list(periods(NOW)))
def test_every_figure_equals_sql_written_by_hand(name):
    requests_of_three_years()
    period = periods(NOW)[name]

    assert by_code(*period, NOW) == by_hand(*period, NOW)


def test_the_generated_requests_are_worth_the_comparison():
    requests_of_three_years()
    found = by_hand(*Period.until_today(NOW), NOW)

    assert 0 < found["asked"][0] <= found["anywhere"][0] <= found["ever"][1]
    assert 0 < found["answered"][0] < found["answered"][1]
    assert 0 < found["useful"][0] < found["useful"][1]
    assert all(found["ages"])
    assert found["median"] > 0 * DAY
    assert len(found["expertise"]) == len(TERMS)
    assert sum(1 for _code, requests, *_rest in found["regions"] if requests) == 6


def test_experts_ever_asked_are_counted_up_to_the_end_of_each_month():
    requests_of_three_years()
    firsts = [
        first
        for (first,) in sql(
            """SELECT min(asked_at) FROM advice_choice c JOIN experts_expert e ON e.id = expert_id
               WHERE e.status = 'listed' AND asked_at IS NOT NULL GROUP BY expert_id"""
        )
    ]
    months = statistics.by_month(Period.until_today(NOW), NOW)

    assert months[-1].first == date(2026, 11, 1)
    for month in months:
        end = datetime(month.first.year, month.first.month, 1, tzinfo=UTC)
        end += relativedelta(months=1)
        assert month.asked == sum(first < min(end, NOW) for first in firsts), month
    assert months[0].asked or months[0].requests


def test_without_requests_every_figure_is_there_and_nothing_breaks(client):
    ExpertFactory()
    period = Period.of_12_months(NOW)

    found = by_code(*period, NOW)

    assert found == by_hand(*period, NOW)
    assert (found["ever"], found["median"], found["expertise"]) == ((0, 1), None, {})
    assert client.get(reverse("use_of_list")).status_code == 200


# Small numbers


def test_numbers_below_three_are_hidden_and_none_follows_from_the_others():
    def shown(numbers, **values):
        return [str(cell) for cell in cells(numbers, False, **values)]

    few, beside = "fewer than 3", "not shown"
    assert shown([5, 3, 4]) == ["5", "3", "4"]
    assert shown([5, 2, 0]) == ["5", few, few]
    assert shown([5, 2, 4]) == ["5", few, beside], "2 would be the sum less 5 and 4"
    assert shown([5, 2, 4], adds_up=False) == ["5", few, "4"]
    assert shown([1]) == [few]
    assert shown([]) == []
    assert [str(cell) for cell in cells([5, 2, 4], True)] == ["5", "2", "4"]


def _two_requests_and_three(now: datetime) -> None:
    """Two from Uruguay on lamps, three from Kenya on collection, one expert asked for all."""
    expert = ExpertFactory(
        name="Asked for all (example)", country_id="FR", email="asked-for-all@example.org"
    )
    requester = PartnerUserFactory(email="asks@example.org")
    for country, term in [("UY", TERMS[0])] * 2 + [("KE", TERMS[1])] * 3:
        request = AdviceRequestFactory(
            requester=requester,
            country_id=country,
            terms=[term],
            text="Secret words of a ministry",
            status=Status.ASKING,
            sent_at=now - 8 * DAY,
        )
        ChoiceFactory(
            place=PlaceFactory(request=request),
            expert=expert,
            status=Answer.ASKED,
            asked_at=now - 7 * DAY,
        )


def _page(client, **query) -> str:
    answer = client.get(reverse("use_of_list"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def _file(client, **query) -> list[list[str]]:
    answer = client.get(reverse("use_of_list_csv"), query)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_public_sees_totals_and_no_small_numbers_names_or_texts(client):
    _two_requests_and_three(timezone.now())
    lamps, collection = (Term.objects.get(code=code).label for code in TERMS[:2])

    page, rows = _page(client), _file(client)

    assert "Asked for all" not in page
    assert "Secret words" not in page
    assert "fewer than 3" in page
    assert "less than 7 days ago" not in page
    assert ["In this period", "Requests sent", "Requests", "5", ""] in rows
    assert ["By region", "America", "Requests", "fewer than 3", ""] in rows
    assert ["By region", "Africa", "Requests", "3", ""] in rows
    assert ["By region", "Europe", "Experts who were asked", "fewer than 3", "1"] in rows
    assert ["By expertise", lamps, "Requests", "fewer than 3", ""] in rows
    assert ["By expertise", collection, "Requests", "3", ""] in rows
    assert not any("Asked for all" in cell for row in rows for cell in row)
    assert not any(row[0] == "By expert" for row in rows)


def test_the_lead_sees_everything(lead, client):
    _two_requests_and_three(timezone.now())

    page, rows = _page(client, **{"from": "", "to": ""}), _file(client)

    assert "Asked for all (example)" in page
    assert "fewer than 3" not in page
    assert "7 to 14 days ago" in page
    assert ["By expert", "Asked for all (example)", "Times asked", "5", ""] in rows
    assert not any("fewer than 3" in cell for row in rows for cell in row)


def test_the_file_and_the_page_have_the_same_figures(client):
    requests_of_three_years()
    board = Board(Period.of_12_months(NOW), NOW, False)
    lines = list(board.lines())

    for row in board.regions:
        assert ["By region", row.name, "Requests", str(row.requests), None] in lines
    for term, cell in board.expertise:
        assert ["By expertise", term.label, "Requests", str(cell), None] in lines
    assert [
        "In this period",
        "Answered, yes or no",
        "Experts asked, each time counted",
        str(board.answered.part),
        str(board.answered.whole),
    ] in lines


def test_a_name_that_looks_like_a_formula_is_neutral_in_the_file():
    _two_requests_and_three(NOW)
    board = Board(Period.of_12_months(NOW), NOW, True)
    expert = board.people().get()
    expert.name = "=1+1"
    expert.save(update_fields=["name"])

    names = [row[1] for row in board.lines() if row[0] == "By expert"]

    assert names == ["'=1+1", "'=1+1"]


# The period


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"from": "yesterday"}, "Give a day as in 2026-11-24."),
        ({"to": "2026-02-30"}, "Give a day as in 2026-11-24."),
        ({"from": "2999-01-01"}, "This day is still to come."),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "This day is before the first one."),
    ],
)
def test_wrong_days_are_answered_in_words_and_stay_in_the_form(client, query, words):
    page = _page(client, **query)

    assert words in page
    for value in query.values():
        assert f'value="{value}"' in page
    assert client.get(reverse("use_of_list_csv"), query).url.startswith("/advice/use/?")


def test_the_public_sees_whole_years_as_days_would_tell_of_single_requests(client):
    rows = _file(client, **{"from": "2025-03-01", "to": "2025-03-31"})

    assert [row[3] for row in rows if row[0] == "Period"] == ["2025-01-01", "2025-12-31"]


def test_both_days_of_a_period_belong_to_it(client, lead):
    for at in ("2026-03-01T00:00", "2026-03-31T23:59", "2026-02-28T23:59", "2026-04-01T00:00"):
        sent_at = datetime.fromisoformat(f"{at}+00:00")
        AdviceRequestFactory(
            status=Status.WAITING, waits_for="too_long", sent_at=sent_at, country_id="UY"
        )

    rows = _file(client, **{"from": "2026-03-01", "to": "2026-03-31"})

    assert ["In this period", "Requests sent", "Requests", "2", ""] in rows
    assert [row[3] for row in rows if row[0] == "Period"] == ["2026-03-01", "2026-03-31"]


def test_the_number_of_queries_does_not_follow_the_requests(client, settings):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            _page(client, **{"from": "", "to": ""})
        return len(seen)

    _two_requests_and_three(timezone.now())
    _page(client)
    few = queries()
    requests_of_three_years()

    assert queries() == few


# Drawn and said


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, ""),
        (HOUR, "1 hour"),
        (47 * HOUR, "47 hours"),
        (48 * HOUR, "2 days"),
        (3.4 * DAY, "3 days"),
    ],
)
def test_a_span_is_said_in_hours_up_to_two_days(span, words):
    assert use_board.in_words(span) == words


@pytest.mark.parametrize("asked", [0, 3, 5, 40])
def test_the_curve_stays_inside_its_picture(asked):
    months = [
        statistics.Month(date(2026, 1, 1), 1, 0),
        statistics.Month(date(2026, 2, 1), 2, asked),
    ]
    curve = Curve(months, 40)

    assert 0 < float(curve.label_y) < 262
    assert Curve.TOP <= float(curve.end[1]) <= Curve.BOTTOM
    assert [name for _x, name in curve.labels] == ["Feb 2026", "Jan 2026"]


def test_home_says_how_many_were_asked_beside_2014(client):
    _two_requests_and_three(timezone.now())

    page = client.get("/").content.decode()

    assert "of 1 listed experts were asked for advice through the portal; in 2014 it was 5" in page
