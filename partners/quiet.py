"""Pages whose address is a secret of a mail: nobody else learns of it."""

from functools import wraps

from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt


class FormToken(CsrfViewMiddleware):
    """Django's check of a form, for pages with `Referrer-Policy: no-referrer`.

    There a browser sends `Origin: null` with the page's own form (Fetch Standard, "append a
    request Origin header"), which Django refuses, so that nobody could press a button. The token of
    the form and its cookie are asked for as everywhere, and any other foreign origin is refused.
    """

    def _origin_verified(self, request) -> bool:
        return request.META["HTTP_ORIGIN"] == "null" or super()._origin_verified(request)


_with_form_token = decorator_from_middleware(FormToken)


def untold(view):
    """Decorator: no cache keeps the page, no search engine finds it, no site is told its address.

    Its forms cannot be sent (see FormToken), unless no token is asked for.
    """

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return never_cache(wrapped)


def quiet(view):
    """Decorator: `untold`, and the forms of the page can be sent.

    Put it above `partners.languages.translated`, so that a refused form is answered in English.
    """
    # Exempt from the check of the middleware, because the one here takes its place
    return csrf_exempt(_with_form_token(untold(view)))
