"""Languages by their ISO 639-1 code, with names from the Unicode CLDR (package Babel)."""

from functools import lru_cache, wraps

from babel import Locale
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import get_language, get_language_from_request
from django.utils.translation import gettext as _


@lru_cache
def names(locale: str) -> dict[str, str]:
    """Code → name in that locale, for every language with a two-letter code."""
    found = Locale.parse(locale).languages
    return {code: found[code] for code in sorted(found) if len(code) == 2}


def name(code: str) -> str:
    """The language's name in the reader's language; the code itself where none is known."""
    found = names((get_language() or "en").split("-")[0]).get(code, code)
    return found[:1].upper() + found[1:]


def choices() -> list[tuple[str, str]]:
    """(code, name) of all languages, by name, for a form."""
    locale = (get_language() or "en").split("-")[0]
    return sorted(((code, name(code)) for code in names(locale)), key=lambda pair: pair[1])


def validate_language(code: str):
    """Raise ValidationError unless the code is in ISO 639-1."""
    if code not in names("en"):
        raise ValidationError(_("“%(code)s” is not a language code of ISO 639-1.") % {"code": code})


# Pages in the reader's language


def translated(view):
    """Mark a view whose pages are translated whole; only inside it the language is not English.

    There `?lang=` decides, then what the view says with `use` (such as the language of the mail
    whose link was opened), then the browser's Accept-Language. Pages for errors are English.
    """

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        use(request, get_language_from_request(request))
        try:
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Content-Language", get_language())
            return response
        finally:
            english(request)

    return wrapped


def use(request: HttpRequest, language: str):
    """Show this page in the language of `?lang=`, else in this one, else in English."""
    known = dict(settings.LANGUAGES)
    asked = request.GET.get("lang", "")
    chosen = next((code for code in (asked, language) if code in known), settings.LANGUAGE_CODE)
    translation.activate(chosen)
    request.LANGUAGE_CODE = chosen


def english(request: HttpRequest):
    """The language of everything that is not translated whole."""
    translation.activate(settings.LANGUAGE_CODE)
    request.LANGUAGE_CODE = settings.LANGUAGE_CODE
