"""What the link in a mail opens: one request and one side of it, without sign-in.

GET shows and writes nothing, so that a scanner which opens every link changes nothing; the buttons
act. The link counts for one choice and opens no session.
"""

from contextlib import suppress
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from advice import answer_links, conversing
from advice.models import Choice, Side
from advice.views import acting
from advice.views.requests import serve_file
from partners import languages
from partners.even_time import even_time
from partners.quiet import quiet
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


def _by_link(view, methods=_anything):
    """`view(request, link, now, …)` for a link that is alive; else the page for dead ones."""

    @wraps(view)
    def wrapped(request, token: str, **kwargs):
        now = timezone.now()
        link = answer_links.find(token)
        if link is None or not answer_links.is_alive(link, now):
            return _dead(request, token)
        languages.use(request, link.language)
        return view(request, link, now, **kwargs)

    return quiet(languages.translated(methods(wrapped)))


def _dead(request: HttpRequest, token: str):
    """The same for every dead link, known or not; it says nothing about a request."""
    context = {"token": token, "query": _query(request), "translated": True}
    return render(request, "advice/by_link/dead.html", context, status=410)


def _query(request: HttpRequest) -> str:
    """'?lang=fr' where the reader chose a language, to keep it on the next page."""
    chosen = request.GET.get("lang", "")
    return f"?lang={chosen}" if chosen in dict(settings.LANGUAGES) else ""


def _answer(request, link, now):
    """The request, the answer, the conversation, what came of it."""
    side = Side(link.side)
    attempt = acting.Attempt(forms=acting.empty_forms(link.choice, side, now))
    if request.method == "POST":
        attempt = acting.act(request, link.choice, side, now, None, Choice.Channel.MAIL)
        if attempt.done:
            done = f"{'&' if _query(request) else '?'}done={_pressed(request)}"
            address = reverse("answer_by_link", args=[link.token])
            return redirect(f"{address}{_query(request)}{done}")
        link = answer_links.find(link.token)
    context = {
        **acting.context(link.choice, side, now, attempt),
        "link": link,
        "query": _query(request),
        "done": request.GET.get("done", ""),
        "translated": True,
    }
    return render(request, "advice/by_link/answer.html", context, status=attempt.status)


def _pressed(request: HttpRequest) -> str:
    return next((name for name in acting.NAMES if name in request.POST), "")


def _file(request, link, now, pk: int):
    """A file of the request, or of this conversation, while the expert may still see it."""
    if link.side == Side.EXPERT and not conversing.is_open(link.choice):
        raise Http404
    of_request = link.choice.place.request.attachments.all()
    attachment = get_object_or_404(of_request.select_related("message"), pk=pk)
    if attachment.message is not None and attachment.message.choice_id != link.choice_id:
        raise Http404
    return serve_file(request, attachment)


def _fresh(request, token: str):
    """A fresh link by mail. The answer is the same whether the token is known or not."""
    now = timezone.now()
    link = answer_links.find(token)
    if request.method == "POST":
        if link:
            with suppress(Refused):  # the answer must not say whether there is an address
                answer_links.send_fresh(link, now)
        return render(request, "advice/by_link/fresh_sent.html", {"translated": True})
    if link and answer_links.is_alive(link, now):
        return redirect(reverse("answer_by_link", args=[token]) + _query(request))
    return _dead(request, token)


answer_by_link = _by_link(_answer)
answer_by_link_file = _by_link(_file, require_safe)
answer_by_link_fresh = even_time(quiet(languages.translated(_anything(_fresh))))
