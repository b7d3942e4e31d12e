"""Languages by their ISO 639-1 code, with names from the Unicode CLDR (package Babel)."""

from functools import lru_cache

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
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
