"""Texts that the fonts of typesetting can show: a letter without a font stops no PDF.

A text in a script without a font is written in Latin letters, and marked.
"""

import functools
import unicodedata
from collections.abc import Callable
from pathlib import Path

from fontTools.ttLib import TTFont
from text_unidecode import unidecode

FONTS = Path(__file__).parent / "fonts"
IN_LATIN = "†"  # behind a text that was written in Latin letters for want of a font
LONGEST_WORD = 24  # letters; longer ones may be broken anywhere


def showable(text: str) -> str:
    """The text if the fonts have all its letters; else in Latin letters, with a mark.

    Control characters go, long words may be broken.
    """
    if text.isascii() and text.isprintable():  # most texts; a book has thousands
        return _breakable(text)
    text = _tidy(text)
    if all(_has_letter(char) for char in text):
        return _breakable(text)
    latin = "".join(char if _has_letter(char) else _transliterated(char) for char in text)
    return f"{_breakable(' '.join(latin.split()) or '?')} {IN_LATIN}"


class Shown:
    """Makes texts that the fonts can show, and knows whether any of them was marked.

    `show` is `showable` or `in_plain_letters`.
    """

    def __init__(self, show: Callable[[str], str]):
        self.show = show
        self.is_marked = False

    def __call__(self, text: str) -> str:
        text = self.show(text)
        self.is_marked |= text.endswith(IN_LATIN)
        return text


def in_plain_letters(text: str) -> str:
    """The text in ASCII, with a mark where that changed something."""
    text = _tidy(text)
    if text.isascii():
        return _breakable(text)
    return f"{_breakable(' '.join(unidecode(text).split()) or '?')} {IN_LATIN}"


def _transliterated(char: str) -> str:
    """In Latin letters; a question mark for what has no sound, such as a picture."""
    latin = unidecode(char).replace("[?]", "?")
    return latin if latin.strip() or unicodedata.category(char)[0] == "M" else "?"


def _tidy(text: str) -> str:
    """Composed letters, no control characters; joiners, which change letters, stay."""
    text = unicodedata.normalize("NFC", text)
    return "".join(
        char for char in text if char in "\u200c\u200d" or unicodedata.category(char)[0] != "C"
    )


def _breakable(text: str) -> str:
    """With places to break in words that are wider than a column."""
    if len(text) <= LONGEST_WORD:
        return text
    return " ".join(
        "\u00ad".join(word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD))
        for word in text.split(" ")
    )


def _has_letter(char: str) -> bool:
    code = ord(char)
    letters = _letters()
    return code < 0x250 or bool(letters[code >> 3] & 1 << (code & 7))


@functools.cache
def _letters() -> bytearray:
    """One bit for each code point that a font of the body text can show."""
    letters = bytearray(0x110000 >> 3)
    for path in FONTS.glob("NotoSans*-[RS]*"):
        with TTFont(path, lazy=True) as font:
            for code in font.getBestCmap():
                letters[code >> 3] |= 1 << (code & 7)
    return letters
