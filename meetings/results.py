"""What came of a question: numbers, a common ranking, words. Who may see it: `permissions`."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from advice.masking import AT_LEAST
from meetings import borda
from meetings.models import Answer, Option, Pick, Question
from partners.csv_files import neutral

Kind = Question.Kind


@dataclass(frozen=True)
class Row:
    """One option. `number`: answers that chose it; of a ranking, those that put it first."""

    option: Option
    number: int
    points: float | None = None
    place: int | None = None

    @property
    def size(self) -> float:
        """The length of its bar, of `Results.most`."""
        return self.number if self.points is None else self.points


@dataclass(frozen=True)
class Words:
    """A written answer, and whose it is; empty for an anonymous one."""

    text: str
    whose: str


@dataclass(frozen=True)
class Results:
    """`answers` is how many answered; `is_hidden`: too few anonymous ones to show anything."""

    answers: int
    is_hidden: bool = False
    rows: list[Row] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    @property
    def most(self) -> float:
        return max((row.size for row in self.rows), default=0) or 1

    @property
    def stamp(self) -> str:
        """Another one as soon as anything that is shown is another."""
        shown = [self.answers, [(row.option.pk, row.number, row.size) for row in self.rows]]
        shown.append([(one.text, one.whose) for one in self.words])
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def of(question: Question, with_words: bool) -> Results:
    """Of a question of any kind; `with_words`: written answers, too."""
    answers = question.answered.count()
    if question.is_anonymous and answers < AT_LEAST:
        return Results(answers, is_hidden=True)
    if question.kind == Kind.WRITTEN:
        return Results(answers, words=_words(question) if with_words else [])
    options = list(question.options.all())
    picks = Pick.objects.filter(answer__question=question).order_by("answer_id", "rank")
    if question.kind == Kind.RANKING:
        return Results(answers, rows=_ranked(options, picks))
    numbers = Counter(picks.values_list("option_id", flat=True))
    return Results(answers, rows=[Row(one, numbers[one.pk]) for one in options])


def _ranked(options: list[Option], picks) -> list[Row]:
    """By points, the most first; those with the same stand in the order of the question."""
    rankings: dict[object, list[int]] = {}
    for answer, option in picks.values_list("answer_id", "option_id"):
        rankings.setdefault(answer, []).append(option)
    points = borda.points([one.pk for one in options], rankings.values())
    firsts = Counter(ranking[0] for ranking in rankings.values())
    places = borda.places([points[one.pk] for one in options])
    rows = [
        Row(one, firsts[one.pk], points[one.pk], place)
        for one, place in zip(options, places, strict=True)
    ]
    return sorted(rows, key=lambda row: row.place)


def _words(question: Question) -> list[Words]:
    """In the order of writing; anonymous ones in the order of their keys, which is none."""
    rows = question.answers.exclude(text="").select_related("organisation", "user")
    return [Words(row.text, _whose(row)) for row in rows]


def _whose(row: Answer) -> str:
    return str(row.organisation or row.user or "")


def table(question: Question, results: Results) -> Iterator[list]:
    """The results as rows of a file, after the names of the columns."""
    if question.kind == Kind.WRITTEN:
        yield ["Answer", "Whose"]
        for one in results.words:
            yield [neutral(one.text), neutral(one.whose)]
        return
    if question.kind == Kind.RANKING:
        yield ["Place", "Subject", "Points (Borda count)", "Put first", "Answers in all"]
        for row in results.rows:
            text = neutral(row.option.text)
            yield [row.place, text, f"{row.points:g}", row.number, results.answers]
        return
    yield ["Answer", "Chosen", "Answers in all"]
    for row in results.rows:
        yield [neutral(row.option.text), row.number, results.answers]


def one_by_one(question: Question, now: datetime) -> Iterator[list]:
    """Each answer as a row, for organisers; of an anonymous question from three on, once closed."""
    options = list(question.options.all())
    yield ["Person", "Organisation", "Time (UTC)", "Words", *(neutral(one.text) for one in options)]
    is_told = question.is_over(now) and question.answered.count() >= AT_LEAST
    if question.is_anonymous and not is_told:
        return
    ranks = question.kind == Kind.RANKING
    rows = question.answers.select_related("organisation", "user").prefetch_related("picks")
    for row in rows:
        picked = {pick.option_id: pick.rank if ranks else 1 for pick in row.picks.all()}
        yield [
            neutral(str(row.user or "")),
            neutral(str(row.organisation or "")),
            f"{row.at:%Y-%m-%d %H:%M}" if row.at else "",
            neutral(row.text),
            *(picked.get(one.pk, "") for one in options),
        ]
