"""What organisers do with questions: write, take a set, open, close; and files with the answers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings import asking, permissions, results
from meetings.finding import organised, visible
from meetings.forms.questions import QuestionForm
from meetings.models import Meeting, Question
from meetings.question_sets import SETS, take
from partners.csv_files import csv_answer
from partners.pages import sign_in_where_hidden
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def question_manage(request, code: str):
    """All questions of the meeting, with what can be done with each now."""
    meeting, now = organised(request, code), timezone.now()
    questions = (
        meeting.questions.select_related("item")
        .annotate(answer_count=Count("answered"))
        .order_by("number")
    )
    rows = [
        {
            "question": one,
            "answers": one.answer_count,
            "is_open": one.takes_answers(now),
            "is_over": one.is_over(now),
        }
        for one in questions
    ]
    context = {
        "meeting": meeting,
        "tab": "question_manage",
        "rows": rows,
        "sets": SETS,
        "has_survey": any(row["question"].is_survey for row in rows),
        "survey_is_open": any(row["question"].is_survey and row["is_open"] for row in rows),
    }
    return render(request, "meetings/question_manage.html", context)


@login_required
@_anything
def question_add(request, code: str):
    return _edit(request, organised(request, code), None)


@login_required
@_anything
def question_edit(request, code: str, number: int):
    meeting = organised(request, code)
    return _edit(request, meeting, _of(meeting, number))


def _edit(request, meeting: Meeting, question: Question | None):
    form = QuestionForm(request.POST or None, meeting=meeting, question=question)
    if form.is_valid():
        try:
            if question:
                asking.change(question.pk, form.values(), form.choices(), timezone.now())
            else:
                asking.add(meeting.pk, form.values(), form.choices())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The question is saved."))
            return redirect("question_manage", meeting.code)
    context = {
        "meeting": meeting,
        "question": question,
        "form": form,
        "has_answers": question is not None and question.answered.exists(),
    }
    return render(request, "meetings/question_edit.html", context)


def _of(meeting: Meeting, number: int) -> Question:
    return get_object_or_404(meeting.questions.select_related("meeting"), number=number)


@login_required
@require_POST
def question_set_take(request, code: str, name: str):
    meeting = organised(request, code)
    if name not in SETS:
        raise Http404
    taken = take(meeting.pk, name)
    said = ngettext(
        "%(n)s question is added. Read it, then open it for answers.",
        "%(n)s questions are added. Read them, then open them for answers.",
        len(taken),
    )
    messages.success(request, said % {"n": len(taken)})
    return redirect("question_manage", code)


@login_required
@require_POST
def question_open(request, code: str, number: int):
    question = _of(organised(request, code), number)
    said = _("Open for answers: %(question)s") % {"question": question}
    return _step(request, code, said, asking.open_for_answers, question.pk, timezone.now())


@login_required
@require_POST
def question_close(request, code: str, number: int):
    question = _of(organised(request, code), number)
    said = _("Closed: %(question)s") % {"question": question}
    return _step(request, code, said, asking.close, question.pk, timezone.now())


@login_required
@require_POST
def question_delete(request, code: str, number: int):
    question = _of(organised(request, code), number)
    said = _("Deleted: %(question)s") % {"question": question}
    return _step(request, code, said, asking.delete, question.pk)


@login_required
@require_POST
def survey_open(request, code: str):
    return _move_survey(request, code, Question.Status.OPEN, _("The survey is open."))


@login_required
@require_POST
def survey_close(request, code: str):
    return _move_survey(request, code, Question.Status.CLOSED, _("The survey is closed."))


def _move_survey(request, code: str, to: str, said: str):
    meeting = organised(request, code)
    return _step(request, code, said, asking.move_survey, meeting.pk, to, timezone.now())


def _step(request, code: str, said: str, step, *args):
    try:
        step(*args)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("question_manage", code)


@require_safe
@sign_in_where_hidden
def question_results_csv(request, code: str, number: int):
    """The results as they are shown to this person."""
    meeting, now = visible(request, code), timezone.now()
    seen = Question.objects.visible_to(request.user).select_related("meeting")
    question = get_object_or_404(seen, meeting=meeting, number=number)
    if not permissions.can_see_results(request.user, question, now):
        raise Http404
    found = results.of(question, permissions.can_read_answers(request.user, question, now))
    return csv_answer(results.table(question, found), f"results-{code}-{number}.csv")


@login_required
@require_safe
def question_answers_csv(request, code: str, number: int):
    """Each answer as a row, for organisers."""
    question = _of(organised(request, code), number)
    return csv_answer(results.one_by_one(question, timezone.now()), f"answers-{code}-{number}.csv")
