"""Text as it comes out of Word and mail programs, made into what was meant."""

import re
import unicodedata

#: Joiners stay: Persian and Indian words need them
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad\u200e\u200f"))
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u2009\u200a\u2002\u2003"), " ")
#: Line ends, and what Word means by a line end within a paragraph
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
#: Signs of a list that no Markdown reader knows; "o" is what a hollow bullet is pasted as
_BULLET = re.compile(r"^([ \t]*)(?:[•◦▪▫●○■□‣⁃·\uf0b7\uf0a7\uf0d8–]|o(?=\t| {2,}))[ \t]+", re.M)
_TRAILING = re.compile(r"[ \t]+$", re.M)
_MANY_LINES = re.compile(r"\n{3,}")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


def cleaned(text: str) -> str:
    """The same words with plain spaces, plain line ends and lists that Markdown understands.

    A bullet such as “•”, or an “o” with a tab behind it, becomes “- ”; letters that nobody sees
    go, and so do spaces at the ends of lines and more than one empty line.
    """
    found = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))
    found = _CONTROL.sub("", found.translate(_INVISIBLE).translate(_SPACES))
    found = _BULLET.sub(_to_dash, found)
    return _MANY_LINES.sub("\n\n", _TRAILING.sub("", found)).strip("\n")


def _to_dash(bullet: re.Match) -> str:
    """Keep a list within a list; Word indents with tabs, which Markdown takes for code."""
    depth = bullet[1].count("\t") + bullet[1].count(" ") // 2
    hollow = bullet[0].strip()[:1] in "o◦○"
    return "  " * max(depth, int(hollow and not depth)) + "- "
