"""The organisers set up registration: the desk, questions of the form, site visits."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meetings import desks
from meetings.finding import organised
from meetings.forms.desk import DeskForm, FormQuestionForm, VisitForm
from meetings.models import FormQuestion, Meeting, Part
from partners.keys import key_in
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@_anything
def desk_edit(request, code: str):
    """Days, seats and what is asked; below it the own questions and the site visits."""
    meeting, now = organised(request, code), timezone.now()
    form = DeskForm(request.POST or None, meeting=meeting, now=now)
    if form.is_valid():
        try:
            desks.keep(meeting.pk, form.values(), form.ways(), now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Registration is set up as you said."))
            return redirect("desk_edit", meeting.code)
    visits = meeting.parts.visits().with_waiting().prefetch_related("form_questions")
    context = {
        "meeting": meeting,
        "tab": "desk_edit",
        "form": form,
        "is_set_up": hasattr(meeting, "desk"),
        "questions": meeting.form_questions.of_registering(),
        "visits": visits,
    }
    return render(request, "meetings/desk_edit.html", context)


@login_required
@_anything
def form_question_add(request, code: str):
    """A question on the form; `?visit=` and a key: where one signs up for that visit."""
    meeting = organised(request, code)
    visit = _visit_named(request, meeting)
    form = FormQuestionForm(request.POST or None)
    if form.is_valid():
        desks.add_question(meeting, visit, form.values())
        messages.success(request, _("The question stands on the form."))
        return redirect("desk_edit", meeting.code)
    context = {"meeting": meeting, "form": form, "visit": visit}
    return render(request, "meetings/form_question_edit.html", context)


def _visit_named(request: HttpRequest, meeting: Meeting) -> Part | None:
    key = request.GET.get("visit", "")
    if not key:
        return None
    return get_object_or_404(meeting.parts.visits(), pk=key_in(key))


@login_required
@_anything
def form_question_edit(request, code: str, pk: int):
    meeting = organised(request, code)
    question = get_object_or_404(meeting.form_questions.select_related("part"), pk=pk)
    form = FormQuestionForm(request.POST or None, instance=question)
    if form.is_valid():
        try:
            desks.change_question(question.pk, form.values())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The question is changed."))
            return redirect("desk_edit", meeting.code)
    context = {
        "meeting": meeting,
        "form": form,
        "question": question,
        "visit": question.part,
        "answers": question.answers.count(),
    }
    return render(request, "meetings/form_question_edit.html", context)


@login_required
@require_POST
def form_question_move(request, code: str, pk: int):
    """`to` is "up" or "down"."""
    question = _question(request, code, pk)
    desks.move_question(question.pk, up=request.POST.get("to") == "up")
    return redirect("desk_edit", code)


@login_required
@require_POST
def form_question_remove(request, code: str, pk: int):
    question = _question(request, code, pk)
    desks.remove_question(question.pk)
    messages.success(request, _("The question and its answers are gone."))
    return redirect("desk_edit", code)


def _question(request: HttpRequest, code: str, pk: int) -> FormQuestion:
    return get_object_or_404(organised(request, code).form_questions, pk=pk)


@login_required
@_anything
def visit_add(request, code: str):
    meeting = organised(request, code)
    form = VisitForm(request.POST or None, initial={"on": meeting.starts_on})
    if form.is_valid():
        try:
            desks.add_visit(meeting, form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Confirmed participants can sign up for the site visit."))
            return redirect("desk_edit", meeting.code)
    return render(request, "meetings/visit_edit.html", {"meeting": meeting, "form": form})


@login_required
@_anything
def visit_edit(request, code: str, pk: int):
    meeting = organised(request, code)
    visit = get_object_or_404(meeting.parts.visits(), pk=pk)
    form = VisitForm(request.POST or None, instance=visit)
    if form.is_valid():
        try:
            desks.change_visit(visit.pk, form.cleaned_data, timezone.now())
        except Refused as refusal:
            form.add_error("seats", str(refusal))
        else:
            messages.success(request, _("The site visit is changed."))
            return redirect("desk_edit", meeting.code)
    context = {"meeting": meeting, "form": form, "visit": visit}
    return render(request, "meetings/visit_edit.html", context)


@login_required
@require_POST
def visit_remove(request, code: str, pk: int):
    meeting = organised(request, code)
    visit = get_object_or_404(meeting.parts.visits(), pk=pk)
    try:
        desks.remove_visit(visit.pk)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("The site visit is gone."))
    return redirect("desk_edit", meeting.code)
