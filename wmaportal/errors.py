"""The pages for 400, 403, 404, 429, 500 and 503.

400, 500 and 503 are rendered without the request: no session, no user, no database. Their
templates extend base.html, which must therefore do without context.
"""

import sys

from django.db import Error, InterfaceError, OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import gettext as _

RETRY_AFTER = 30  # seconds
REFUSED_BY_LIMIT_RETRY_AFTER = 60  # seconds

# SQLSTATE classes and codes with which PostgreSQL says that it is away or going, not that the
# statement is wrong: connection exceptions, operator intervention, too many connections
AWAY_CLASSES = ("08",)
AWAY_CODES = {"57P01", "57P02", "57P03", "57P05", "53300"}


def connection_lost(error: BaseException | None) -> bool:
    """Is this, or what led to it, PostgreSQL going away?

    A deadlock or a statement time-out is an OperationalError as well and does not count.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OperationalError | InterfaceError):
            code = getattr(error.__cause__, "pgcode", None)
            if code is None and "cursor" not in str(error):
                return True
            if code in AWAY_CODES or (code or "").startswith(AWAY_CLASSES):
                return True
        error = error.__cause__ or error.__context__
    return False


def bad_request(request, exception=None, reason: str = "") -> HttpResponse:
    """400. `reason` is a sentence for the person; the exception's own words are not shown."""
    return _page("400.html", 400, {"reason": reason or _("The portal cannot read this address.")})


def permission_denied(request, exception=None) -> HttpResponse:
    """403. A PermissionDenied may carry a `reason`, a sentence for the person."""
    return _page_for(request, "403.html", 403, {"reason": getattr(exception, "reason", "")})


def csrf_failure(request, reason="") -> HttpResponse:
    """403 for a form whose token is missing or old; says how to send it after all."""
    return _page_for(request, "403_csrf.html", 403)


def page_not_found(request, exception=None) -> HttpResponse:
    """404. A Http404 may carry a `reason` and, as `first_page`, where to go instead."""
    context = {
        "reason": getattr(exception, "reason", ""),
        "first_page": getattr(exception, "first_page", ""),
    }
    return _page_for(request, "404.html", 404, context)


def too_many_requests(request, exception=None) -> HttpResponse:
    """429, with Retry-After; allauth finds it as `handler429` of the URL configuration."""
    response = _page_for(request, "429.html", 429)
    response["Retry-After"] = str(REFUSED_BY_LIMIT_RETRY_AFTER)
    return response


def server_error(request) -> HttpResponse:
    """500; 503 when the database went away.

    Django turns an exception into a response at the edge of each middleware, and all of these ways
    end here: an outer middleware never sees the exception, this handler always does.
    """
    if connection_lost(sys.exc_info()[1]):
        return unavailable(request, _("The portal cannot reach its database."))
    return _page("500.html", 500)


def unavailable(request, reason: str = "") -> HttpResponse:
    """503 with Retry-After; `reason` is a sentence that says what is away."""
    response = _page("503.html", 503, {"reason": reason, "minutes": 1})
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def _page_for(request, template: str, status: int, context: dict | None = None) -> HttpResponse:
    """A page with the visitor's navigation, or without when that needs what is broken."""
    try:
        return render(request, template, context, status=status)
    except Error:
        return unavailable(request, _("The portal cannot reach its database."))


def _page(template: str, status: int, context: dict | None = None) -> HttpResponse:
    """A page that needs neither request nor database, and no template if that is broken too."""
    try:
        html = render_to_string(template, context)
    except Exception:  # the page for errors must not raise another
        title = {400: _("Bad request"), 503: _("Back soon")}.get(status, _("Something broke"))
        reason = (context or {}).get("reason", "")
        html = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<h1>{escape(title)}</h1><p>{escape(reason)}</p></html>"
        )
    response = HttpResponse(html, status=status)
    response["Cache-Control"] = "no-store"
    return response
