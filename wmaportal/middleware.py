"""What every request passes: refusing what is no honest address, keeping private pages private."""

import re
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from partners import languages
from wmaportal import errors

LONGEST_QUERY = 8000  # bytes
BROKEN_IN_PATH = re.compile("%[89A-F][0-9A-F]")  # how Django keeps bytes that are not UTF-8


class RefuseHostileRequests:
    """400 for NUL bytes, broken UTF-8 and endless queries, before anything asks the database.

    PostgreSQL takes no NUL in a text, and Django replaces broken bytes silently, so that a link
    would mean something else than it says.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        reason = _what_is_wrong(request)
        return errors.bad_request(request, reason=reason) if reason else self.get_response(request)


def _what_is_wrong(request) -> str:
    """A sentence for the visitor; empty when nothing is wrong."""
    # WSGI hands bytes over as if they were Latin-1
    query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
    if len(query) > LONGEST_QUERY:
        return _(
            "The part of the address after the question mark has %(length)s bytes; %(limit)s is "
            "the limit. Choose fewer filters or shorter words."
        ) % {"length": len(query), "limit": LONGEST_QUERY}
    query = unquote_to_bytes(query.replace(b"+", b" "))
    # A cookie in quotes may say \000
    if (
        "\0" in request.path_info
        or b"\0" in query
        or any("\0" in text for text in request.COOKIES.values())
    ):
        return _("The address contains a NUL character. Type it again without.")
    try:
        query.decode()
        broken = BROKEN_IN_PATH.search(request.path_info)
    except UnicodeDecodeError:
        broken = True
    if broken:
        return _("The address contains broken characters (it is not UTF-8). Type it again.")
    return ""


class ReadersLanguage:
    """English, whatever the browser asks for: half of a page in another language helps nobody.

    Only a view marked by `partners.languages.translated` leaves it, for as long as it runs.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        languages.english(request)
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", settings.LANGUAGE_CODE)
        return response


class PrivatePages:
    """Keeps what a signed-in visitor sees out of every cache, the browser's own included.

    The cookie decides, not the user: asking for the user would cost the database two queries on
    pages that do not need it. A view may say `private` itself, with an age, for pictures and files.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        cookie = settings.SESSION_COOKIE_NAME
        if cookie not in request.COOKIES and cookie not in response.cookies:
            # The session's middleware, which is further out, has yet to set a new cookie
            session = getattr(request, "session", None)
            if session is None or not session.modified:
                return response
        said = response.get("Cache-Control", "")
        is_page = response.get("Content-Type", "").startswith("text/html")
        if "private" in said or "no-store" in said or (said and not is_page):
            return response
        if said:
            del response["Cache-Control"]
        patch_cache_control(response, private=True, no_store=True)
        return response
