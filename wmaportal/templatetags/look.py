"""Small parts of the look that stand many times on a page, as tags because includes are slow."""

from django import template
from django.core.paginator import Page
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def icon(name: str, *classes: str) -> SafeString:
    """A symbol of parts/sprite.html, beside a word: `{% icon "next" "turn" %}`."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="#{}"/></svg>',
        " ".join(("icon", *classes)),
        name,
    )


@register.simple_tag
def badge(words, kind: str = "", symbol: str = "") -> SafeString:
    """A state in words: `{% badge words "good" "level-3" %}`; good, info, warn, danger or none."""
    return format_html(
        '<span class="{}">{}{}</span>',
        f"badge {kind}" if kind else "badge",
        icon(symbol) if symbol else "",
        words,
    )


@register.simple_tag
def key(region: str) -> SafeString:
    """The square in the colour of a region, beside its name."""
    return format_html(
        '<svg class="key" viewBox="0 0 10 10" aria-hidden="true">'
        '<rect class="{}" width="10" height="10"/></svg>',
        region,
    )


@register.simple_tag
def share(part: int, whole: int, kind: str = "one") -> SafeString:
    """The bar of a table cell: a share of a whole. The figure stands in a cell of its own.

    `kind` is the series: one, two, or past.
    """
    width = round(100 * part / whole, 1) if whole else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="room" width="100" height="10"/>'
        '<rect class="{}" width="{}" height="10"/></svg>',
        kind,
        mark_safe(str(width)),  # a number: never with a decimal comma
    )


@register.simple_tag
def two_bars(one: int, two: int, most: int) -> SafeString:
    """Two numbers as bars of a table cell, one above the other, both of the same `most`."""
    bars = (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{name}" width="{round(100 * number / most, 1)}" height="10"/></svg>'
        for name, number in (("one", one), ("two", two))
        if most
    )
    return mark_safe("".join(bars))


@register.simple_tag
def facet_options(facet: dict) -> SafeString:
    """The boxes of a filter: value, label, count, checked, and `group` for one that holds others.

    Each has an id, so that htmx gives the focus back to it when the numbers are swapped. A tag,
    because a hundred turns of a template's loop take as long as the query behind them.
    """
    name = escape(facet["name"])
    boxes = (
        f'<label class="check{" group" if option.get("group") else ""}">'
        f'<input type="checkbox" id="{name}-{escape(option["value"])}" name="{name}"'
        f' value="{escape(option["value"])}"'
        f"{' checked' if option['checked'] else ''}><span>{escape(option['label'])}</span>"
        f'<span class="n">{escape(option["count"])}</span></label>'
        for option in facet["options"]
    )
    return mark_safe("".join(boxes))


@register.filter
def shown_pages(page: Page) -> list:
    """The page numbers to link, with gaps: 1 2 … 7 8 9 … 40."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.filter
def note_kind(level_tag: str) -> str:
    """The class of a note for a level of Django's messages."""
    return {"success": "good", "warning": "warn", "error": "danger"}.get(level_tag, "")


@register.tag
def once(parser, token):
    """`{% once key… %}…{% endonce %}`: rendered once for each language and keys, then repeated.

    For what follows from the code and the keys alone: the frame of the page, the map for these
    figures. Most of the time of a small page would else go into writing it again. Nothing of a
    person, a request or the database may stand inside, other than through the keys.
    """
    keys = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    inside = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(inside, keys)


class OnceNode(template.Node):
    KEPT = 64

    def __init__(self, nodelist, keys):
        self.nodelist = nodelist
        self.keys = keys
        self.rendered: dict[tuple, str] = {}

    def render(self, context):
        key = (get_language(), *(str(key.resolve(context)) for key in self.keys))
        html = self.rendered.get(key)
        if html is None:
            html = self.nodelist.render(context)
            for oldest in list(self.rendered)[: -self.KEPT + 1]:
                self.rendered.pop(oldest, None)  # another thread may have been quicker
            self.rendered[key] = html
        return html
