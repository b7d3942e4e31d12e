"""Answers to questions: one for each person or organisation, and anonymous ones that are so.

An anonymous answer names nobody and no moment, and nothing beside it does: with each new one all
answers to the question are written anew in an order drawn by lot, under new keys. So neither keys
nor the order of rows nor the transaction that wrote them match those of `Answered`, which says who
has answered.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meetings import permissions
from meetings.models import Answer, Answered, Meeting, Pick, Question
from partners.models import Organisation, User
from partners.refusals import Refused

Kind = Question.Kind
_lot = random.SystemRandom()


@dataclass(frozen=True)
class Said:
    """An answer: words, or keys of options; of a ranking the first place first."""

    text: str = ""
    picks: tuple[int, ...] = ()


class Collision(Refused):
    """A colleague has answered for the organisation since the form was shown."""


def stamp(answer: Answer | None) -> str:
    """The state of an answer, for a form to carry; empty: there is none yet."""
    return answer.at.isoformat() if answer else ""


def given(question: Question, user, organisation: Organisation | None) -> Answered | None:
    """That the person, or the organisation, has answered, with the answer if it may be known."""
    mine = question.answered.select_related("answer", "user")
    if organisation is not None:
        return mine.filter(organisation=organisation).first()
    return mine.filter(user=user, organisation=None).first()


@transaction.atomic
def answer(
    question_id: int,
    said: Said,
    by: User,
    now: datetime,
    organisation: Organisation | None = None,
    seen: str | None = None,
):
    """Write the one answer of the person or the organisation down, or change it.

    `organisation` where each organisation has one. `seen` is the `stamp` that the form carried;
    without it the last one wins. Raises Collision when it is not the present one; Refused when the
    question takes no answers, for somebody who is not asked, for an answer that the question does
    not know, and for a second anonymous one.
    """
    question = (
        Question.objects.select_for_update(of=("self",))
        .select_related("meeting")
        .get(pk=question_id)
    )
    if not question.takes_answers(now):
        raise Refused(_("This question takes no answers now."))
    organisation = _speaker(question, by, now, organisation)
    _check(question, said)
    known = given(question, by, organisation)
    if question.is_anonymous:
        if known:
            raise Refused(_("There is an answer already. Anonymous ones cannot be changed."))
        Answered.objects.create(question=question, user=by, organisation=organisation)
        _mix(question, said)
        return
    if seen is not None and seen != stamp(known.answer if known else None):
        raise Collision(
            _(
                "%(person)s has answered for %(organisation)s since you opened the page. Read it "
                "below; send once more if yours is to stand."
            )
            % {"person": known.user, "organisation": organisation or known.user}
        )
    row = known.answer if known else Answer(question=question)
    row.user, row.organisation, row.text, row.at = by, organisation, said.text, now
    row.save()
    row.picks.all().delete()
    Pick.objects.bulk_create(_picks(question, row, said))
    if known:
        Answered.objects.filter(pk=known.pk).update(user=by)
    else:
        Answered.objects.create(question=question, user=by, organisation=organisation, answer=row)


def _speaker(
    question: Question, by: User, now: datetime, organisation: Organisation | None
) -> Organisation | None:
    if not permissions.is_asked(by, question, now.date()):
        raise Refused(_("This question is asked of others."))
    if question.unit == Question.Unit.PERSON:
        return None
    if organisation not in permissions.answers_for(by, question, now.date()):
        raise Refused(_("Each organisation has one answer. Choose one to which you belong."))
    return organisation


def _check(question: Question, said: Said):
    """Forms say it nearer to the field; this is what no form can get round."""
    if question.kind == Kind.WRITTEN:
        if not said.text.strip() or said.picks:
            raise Refused(_("Write an answer."))
        return
    known = set(question.options.values_list("pk", flat=True))
    most = 1 if question.kind == Kind.CHOICE else question.at_most or len(known)
    is_once = len(set(said.picks)) == len(said.picks)
    if said.text or not said.picks or not is_once or not known.issuperset(said.picks):
        raise Refused(_("Choose from the answers of this question."))
    if len(said.picks) > most:
        raise Refused(_("Choose at most %(n)s.") % {"n": most})


def _picks(question: Question, row: Answer, said: Said) -> Iterable[Pick]:
    ranks = question.kind == Kind.RANKING
    for place, option in enumerate(said.picks, start=1):
        yield Pick(answer=row, option_id=option, rank=place if ranks else 1)


def _mix(question: Question, said: Said):
    """Write all answers to an anonymous question anew, the new one among them."""
    all_said = [said]
    for row in question.answers.prefetch_related("picks"):
        in_order = sorted(row.picks.all(), key=lambda pick: pick.rank)
        all_said.append(Said(row.text, tuple(pick.option_id for pick in in_order)))
    _lot.shuffle(all_said)
    question.answers.all().delete()
    rows = Answer.objects.bulk_create(Answer(question=question, text=one.text) for one in all_said)
    Pick.objects.bulk_create(
        pick for row, one in zip(rows, all_said, strict=True) for pick in _picks(question, row, one)
    )


# The survey, whose questions stand on one page


def survey_is_on(meeting: Meeting, now: datetime) -> bool:
    """Of a meeting it follows its last day; a meeting that is a survey has no day to wait for."""
    if meeting.kind == Meeting.Kind.SURVEY:
        return True
    return meeting.status == Meeting.Status.HELD or (meeting.day_at(now) >= meeting.ends_on)


def survey_questions(meeting: Meeting, user, now: datetime) -> list[Question]:
    """Those of the survey that take answers and are asked of this person."""
    found = meeting.questions.taking_answers(now).filter(is_survey=True)
    found = list(found.select_related("meeting").prefetch_related("options"))
    return [one for one in found if permissions.is_asked(user, one, now.date())]


@transaction.atomic
def answer_survey(answers: dict[int, Said], by: User, now: datetime):
    """Write several answers down, by key of their questions: all of them or, refused, none.

    Raises Refused without a single one, and as `answer`.
    """
    if not answers:
        raise Refused(_("Answer one question or more."))
    for question_id in sorted(answers):
        answer(question_id, answers[question_id], by, now)
