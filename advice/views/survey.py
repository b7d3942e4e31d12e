"""The survey: answered from a mail, or signed in; and what came of it.

GET of the address in a mail shows and writes nothing, so that a scanner which opens every link
changes nothing; the button acts. The link opens no session.
"""

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from advice import permissions, survey_links, survey_reminders, surveying
from advice import survey_results as results
from advice.forms.survey import SurveyForm
from advice.models import Survey, SurveyAnswer
from advice.survey_links import Found
from experts.models import Expert
from partners import languages
from partners.even_time import even_time
from partners.quiet import quiet
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


def _form(request: HttpRequest, survey: Survey, expert: Expert, now: datetime):
    """(form, what the expert said so far, whether it was saved now)."""
    answer = SurveyAnswer.objects.filter(survey=survey, expert=expert).first()
    form = SurveyForm(request.POST if request.method == "POST" else None, answer=answer)
    if form.is_valid():
        try:
            surveying.answer(survey.pk, expert.pk, form.cleaned_data, now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return form, answer, True
    return form, answer, False


def _by_link(request, token: str):
    now = timezone.now()
    found = survey_links.find(token, now)
    if found is None or not found.is_alive:
        return _dead(request, token, found)
    link = found.link
    languages.use(request, link.language)
    form, answer, is_saved = _form(request, link.survey, link.expert, now)
    if is_saved:
        return redirect(reverse("survey_by_link", args=[token]) + _query(request))
    context = {
        "survey": link.survey,
        "expert": link.expert,
        "form": form,
        "answer": answer,
        "by_link": True,
        "translated": True,
    }
    return render(request, "advice/survey_by_link.html", context)


def _dead(request, token: str, found: Found | None):
    """Where the survey is closed, that; else the same for every link, known or not."""
    context = {
        "token": token,
        "closed": found.link.survey if found and found.is_closed else None,
        "query": _query(request),
        "translated": True,
    }
    return render(request, "advice/survey_by_link_dead.html", context, status=410)


def _query(request: HttpRequest) -> str:
    """'?lang=fr' where the reader chose a language, to keep it on the next page."""
    chosen = request.GET.get("lang", "")
    return f"?lang={chosen}" if chosen in dict(settings.LANGUAGES) else ""


def _fresh(request, token: str):
    """A fresh link by mail. The answer is the same whether the token is known or not."""
    now = timezone.now()
    found = survey_links.find(token, now)
    if request.method == "POST":
        if found:
            with suppress(Refused):  # the answer must not say whether there is an address
                survey_reminders.send_fresh(found.link, now)
        return render(request, "advice/survey_by_link_sent.html", {"translated": True})
    if found and found.is_alive:
        return redirect(reverse("survey_by_link", args=[token]) + _query(request))
    return _dead(request, token, found)


survey_by_link = quiet(languages.translated(_anything(_by_link)))
survey_by_link_fresh = even_time(quiet(languages.translated(_anything(_fresh))))


@login_required
@_anything
def survey_answer(request):
    """The open survey, for an expert of the list who is signed in."""
    now = timezone.now()
    expert = get_object_or_404(Expert.objects.listed().defer("search"), user=request.user)
    survey = surveying.current(now)
    if survey is None:
        return render(request, "advice/survey_answer.html", {"survey": None})
    form, answer, is_saved = _form(request, survey, expert, now)
    if is_saved:
        return redirect("survey_answer")
    context = {"survey": survey, "expert": expert, "form": form, "answer": answer}
    return render(request, "advice/survey_answer.html", context)


@require_safe
def survey_results(request, pk: int):
    """For everybody when it is over, for the Lead at once; what experts wrote, for the Lead."""
    now = timezone.now()
    survey = get_object_or_404(Survey.objects.visible_to(request.user, now), pk=pk)
    is_whole = permissions.can_see_whole_use(request.user)
    context = {
        "survey": survey,
        "is_open": survey.is_open(now),
        "is_whole": is_whole,
        "results": None if survey.was_held_before else results.of(survey, is_whole),
        "held": results.held(request.user, now),
    }
    return render(request, "advice/survey_results.html", context)
