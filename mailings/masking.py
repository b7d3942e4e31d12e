"""What the Lead may read of a mail: all of it but what acts for the person who got it."""

import re
from collections.abc import Iterable

from mailings import mime

#: Stands where a token stood.
MASK = "[…]"
#: A word as tokens are: in a link any long one, elsewhere one with letters and digits.
_IN_LINK = re.compile(r"[\w-]{20,}")
_ANYWHERE = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}")
_LINK = re.compile(r"https?://([^\s/<>\"]+)([^\s<>\"]*)")
_ADDRESS = re.compile(r"[^\s<>:;,\"']+@[^\s<>:;,\"']+")


def masked(text: str) -> str:
    """The text without tokens: long words in the path and query of links, random words anywhere.

    A long title in somebody's link is masked too; that is the price of not having to know which
    tokens there are.
    """
    text = _LINK.sub(lambda link: link[0][: -len(link[2])] + _IN_LINK.sub(MASK, link[2])
                     if link[2] else link[0], text)
    return _ANYWHERE.sub(MASK, text)


def text_of(content: bytes) -> str:
    """The text part of a mail, masked. Empty where it has none."""
    part = mime.read(content).get_body(("plain",))
    return masked(part.get_content().replace("\r\n", "\n")) if part else ""


def without_addresses(texts: Iterable[str]) -> list[str]:
    """Answers of servers with … in place of each address, so that equal ones can be counted."""
    return [_ADDRESS.sub("…", text) for text in texts]
