"""Answers that do not tell by their time whether an address is known.

The same work cannot quite be done for a known and an unknown address (a new account is written, or
is not), so the answers of sign-in wait for the next step of a clock that began with the request.
"""

import math
import time

STEP_SECONDS = 0.5  # more than a password check takes


def even_time(view):
    """Decorator for a view whose answers to POST must not tell what is known."""
    view.even_time = True
    return view


class EvenTime:
    """Middleware: POST to allauth's sign-in pages, and to `even_time` views, takes whole steps."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        started = time.monotonic()
        response = self.get_response(request)
        if request.method == "POST" and _tells(request.resolver_match):
            spent = time.monotonic() - started
            time.sleep(math.ceil(spent / STEP_SECONDS) * STEP_SECONDS - spent)
        return response


def _tells(match) -> bool:
    if match is None:
        return False
    if getattr(match.func, "even_time", False):
        return True
    name = match.url_name or ""
    return name.startswith("account_") and name != "account_logout"
