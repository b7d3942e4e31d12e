"""What somebody typed into a form when the own session had ended: kept, and given back.

Such a form is answered by the way to sign-in, and the words would be gone. They wait in the new
session for an hour, for the person of the old one and nobody else at the same computer; signing in
leads to the address of the form, which then shows them first.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils import timezone

KEPT = "typed_before_sign_in"
KEPT_FOR = timedelta(hours=1)
KEPT_AT_MOST = 200_000  # characters of a whole form
WORTH_KEEPING = 20  # characters of a field; a form with buttons and choices alone is done again


class KeepTyped:
    """Middleware, inside those of sessions and of signing in."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        kept = _kept_here(request)
        if kept and request.method == "GET" and request.GET.get("typed") != "no":
            return _give_back(request, kept)
        response = self.get_response(request)
        if kept and request.method in ("GET", "POST"):
            request.session.pop(KEPT, None)
        if request.method == "POST" and _leads_to_sign_in(response):
            _keep(request)
        return response


def _kept_here(request: HttpRequest) -> dict | None:
    """What this person typed at this address before the session ended."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or KEPT not in request.session:
        return None
    kept = request.session[KEPT]
    is_old = timezone.now() - datetime.fromisoformat(kept["at"]) > KEPT_FOR
    if is_old or kept["path"].partition("?")[0] != request.path:
        return None
    return kept if str(request.user.pk) == kept["user"] else None


def _give_back(request: HttpRequest, kept: dict):
    context = {
        "kept": kept,
        "shown": [text for name, text in kept["fields"] if len(text) >= WORTH_KEEPING],
        "without": f"{kept['path']}{'&' if '?' in kept['path'] else '?'}typed=no",
    }
    return render(request, "wmaportal/signed_out.html", context)


def _leads_to_sign_in(response: HttpResponseBase) -> bool:
    sign_in = f"{resolve_url(settings.LOGIN_URL)}?next="
    return response.status_code == 302 and response.url.startswith(sign_in)


def _keep(request: HttpRequest):
    """Keep the words of this form, unless nobody knows whose they are or one is a password."""
    fields = [
        (name, text)
        for name, texts in request.POST.lists()
        for text in texts
        if name != "csrfmiddlewaretoken"
    ]
    user = _person_of(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    is_text = any(len(text) >= WORTH_KEEPING for _name, text in fields)
    is_secret = any("password" in name for name, _text in fields)
    size = sum(len(name) + len(text) for name, text in fields)
    if user and is_text and not is_secret and size <= KEPT_AT_MOST:
        request.session[KEPT] = {
            "user": user,
            "path": request.get_full_path(),
            "fields": fields,
            "had_files": bool(request.FILES),
            "at": timezone.now().isoformat(),
        }


def _person_of(session_key: str) -> str | None:
    """Whose session that was, also where it has expired; None where it is no more known."""
    session = Session.objects.filter(session_key=session_key).first()
    return session and session.get_decoded().get(SESSION_KEY)
