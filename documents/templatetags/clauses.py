"""Paragraphs of a text with their numbers, and the differences between two texts."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def clauses(section, reading=None) -> list[dict]:
    """{label, text, url, own} of each paragraph.

    `url` is where one comments on it, `own` one's own comments there; `reading` has
    `comment_url(label)` and `own`, or is None where nobody comments.
    """
    return [
        {
            "label": label,
            "text": text,
            "url": reading.comment_url(label) if reading else None,
            "own": reading.own.get(label, ()) if reading else (),
        }
        for label, text in section.numbered
    ]


#: What stands in the older and in the newer of two versions
_KINDS = {"both": ("", "del", "ins"), "older": ("", "del"), "newer": ("", "ins")}


@register.filter
def marked(pieces, side="both") -> SafeString:
    """Pieces of `comparing.Clause` with what is new and gone marked, for eyes and ears.

    `side`: "older" or "newer" for that text alone.
    """
    shown = ((kind, text) for kind, text in pieces if kind in _KINDS[side])
    return format_html_join("", "{}", ((_mark(kind, text, side),) for kind, text in shown))


def _mark(kind: str, text: str, side: str) -> str:
    if not kind or not text.strip():  # a space alone needs no mark, and one of two is enough
        return "" if (kind, side) == ("del", "both") else text
    return format_html(
        '<{0}><span class="sr"> {1} </span>{2}<span class="sr"> {3} </span></{0}>{4}',
        kind,
        {"ins": _("inserted:"), "del": _("deleted:")}[kind],
        text.rstrip(),
        _("end of change"),
        " " if text[-1:].isspace() else "",
    )
