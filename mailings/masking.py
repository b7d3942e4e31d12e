"""What the Lead may read of a mail: all of it but what acts for the person who got it."""

import re

from mailings import mime

#: Stands where a token stood.
MASK = "[…]"
#: Words as long as tokens are.
_LONG = re.compile(r"[A-Za-z0-9_-]{20,}")
_LINK = re.compile(r"(https?://[^\s/<>\"]+)([^\s<>\"]*)")


def masked(text: str) -> str:
    """The text without tokens: long words in the path and query of links, random words anywhere.

    A long title in somebody's link is masked too; that is the price of not having to know which
    tokens there are.
    """
    text = _LINK.sub(lambda link: link[1] + _LONG.sub(MASK, link[2]), text)
    return _LONG.sub(lambda word: MASK if _is_random(word[0]) else word[0], text)


def _is_random(word: str) -> bool:
    """With letters and digits, or with capitals inside, as words of languages are not."""
    has_digit, has_letter = re.search(r"[0-9]", word), re.search(r"[A-Za-z]", word)
    return bool((has_digit and has_letter) or re.search(r"[a-z][A-Z]", word))


def text_of(content: bytes | memoryview) -> str:
    """The text part of a mail, masked. Empty where it has none."""
    part = mime.read(bytes(content)).get_body(("plain",))
    return masked(part.get_content().replace("\r\n", "\n")) if part else ""
