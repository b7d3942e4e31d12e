"""What came of a survey: totals for everybody when it is over, what was written for the Lead."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q

from advice.masking import Cell, cells
from advice.models import Survey, SurveyAnswer
from experts import presenting

#: Words of experts on one page; admin has all of them.
SAID_AT_MOST = 200


@dataclass(frozen=True)
class Results:
    """Experts who were on the list, who answered, and who had been asked; rows with their cells.

    `answers` stands for the public too: the totals of a survey are what it was held for. The rows
    hide what fewer than three experts said, unless `is_whole`; a country that fewer named has none.
    """

    listed: int
    answers: int
    asked: int
    received: int
    leave: Cell
    answered: list[tuple[str, Cell]]
    why_not: list[tuple[str, Cell]]
    countries: list[tuple[str, Cell]]
    said: list[SurveyAnswer]  # for the Lead: who wrote words, or wants to leave

    @property
    def unasked(self) -> int:
        return self.answers - self.asked


def of(survey: Survey, is_whole: bool) -> Results:
    """Of a survey held in the portal, in one query (two for the Lead)."""
    rows = list(survey.answers.defer("about", "result"))
    asked = [row for row in rows if row.received]
    places = Counter(code for row in asked for code in row.countries)
    named = sorted(((presenting.country(code), n) for code, n in places.items()), key=_most)
    said = survey.answers.exclude(about="", result="", stays=True)
    said = said.select_related("expert").defer("expert__search")
    return Results(
        listed=survey.listed_then or 0,
        answers=len(rows),
        asked=len(asked),
        received=sum(row.received for row in asked),
        leave=cells([sum(not row.stays for row in rows)], is_whole)[0],
        answered=_rows(SurveyAnswer.Answered, (row.answered for row in asked), is_whole),
        why_not=_rows(
            SurveyAnswer.WhyNot, (row.why_not for row in rows if not row.received), is_whole
        ),
        countries=[row for row in _zip(named, is_whole, adds_up=False) if row[1].is_shown],
        said=list(said.order_by("expert__sort_name", "pk")[:SAID_AT_MOST]) if is_whole else [],
    )


class Held(NamedTuple):
    """A survey, and experts who had been asked for advice, of how many: of those on the list in a
    survey held before the portal, of those who answered in the others.
    """

    survey: Survey
    asked: int
    of: int


def held(user, now: datetime) -> list[Held]:
    """The surveys whose results this person may see, the newest first; one query."""
    surveys = Survey.objects.visible_to(user, now).annotate(
        answer_count=Count("answers"),
        asked_count=Count("answers", filter=Q(answers__received__gt=0)),
    )
    surveys = surveys.order_by("-opened_at", "-pk")
    return [
        Held(one, one.asked_then, one.listed_then)
        if one.was_held_before
        else Held(one, one.asked_count, one.answer_count)
        for one in surveys
    ]


def _most(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _rows(choices, said: Iterable[str], is_whole: bool) -> list[tuple[str, Cell]]:
    numbers = Counter(said)
    return _zip([(choice.label, numbers[choice.value]) for choice in choices], is_whole)


def _zip(
    rows: list[tuple[str, int]], is_whole: bool, adds_up: bool = True
) -> list[tuple[str, Cell]]:
    shown = cells([number for _name, number in rows], is_whole, adds_up)
    return [(name, cell) for (name, _number), cell in zip(rows, shown, strict=True)]
