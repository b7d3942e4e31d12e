"""Two texts word by word, for pages that show what somebody changed."""

import re
from difflib import SequenceMatcher

#: Words with the space behind them, and line ends, so that both sides can be put together again
_PIECE = re.compile(r"\n|\S+[^\S\n]*|[^\S\n]+")
_SPACES = " \t"

#: (words, whether the other side has not got them)
Side = list[tuple[str, bool]]


def sides(old: str, new: str) -> tuple[Side, Side]:
    """Both texts in pieces; what only one of them has is marked. Each joined is the text again.

    How many spaces stand between two words makes no difference.
    """
    olds, news = _PIECE.findall(old), _PIECE.findall(new)
    bare = ([one.rstrip(_SPACES) for one in side] for side in (olds, news))
    before: Side = []
    after: Side = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, *bare, autojunk=False).get_opcodes():
        before += _run("".join(olds[i1:i2]), tag != "equal")
        after += _run("".join(news[j1:j2]), tag != "equal")
    return before, after


def _run(text: str, differs: bool) -> Side:
    """The space behind the last word is not marked."""
    words = text.rstrip(_SPACES)
    pieces = ((words, differs), (text[len(words) :], False))
    return [(piece, is_marked) for piece, is_marked in pieces if piece]
