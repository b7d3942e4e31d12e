"""Annexes of a report: what countries stated, and what came of questions."""

from datetime import timedelta

import pytest
import time_machine

from meetings import answering, reporting
from meetings.answering import Said
from meetings.models import Meeting, Question, Report
from partners.audience import Audience
from tests.factories import (
    NOW,
    MeetingFactory,
    PartnerUserFactory,
    QuestionFactory,
    StatementFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def annexes(meeting: Meeting) -> list[tuple[str, str, list]]:
    content = reporting.printed(Report(meeting=meeting), Audience.PUBLIC, NOW)
    found = [one for one in content.sections if one.number.startswith("Annex")]
    return [
        (one.number, one.title, [block.lines or block.rows for block in one.blocks])
        for one in found
    ]


def answered(meeting: Meeting, people: int = 1, **values) -> Question:
    """Answered with the first two options, by so many."""
    question = QuestionFactory(meeting=meeting, **values)
    first, second, _third = (one.pk for one in question.options.all())
    picks = (first,) if question.kind == "choice" else (second, first)
    for _number in range(people):
        answering.answer(question.pk, Said(picks=picks), PartnerUserFactory(), NOW)
    return question


def closed(question: Question) -> Question:
    question.status = "closed"
    question.save()
    return question


def test_statements_that_were_sent_stand_in_it_one_country_after_the_other():
    meeting = MeetingFactory()
    sent = StatementFactory(meeting=meeting, situation="Three plants\nhave closed.")
    for number, title in enumerate(("A store", "A law"), 1):
        sent.needs.create(number=number, title=title, text="In more words.")
    StatementFactory(meeting=meeting, country_id="BR", priorities="A store.")
    StatementFactory(meeting=meeting, country_id="PH", status="draft", sent_at=None)

    assert annexes(meeting) == [
        ("Annex 1", "Statements of countries", []),
        (
            *("Annex 1.1", "Brazil"),
            [["Situation: Three plants have closed.", "Priorities: A store."]],
        ),
        (
            *("Annex 1.2", "Uruguay"),
            [["Situation: Three plants have closed.", "Needs: A store; A law"]],
        ),
    ]


def test_questions_that_are_closed_bring_their_figures_where_all_readers_may_see_them():
    meeting = MeetingFactory()
    closed(answered(meeting, text="Choose."))
    closed(answered(meeting, text="Rank.", kind="ranking", results="at_once"))
    closed(answered(meeting, 3, text="Anonymous.", is_anonymous=True))
    closed(answered(meeting, 2, text="Two alone.", is_anonymous=True))
    closed(answered(meeting, text="For organisers.", results="organisers"))
    answered(meeting, text="Still open.", results="at_once")
    answered(meeting, text="Over by its time.", closes_at=NOW + timedelta(minutes=1))
    QuestionFactory(meeting=meeting, text="In words.", kind="written", status="closed")
    QuestionFactory(meeting=meeting, text="Nobody answered.", status="closed")

    assert annexes(meeting) == [
        ("Annex 1", "Answers to questions", []),
        ("Annex 1.1", "Choose.", [["1 answer."], [["Yes", "1"], ["No", "0"], ["Later", "0"]]]),
        (
            *("Annex 1.2", "Rank."),
            [
                ["The common ranking of 1 answer, by Borda count."],
                [["No", "1", "2"], ["Yes", "2", "1"], ["Later", "3", "0"]],
            ],
        ),
        ("Annex 1.3", "Anonymous.", [["3 answers."], [["Yes", "3"], ["No", "0"], ["Later", "0"]]]),
    ]
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        later = reporting.printed(
            Report(meeting=meeting), Audience.PUBLIC, NOW + timedelta(hours=1)
        )
    assert [one.title for one in later.sections][-1] == "Over by its time."
