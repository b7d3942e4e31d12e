"""The text of a mail's HTML part: what a reader would see, and what that part quotes."""

import re

import inscriptis
import nh3
from lxml import etree
from lxml import html as parser

#: nh3 and lxml take quadratic time for tags in each other; the newest text of a mail stands first.
_MOST_TAGS, _LONGEST = 10_000, 1_000_000
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?:^|;)\s*opacity\s*:\s*0(?![.\d])"
    r"|(?:font-size|max-height|max-width)\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
#: What mail programs put around what is quoted, and around the line above it
_QUOTES = (
    "//blockquote | //*[contains(@class, 'gmail_quote') or contains(@class, 'gmail_attr')"
    " or contains(@class, 'yahoo_quoted') or contains(@class, 'protonmail_quote')"
    " or contains(@class, 'moz-cite-prefix') or contains(@class, 'zmail_extra')]"
)
_TAGS = nh3.ALLOWED_TAGS - {"img", "area", "map"} | {"font", "label", "section"}
_DROPPED_WITH_CONTENT = {"script", "style", "title", "head", "noscript", "template", "svg", "math"}
_ATTRIBUTES = {"*": {"style", "class", "hidden"}}


def text_of(content: str) -> tuple[str, str]:
    """(what was written, what is quoted) of an HTML part, without anything that acts or is hidden.

    Pictures, links and attributes are gone. At most a million characters and 10,000 tags are read.
    Where the quotes are all there is, they count as written.
    """
    cleaned = nh3.clean(
        _beginning(content),
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        link_rel=None,
    )
    if not cleaned.strip():
        return "", ""
    page = parser.document_fromstring(f"<div>{cleaned}</div>")
    for element in page.xpath("//*[@style or @hidden]"):
        if element.get("hidden") is not None or _HIDDEN.search(element.get("style")):
            _drop(element)
    everything = _shown(page)
    quoted = []
    for element in page.xpath(_QUOTES):
        *_above, top = element, *element.iterancestors()
        if top is page:  # what stands in another quote went with it
            quoted.append(_shown(element))
            _drop(element)
    written = _shown(page)
    return (written, "\n\n".join(quoted)) if written else (everything, "")


def _beginning(content: str) -> str:
    content = content[:_LONGEST]
    for number, tag in enumerate(re.finditer("<", content), start=1):
        if number > _MOST_TAGS:
            return content[: tag.start()]
    return content


def _drop(element):
    """Remove it and keep the text behind it."""
    if element.getparent() is not None:
        element.drop_tree()


def _shown(element) -> str:
    source = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    lines = inscriptis.get_text(source).replace("\u00a0", " ").split("\n")
    return "\n".join(map(str.strip, lines)).strip()  # it indents more than lists
