"""Questions as people answer them: one by one, the survey on one page, and the room's screen."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from meetings import agenda, answering, permissions, results
from meetings.finding import visible
from meetings.forms.answers import AnswerForm
from meetings.models import Answered, Meeting, Question
from partners import languages
from partners.models import Organisation
from partners.pages import sign_in_where_hidden
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


@_anything
@sign_in_where_hidden
def question_detail(request, code: str, number: int):
    """One question: its form for whoever is asked, its results for whoever may see them.

    `?organisation=` is the key of one's own for which one answers, `?language=` that of the words.
    """
    meeting = visible(request, code)
    question = _seen(request, meeting, number)
    user, now = request.user, timezone.now()
    houses = _houses(question, user, now)
    house = _chosen(request, houses)
    known = answering.given(question, user, house) if user.is_authenticated else None
    may_answer = (
        question.status != Question.Status.PREPARED
        and not question.is_survey
        and permissions.is_asked(user, question, now.date())
        and (question.unit == Question.Unit.PERSON or house is not None)
        and not (known and question.is_anonymous)
    )
    if request.method == "POST" and not may_answer:
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        messages.error(request, _("This question takes no answers from you now."))
        return redirect(question)
    language = request.GET.get("language", "")
    form = None
    # What somebody typed while the question was closed is shown again, with the step's refusal
    if may_answer and (question.takes_answers(now) or request.method == "POST"):
        form = AnswerForm(
            request.POST if request.method == "POST" else None,
            question=question,
            answer=known.answer if known else None,
            language=language,
            label=question.in_language(language),
        )
        if form.is_valid():
            try:
                seen = request.POST.get("seen", "")
                answering.answer(question.pk, form.said(), user, now, house, seen)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                known = answering.given(question, user, house)
            else:
                messages.success(request, _thanks(question))
                return redirect(request.get_full_path())
    context = {
        "meeting": meeting,
        "question": question,
        "text": question.in_language(language),
        "language": language if question.in_language(language) != question.text else "",
        "others": _languages(question, language),
        "form": form,
        "seen": answering.stamp(known.answer if known else None),
        "known": known,
        "collided": bool(form and form.is_bound and known and known.answer),
        "houses": houses,
        "house": house,
        "is_asked": permissions.is_asked(user, question, now.date()),
        "is_open": question.takes_answers(now),
        "is_over": question.is_over(now),
        "can_organise": permissions.can_organise(user, meeting),
        "item": _item_heading(question, user),
        **_results(question, user, now),
    }
    return render(request, "meetings/question_detail.html", context)


def _seen(request, meeting: Meeting, number: int) -> Question:
    seen = Question.objects.visible_to(request.user).select_related("meeting", "item")
    return get_object_or_404(seen, meeting=meeting, number=number)


def _item_heading(question: Question, user) -> str:
    """Its agenda item as it was published; of a draft, organisers alone are told the title."""
    if question.item is None:
        return ""
    published = agenda.published_heading(question.item, question.meeting)
    if published or not permissions.can_organise(user, question.meeting):
        return published
    return str(question.item)


def _houses(question: Question, user, now) -> list[Organisation]:
    if question.unit == Question.Unit.PERSON or not user.is_authenticated:
        return []
    return permissions.answers_for(user, question, now.date())


def _chosen(request, houses: list[Organisation]) -> Organisation | None:
    """That which the address names, else the first one."""
    asked = request.GET.get("organisation", "")
    named = [one for one in houses if str(one.pk) == asked]
    return next(iter(named or houses), None)


def _languages(question: Question, language: str) -> list[tuple[str, str]]:
    """(code, name) of the other languages in which the question is written down."""
    codes = [code for code in ("fr", "es") if getattr(question, f"text_{code}")]
    return [(one, languages.name(one)) for one in ["en", *codes] if one != (language or "en")]


def _thanks(question: Question) -> str:
    if question.is_anonymous:
        return _("Thank you. Your answer is kept without your name.")
    return _("Thank you. Your answer is kept; you can change it while the question is open.")


def _results(question: Question, user, now) -> dict:
    """What parts/question_results.html needs."""
    is_shown = (
        question.kind != Question.Kind.DISCUSSION
        and question.status != Question.Status.PREPARED
        and permissions.can_see_results(user, question, now)
    )
    with_words = is_shown and permissions.can_read_answers(user, question, now)
    return {
        "results": results.of(question, with_words) if is_shown else None,
        "with_words": with_words,
        "answer_count": question.answered.count(),
    }


@require_safe
@vary_on_headers("HX-Request")
@sign_in_where_hidden
def question_room(request, code: str, number: int):
    """For the screen of the room: it asks every few seconds whether something is new."""
    meeting = visible(request, code)
    question = _seen(request, meeting, number)
    now = timezone.now()
    context = {
        "meeting": meeting,
        "question": question,
        "is_open": question.takes_answers(now),
        **_results(question, request.user, now),
    }
    shown = context["results"].stamp if context["results"] else context["answer_count"]
    context["stamp"] = f"{shown}-{'open' if context['is_open'] else 'closed'}"
    if not request.htmx:
        return render(request, "meetings/question_room.html", context)
    if request.GET.get("seen") == context["stamp"]:
        return HttpResponse(status=204)  # htmx leaves the page as it is
    return render(request, "meetings/parts/question_room_now.html", context)


@login_required
@_anything
def meeting_survey(request, code: str):
    """All questions of the survey that the person can answer now, on one page."""
    meeting, user, now = visible(request, code), request.user, timezone.now()
    asked = [
        one
        for one in meeting.questions.opened().filter(is_survey=True).select_related("meeting")
        if permissions.is_asked(user, one, now.date())
    ]
    if not asked:
        raise PermissionDenied
    is_on = answering.survey_is_on(meeting, now)
    questions = answering.survey_questions(meeting, user, now) if is_on else []
    given = {
        one.question_id: one
        for one in Answered.objects.filter(
            question__in=questions, user=user, organisation=None
        ).select_related("answer")
    }
    forms = [
        AnswerForm(
            request.POST if request.method == "POST" else None,
            question=one,
            answer=given[one.pk].answer if one.pk in given else None,
            label=one.text,
            note=_("Anonymous.") if one.is_anonymous else _("With your name."),
            is_optional=True,
            prefix=f"q{one.number}",
        )
        for one in questions
        if not (one.is_anonymous and one.pk in given)
    ]
    refused = ""
    if request.method == "POST" and not any(form.errors for form in forms):
        said = {form.question.pk: form.said() for form in forms}
        try:
            answering.answer_survey({key: one for key, one in said.items() if one}, user, now)
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, _("Thank you. Your answers are kept."))
            return redirect("meeting_survey", code)
    context = {
        "meeting": meeting,
        "forms": forms,
        "refused": refused,
        "is_on": is_on,
        "has_answered": bool(given),
        "has_anonymous": any(form.question.is_anonymous for form in forms),
    }
    return render(request, "meetings/meeting_survey.html", context)
