"""Questions to partners: organisers write them, open them for answers and close them.

What people were told when they answered stays as it was: after the first answer only the words of
the question, its agenda item and its closing time can be changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from meetings.models import Meeting, Option, Question
from partners.refusals import Refused

Kind, Status = Question.Kind, Question.Status
#: What stays after the first answer, with the answers to choose from
PROMISED = ("kind", "asked_of", "unit", "at_most", "is_anonymous", "results", "is_survey")
FREE = ("text", "text_fr", "text_es", "item", "closes_at")
OPTIONS_AT_MOST = 30


@dataclass(frozen=True)
class Choice:
    """An answer to choose, in up to three languages."""

    text: str
    text_fr: str = ""
    text_es: str = ""


@transaction.atomic
def add(meeting_id: int, values: dict, choices: Sequence[Choice] = ()) -> Question:
    """A question in preparation, with the next number; `values` are fields of the model."""
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    last = meeting.questions.aggregate(last=Max("number"))["last"] or 0
    question = Question(meeting=meeting, number=last + 1, **values)
    _settle(question)
    question.save()
    _write_choices(question, choices)
    return question


@transaction.atomic
def change(question_id: int, values: dict, choices: Sequence[Choice], now: datetime) -> Question:
    """Write the question anew. Raises Refused for what was promised to those who have answered."""
    question = Question.objects.select_for_update(of=("self",)).get(pk=question_id)
    before = {name: getattr(question, name) for name in PROMISED}
    was_over = question.is_over(now)
    for name, value in values.items():
        setattr(question, name, value)
    _settle(question)
    if question.answered.exists():
        known = [Choice(one.text, one.text_fr, one.text_es) for one in question.options.all()]
        is_other = any(getattr(question, name) != value for name, value in before.items())
        if is_other or known != list(choices):
            raise Refused(
                _(
                    "Somebody has answered already. Only the words of the question, its agenda "
                    "item and its closing time can be changed now."
                )
            )
        if was_over and question.takes_answers(now):
            _check_nothing_was_shown(question)
        question.save(update_fields=FREE)
        return question
    if question.kind == Kind.DISCUSSION and question.status != Status.PREPARED:
        raise Refused(_("This question was opened: it cannot be one for discussion alone."))
    question.save()
    question.options.all().delete()
    _write_choices(question, choices)
    if question.status == Status.OPEN:
        _check_can_open(question)
    return question


def _settle(question: Question):
    """What follows from the kind, from being anonymous, and from being part of the survey."""
    if question.kind not in (Kind.SEVERAL, Kind.RANKING):
        question.at_most = None
    if question.is_anonymous and question.results == Question.Results.AT_ONCE:
        question.results = Question.Results.AFTERWARDS
    if question.is_survey:
        question.unit = Question.Unit.PERSON
        question.results = Question.Results.ORGANISERS
        is_survey_alone = question.meeting.kind == Meeting.Kind.SURVEY
        question.asked_of = (
            Question.AskedOf.PARTNERS if is_survey_alone else Question.AskedOf.PARTICIPANTS
        )


def _write_choices(question: Question, choices: Sequence[Choice]):
    if not question.has_options:
        return
    Option.objects.bulk_create(
        Option(
            question=question,
            number=number,
            text=one.text,
            text_fr=one.text_fr,
            text_es=one.text_es,
        )
        for number, one in enumerate(choices, start=1)
    )


@transaction.atomic
def open_for_answers(question_id: int, now: datetime) -> Question:
    """Let people answer, also once more after it was closed.

    A closing time that has passed is taken away. Raises Refused for a question that cannot be
    answered yet, while the meeting is not announced, and for an anonymous one with answers.
    """
    question = Question.objects.select_for_update(of=("self",)).get(pk=question_id)
    if question.takes_answers(now):
        raise Refused(_("This question is open already."))
    _check_can_open(question)
    _check_nothing_was_shown(question)
    question.status = Status.OPEN
    question.opened_at = question.opened_at or now
    if question.closes_at and question.closes_at <= now:
        question.closes_at = None
    question.save(update_fields=["status", "opened_at", "closes_at"])
    return question


def _check_can_open(question: Question):
    if question.meeting.status not in (Meeting.Status.ANNOUNCED, Meeting.Status.HELD):
        raise Refused(_("Announce the meeting first: until then nobody sees its questions."))
    if question.kind == Kind.DISCUSSION:
        raise Refused(_("Say first how it is answered: in words, by choice, or by a ranking."))
    if question.has_options and question.options.count() < 2:
        raise Refused(_("Write two answers to choose from, or more."))


def _check_nothing_was_shown(question: Question):
    """An anonymous question is closed once: results before and after one answer would tell it."""
    if question.is_anonymous and question.answered.exists():
        raise Refused(
            _(
                "This question is anonymous, and its results were shown. Who answers now could be "
                "found out. Write a new question."
            )
        )


@transaction.atomic
def close(question_id: int, now: datetime) -> Question:
    """Take no more answers. Raises Refused when it is not open."""
    question = Question.objects.select_for_update(of=("self",)).get(pk=question_id)
    if question.status != Status.OPEN:
        raise Refused(_("This question is not open."))
    question.status = Status.CLOSED
    question.save(update_fields=["status"])
    return question


@transaction.atomic
def delete(question_id: int):
    """Raises Refused when it was opened: what people have answered stays."""
    question = Question.objects.select_for_update(of=("self",)).get(pk=question_id)
    if question.status != Status.PREPARED:
        raise Refused(_("This question was opened. Close it instead."))
    question.delete()


@transaction.atomic
def move_survey(meeting_id: int, to: str, now: datetime) -> int:
    """Open all questions of the survey that can be opened, or close them. Returns how many."""
    questions = Question.objects.filter(meeting=meeting_id, is_survey=True).order_by("pk")
    if to == Status.OPEN:
        moved = [one for one in questions if not one.takes_answers(now)]
        for one in moved:
            open_for_answers(one.pk, now)
    else:
        moved = [one for one in questions if one.status == Status.OPEN]
        for one in moved:
            close(one.pk, now)
    return len(moved)
