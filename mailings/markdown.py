"""Markdown of announcements: the words that people know from elsewhere, and nothing that is unsafe.

Headings, lists, quotes, bold, italics, links. No pictures (they would tell who reads) and no HTML;
what looks like it is shown as it was typed.
"""

import html
import re
from collections.abc import Sequence

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: Below the h2 of a page or mail
_FIRST_HEADING = 3
_LAST_HEADING = 6
_TAGS = {
    *("p", "br", "hr", "strong", "em", "a", "ul", "ol", "li", "blockquote", "code", "pre"),
    *(f"h{level}" for level in range(_FIRST_HEADING, _LAST_HEADING + 1)),
}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_WITHIN_A_LINE = re.compile(r"</?(?:strong|em|a|code)\b[^>]*>")  # no space stands for these
_HEADING = re.compile(r"<(/?)h([1-6])>")

_reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")


def to_html(text: str, site: str = "") -> SafeString:
    """HTML of a text for a page or a mail; headings begin at h3, links go out with `rel`.

    `site` is the beginning of our own addresses ("https://portal.example.org"), for a mail, which
    stands nowhere: links to a path of the portal get it.
    """
    tokens = _read(text, site)
    found = _with_headings_in_order(_reader.renderer.render(tokens, _reader.options, {}))
    return mark_safe(
        nh3.clean(
            found,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes=_SCHEMES,
            link_rel="noopener nofollow",
        )
    )


def _read(text: str, site: str) -> Sequence[Token]:
    tokens = _reader.parse(text)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _whole(str(child.attrGet("href")), site))
    return tokens


def _whole(address: str, site: str) -> str:
    """What was meant: "www.unep.org" is no page beside this one."""
    if address.lower().startswith("www."):
        return f"https://{address}"
    if address.startswith("/") and not address.startswith("//"):
        return site + address
    return address


def _with_headings_in_order(found: str) -> str:
    """The first heading is h3 however it was typed, and none is more than one below the last."""
    level = _FIRST_HEADING - 1

    def lowered(heading: re.Match) -> str:
        nonlocal level
        if not heading[1]:  # it begins
            level = min(int(heading[2]) + _FIRST_HEADING - 1, level + 1, _LAST_HEADING)
        return f"<{heading[1]}h{level}>"

    return _HEADING.sub(lowered, found)


def to_text(text: str, site: str = "") -> str:
    """The words for the text part of a mail: a link's address stands behind its words.

    `site` as for `to_html`.
    """
    lines, link = [], ""
    for token in _read(text, site):
        if token.type == "inline":
            words = ""
            for child in token.children:
                if child.type == "link_open":
                    link = (child.attrGet("href") or "").removeprefix("mailto:")
                elif child.type == "link_close":
                    words += f" ({link})" if link and not words.endswith(link) else ""
                elif child.type in ("softbreak", "hardbreak"):
                    words += "\n"
                else:
                    words += child.content
            lines.append(words)
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip("\n"))
        elif token.type == "list_item_open":
            lines.append("- ")
    return re.sub(r"^- \n+", "- ", "\n\n".join(lines), flags=re.M).strip()


def first_words(text: str, length: int = 200) -> str:
    """The beginning of a text in one line, for lists and feeds; at most `length` characters."""
    within_a_line = _WITHIN_A_LINE.sub("", _reader.render(text))
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", within_a_line)).split())
    if len(words) <= length:
        return words
    return words[: length - 1].rsplit(" ", 1)[0] + "…"
