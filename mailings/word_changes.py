"""Two texts word by word, for pages that show what somebody changed."""

import re
from difflib import SequenceMatcher

#: Words, the space between them, and line ends, so that both sides can be put together again
_PIECE = re.compile(r"\n|[^\S\n]+|[^\s]+")

#: (words, whether the other side has not got them)
Side = list[tuple[str, bool]]


def sides(old: str, new: str) -> tuple[Side, Side]:
    """Both texts in pieces; what only one of them has is marked. Each joined is the text again."""
    olds, news = _PIECE.findall(old), _PIECE.findall(new)
    before: Side = []
    after: Side = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        for side, pieces in ((before, olds[i1:i2]), (after, news[j1:j2])):
            if pieces:
                side.append(("".join(pieces), tag != "equal"))
    return before, after
