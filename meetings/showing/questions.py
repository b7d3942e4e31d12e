"""What the page of a meeting shows of its questions."""

from dataclasses import dataclass
from datetime import datetime

from meetings import answering, permissions
from meetings.models import Answered, Meeting, Question


@dataclass(frozen=True)
class Shown:
    """A question, and what this person can do with it now."""

    question: Question
    is_open: bool
    can_answer: bool
    has_answered: bool
    has_results: bool


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_questions.html`: open questions first."""
    if "questions" not in meeting.holds:
        return {}
    questions = (
        Question.objects.visible_to(user)
        .filter(meeting=meeting, is_survey=False)
        .opened()
        .select_related("meeting")
    )
    answered = _answered(questions, user, now)
    rows = []
    for one in questions:
        is_open = one.takes_answers(now)
        rows.append(
            Shown(
                one,
                is_open,
                is_open and permissions.is_asked(user, one, now.date()),
                one.pk in answered,
                permissions.can_see_results(user, one, now),
            )
        )
    return {
        "questions": sorted(rows, key=lambda row: (not row.is_open, row.question.number)),
        "asks_survey": user.is_authenticated
        and answering.survey_is_on(meeting, now)
        and bool(answering.survey_questions(meeting, user, now)),
    }


def _answered(questions, user, now: datetime) -> set[int]:
    if not user.is_authenticated:
        return set()
    return set(
        Answered.objects.of(user, now.date())
        .filter(question__in=questions)
        .values_list("question", flat=True)
    )
