"""Addresses and numbers hidden in what people write, until both sides agree to know each other."""

import re

from django.utils.translation import gettext as _

_AT = r"(?:@|\uff20|\s?[\[({<]\s?(?:at|arroba|arobase|@)\s?[\])}>]\s?)"
_DOT = r"(?:[.\u3002\uff0e\uff61]|\s?[\[({<]\s?(?:dot|punto|point|\.)\s?[\])}>]\s?)"
_LABEL = r"[\w-]{1,63}"
_ADDRESS = re.compile(
    rf"(?:mailto:)?(?<![\w.+%'-])[\w.+%'-]{{1,64}}{_AT}{_LABEL}(?:{_DOT}{_LABEL}){{1,6}}",
    re.IGNORECASE,
)
#: Digits in groups, as people write numbers; what is one is decided below.
_NUMBER = re.compile(
    r"(?<![\w.,/:-])(?P<said>(?:tel|t[ée]l[ée]?fono?|phone|mobile|cell|fax|whatsapp|signal)"
    r"(?:[^\W\d_]| ){0,12}[.:]?\s{0,3})?"
    # Possessive: a run of digits is one group, or there are too many ways to part it
    r"(?P<number>(?:\+|\uff0b)?\(?\d++\)?(?:[ \u00a0./\u2010-\u2013-]{0,2}+\(?\d++\)?){0,9})"
    r"(?![\w@])",
    re.IGNORECASE,
)
_DAY = (
    r"(?:(?:19|20)\d\d(?:[-./]\d{1,2}){0,2}|\d{1,2}[-./](?:\d{1,2}[-./])?(?:19|20)\d\d"
    r"|\d{1,2}[-./]\d{1,2}[-./]\d\d)"
)
#: A day, month or year, or a span of two; then perhaps the hour
_WHEN = re.compile(rf"{_DAY}(?:(?:\s?[-/\u2010-\u2013]\s?|\s){_DAY})?(?:\s\d{{1,2}})?")
_UNSEEN = re.compile("[\u00ad\u034f\u200b\u2060-\u2064\ufeff]")
_FEWEST, _MOST = 7, 15  # digits; the most is that of E.164


def without_addresses(text: str) -> str:
    """The text with "[address hidden]" and "[number hidden]" for mail addresses and phone numbers.

    Also for addresses written as "ann (at) example (dot) org". Dates, spans of years and amounts
    stay. Names, places and addresses of the web are not touched. Letters that nobody sees, which
    would part an address for this function alone, are dropped.
    """
    text = _UNSEEN.sub("", text)
    text = _ADDRESS.sub(_("[address hidden]"), text)
    hidden = _("[number hidden]")
    return _NUMBER.sub(
        lambda found: (found["said"] or "") + (hidden if _is_phone(found) else found["number"]),
        text,
    )


def _is_phone(found: re.Match) -> bool:
    number = found["number"]
    digits = sum(letter.isdigit() for letter in number)
    if not _FEWEST - (2 if found["said"] else 0) <= digits <= _MOST:
        return False
    if found["said"] or number[0] in "+\uff0b":
        return True
    if _WHEN.fullmatch(number.strip("()")):
        return False
    if number.lstrip("(")[0] == "0" or "(" in number:
        return True
    groups = re.findall(r"\d+", number)
    if all(re.fullmatch(r"(?:19|20)\d\d", group) for group in groups):  # years
        return False
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{1,3}){3}", number):  # of a computer
        return False
    # An amount has groups of three behind its first; three times three is how some write numbers
    is_amount = len(groups) > 1 and all(len(group) == 3 for group in groups[1:])
    return not is_amount or len(number) == 11
