"""What the tests of translations share: the texts of templates and code, and the catalogues."""

import inspect
import io
import re
import textwrap
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = settings.BASE_DIR
LANGUAGES = ["fr", "es"]
KEYWORDS = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop", "_")),
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def messages_in(source: str) -> set:
    code = io.BytesIO(source.encode())
    return {message for _line, message, _comment, _context in extract("python", code, KEYWORDS)}


def in_templates(templates) -> dict:
    """msgid (a pair where there is a plural) → the template, with all that they extend and include.

    A name with * stands for several.
    """
    folder = ROOT / "templates"
    rest, seen = [], {}
    for name in templates:
        found = [str(path.relative_to(folder)) for path in folder.glob(name)]
        assert found, f"There is no template {name}."
        rest += found
    while rest:
        name = rest.pop()
        if name not in seen:
            seen[name] = (folder / name).read_text()
            needed = re.findall(r'{%\s*(?:extends|include)\s+"([^"]+)"', seen[name])
            rest += [one for one in needed if (folder / one).exists()]
    texts = {}
    for name, source in seen.items():
        texts |= dict.fromkeys(messages_in(templatize(source, origin=name)), name)
    return texts


def in_code(things) -> dict:
    """msgid → where it stands, for modules, classes and functions."""
    found = {}
    for thing in things:
        source = textwrap.dedent(inspect.getsource(thing))
        found |= dict.fromkeys(messages_in(source), thing.__name__)
    return found


def folder(code: str) -> Path:
    return ROOT / "locale" / code / "LC_MESSAGES"


def catalogue(code: str):
    with (folder(code) / "django.po").open("rb") as file:
        return read_po(file, locale=code)


def untranslated(code: str, shown: dict) -> dict:
    """Those of these texts that have no translation, or one that is not sure."""
    known, missing = catalogue(code), {}
    for message, where in shown.items():
        key = message[0] if isinstance(message, tuple) else message
        entry = known.get(key)
        strings = entry.string if entry else ""
        strings = strings if isinstance(strings, tuple) else (strings,)
        if not all(strings) or entry.fuzzy:
            missing[message] = where
    return missing
