"""Annexes of a report that are for all its readers: countries' statements, answers to questions."""

from datetime import datetime

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from meetings import results
from meetings.models import Meeting, Question
from meetings.report_blocks import Block
from meetings.results import Results

Part = tuple[str, list[Block]]  # its title, and what stands under it


def statements(meeting: Meeting) -> list[Part]:
    """A part for each country whose statement was sent: whoever sees the meeting reads these."""
    found = []
    for one in meeting.statements.sent().side_by_side():
        needs = "; ".join(need.title for need in one.needs.all())
        said = (
            (_("Situation: %(words)s"), one.situation),
            (_("Priorities: %(words)s"), one.priorities),
            (_("Needs: %(words)s"), needs),
        )
        lines = [line % {"words": " ".join(words.split())} for line, words in said if words.strip()]
        found.append((str(one.country), [Block("text", lines)]))
    return found


def results_of_questions(meeting: Meeting, now: datetime) -> list[Part]:
    """A part with a table for each question that is closed and whose results are for everybody.

    Written answers are left out: those who are asked alone read them.
    """
    questions = (
        meeting.questions.opened()
        .filter(kind__in=Question.WITH_OPTIONS)
        .exclude(results=Question.Results.ORGANISERS)
        .order_by("number")
    )
    found = []
    for one in questions:
        if one.is_over(now):
            shown = results.of(one, with_words=False)
            if shown.answers and not shown.is_hidden:
                found.append((one.in_language(_language()), _figures(one, shown)))
    return found


def _figures(question: Question, shown: Results) -> list[Block]:
    is_ranking = question.kind == Question.Kind.RANKING
    if is_ranking:
        said = ngettext(
            "The common ranking of %(n)s answer, by Borda count.",
            "The common ranking of %(n)s answers, by Borda count.",
            shown.answers,
        )
        header = [_("Subject"), _("Place"), _("Points")]
    else:
        said = ngettext("%(n)s answer.", "%(n)s answers.", shown.answers)
        header = [_("Answer"), _("Chosen")]
    rows = []
    for row in shown.rows:
        figures = [f"{row.place}", f"{row.points:g}"] if is_ranking else [f"{row.number}"]
        rows.append([row.option.in_language(_language()), *figures])
    return [
        Block("text", [said % {"n": shown.answers}]),
        Block("table", header=header, rows=rows),
    ]


def _language() -> str:
    return (get_language() or "en")[:2]
