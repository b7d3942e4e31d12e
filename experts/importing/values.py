"""What stands in a cell → what the portal keeps, or a reason that the person can act on."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache

from babel import Locale
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django_countries import countries
from django_countries.data import COUNTRIES

from experts.importing.headers import key
from experts.importing.workbook import Broken
from experts.models import Expert
from partners.csv_files import plain
from partners.languages import names as language_names
from partners.models import Country, Region, Term

_LOCALES = ("en", "fr", "es")
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "n.a.", "n.a", "nil", "none", "s/o", "néant", "?"})
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2028\u2029\ufeff]")
_SUGGESTED_AT_MOST = 300  # unknown words of one file for which a near one is looked up


class Wrong(Exception):
    """The cell cannot be used; `str(wrong)` is the reason."""


def shown(value) -> str:
    """A value as a page may show it and JSON may keep it: short, without unusable characters."""
    text = value.shown if isinstance(value, Broken) else str(value)
    return _UNUSABLE.sub("�", text if len(text) <= 80 else text[:79] + "…")


def text(value) -> str:
    """The cell as text in Unicode's usual form; "" for what says 'nothing'. Raises Wrong."""
    if value is None:
        return ""
    if isinstance(value, Broken):
        raise Wrong(value.reason)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if not isinstance(value, str):
        return str(value)
    if _UNUSABLE.search(value):
        raise Wrong(_("This cell has characters that cannot be stored. Type it anew."))
    value = plain(value.strip().replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    value = _INVISIBLE.sub("", unicodedata.normalize("NFC", value)).strip()
    return "" if value.casefold() in _NOTHING else value


def line(value) -> str:
    """Text on one line."""
    return " ".join(text(value).split())


def limited(read: Callable[[object], str], name: str) -> Callable[[object], str]:
    """`read`, and Wrong where the text is longer than the field."""
    most = Expert._meta.get_field(name).max_length

    def checked(value):
        found = read(value)
        if len(found) > most:
            raise Wrong(
                _("This has %(length)s characters; %(most)s is the limit. Shorten it.")
                % {"length": len(found), "most": most}
            )
        return found

    return checked


def person(value) -> str:
    found = line(value)
    if "@" in found:
        raise Wrong(_("This is an address, not a name."))
    return found


_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "professor",
        "eng",
        "ing",
        "m",
        "mme",
        "mlle",
        "sr",
        "sra",
        "srta",
        "dra",
    ]
)


def position(value) -> str:
    """A column 'Title' may hold 'Mr' and 'Dr', which are no positions."""
    found = line(value)
    return "" if set(key(found).split()) <= _TITLES else found


def email(value) -> str:
    """One address in lower case; of several the first. Raises Wrong."""
    found = line(value).removeprefix("mailto:")
    if inside := re.search(r"<([^<>]+@[^<>]+)>", found):
        found = inside[1]
    found = re.split(r"[;,\s]+|/(?=\S+@)", found.strip(" ;,"))[0].lower()
    if found:
        try:
            validate_email(found)
        except ValidationError:
            raise Wrong(
                _("“%(value)s” is not an e-mail address.") % {"value": shown(found)}
            ) from None
    return found


_check_url = URLValidator(schemes=["http", "https"])


def address(value) -> str:
    """A web address, with https:// where none is said."""
    found = line(value)
    if found and "://" not in found:
        found = f"https://{found}"
    if found:
        try:
            _check_url(found)
        except ValidationError:
            raise Wrong(_("“%(value)s” is not a web address.") % {"value": shown(value)}) from None
    return found


def orcid(value) -> str:
    found = line(value)
    if found and not (inside := re.search(r"(\d{4}-\d{4}-\d{4}-\d{3}[\dXx])/?$", found)):
        raise Wrong(_("An ORCID iD looks like 0000-0002-1825-0097."))
    return inside[1].upper() if found else ""


_YES = frozenset(
    ["yes", "y", "x", "1", "true", "oui", "o", "si", "s", "✓", "✔", "available", "disponible"]
)
_NO = frozenset(["no", "n", "0", "false", "non", "not"])


def yes_no(value) -> bool | None:
    """None where the cell is empty."""
    found = line(value)
    if not found:
        return None
    word = key(found) or found
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Wrong(_("Write yes or no, not “%(value)s”.") % {"value": shown(found)})


# Days

_MONTHS = {
    key(name): number
    for locale in _LOCALES
    for width in ("wide", "abbreviated")
    for number, name in Locale(locale).months["format"][width].items()
} | {"sept": 9, "set": 9}


def day(value) -> date | None:
    """A day; a month alone is its first day, a year alone its first. Raises Wrong."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, Broken):
        raise Wrong(value.reason)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 1990 <= value <= 2100 and value == int(value):
            return date(int(value), 1, 1)
        raise Wrong(_("This is a number, not a day. Write it as 2017-04-30."))
    found = line(value)
    if not found:
        return None
    try:
        return _day(found)
    except (ValueError, OverflowError):
        raise Wrong(
            _("“%(value)s” is not a day. Write it as 2017-04-30.") % {"value": shown(found)}
        ) from None


def _day(found: str) -> date:
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d\d:\d\d.*)?", found):
        return date(*map(int, match.groups()))
    if match := re.fullmatch(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", found):
        return date(*map(int, match.groups()))
    if match := re.fullmatch(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", found):
        one, mark, two, year = int(match[1]), match[2], int(match[3]), int(match[4])
        return _day_or_month_first(one, two, year, is_settled=mark == ".")
    if match := re.fullmatch(r"(\d{1,2})[/.-](\d{4})", found):
        return date(int(match[2]), int(match[1]), 1)
    if match := re.fullmatch(r"(\d{4})[/.-](\d{1,2})", found):
        return date(int(match[1]), int(match[2]), 1)
    if re.fullmatch(r"(?:19|20)\d\d", found):
        return date(int(found), 1, 1)
    words = [word for word in key(found).split() if word not in ("de", "del", "of", "le", "the")]
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    numbers = [
        int(match[1])
        for word in words
        if (match := re.fullmatch(r"(\d{1,4})(?:st|nd|rd|th|er)?", word))
    ]
    if len(months) != 1 or len(months) + len(numbers) != len(words):
        raise ValueError(found)
    if len(numbers) == 1:
        return date(numbers[0], months[0], 1)
    in_month, year = sorted(numbers)
    return date(year, months[0], in_month)


def _day_or_month_first(one: int, two: int, year: int, is_settled: bool) -> date:
    """Dots mean day first everywhere; with strokes a day above 12 tells, else nobody knows."""
    if is_settled or one > 12 or one == two:
        return date(year, two, one)
    if two > 12:
        return date(year, one, two)
    one_way, other = date(year, two, one), date(year, one, two)
    raise Wrong(
        _("This can be %(one)s or %(other)s. Write %(one_iso)s or %(other_iso)s.")
        % {
            "one": date_format(one_way, "j F Y"),
            "other": date_format(other, "j F Y"),
            "one_iso": one_way,
            "other_iso": other,
        }
    )


# Words that stand for something


_WITHIN = (r"\s*,\s*", r"\s*/\s*", r"\s+(?:and|et|y|e|und)\s+|\s*&\s*")
_LONGEST_CELL = 5_000  # characters of a cell with several words


class Words:
    """Spellings of the members of a set: names in several languages, codes, synonyms."""

    def __init__(self, unknown: str, suggest: str):
        self._known: dict[str, object] = {}
        self._spelling: dict[str, str] = {}
        self._unclear: dict[str, str] = {}
        self._unknown, self._suggest = unknown, suggest
        self._suggestions: dict[str, str] = {}

    def copy(self) -> "Words":
        """The same words, to which others can be added."""
        same = Words(self._unknown, self._suggest)
        same._known, same._spelling = self._known.copy(), self._spelling.copy()
        same._unclear = self._unclear.copy()
        return same

    def add(self, spelling: str, member):
        """What was added first keeps the word."""
        word = key(spelling)
        if word:
            self._known.setdefault(word, member)
            self._spelling.setdefault(word, spelling)

    def add_unclear(self, spelling: str, members: list[str]):
        """A word that could mean several members, of which a person must choose."""
        if (word := key(spelling)) not in self._known:
            self._unclear[word] = _(" or ").join(members)

    def get(self, spelling: str):
        word = key(spelling)
        return self._known.get(word) or self._known.get(word.removeprefix("the "))

    def one(self, spelling: str):
        """The member. Raises Wrong with a suggestion."""
        found = self.get(spelling)
        if found is None and "(" in spelling:
            found = self.get(re.sub(r"\([^)]*\)", " ", spelling))
        if found is None:
            raise Wrong(self._reason(spelling))
        return found

    def many(self, spellings: str) -> list:
        """The members in a cell, once each: separated by ; , / or lines, or by 'and'.

        A separator may also stand within a name: 'Collection, storage and transport'.
        """
        if len(spellings) > _LONGEST_CELL:
            raise Wrong(_("This cell is too long for a list of words."))
        found = []
        for piece in re.split(r"[;\n|•·]+", spellings):
            if piece := piece.strip(" .,*-–"):
                found += self._pieces(piece)
        return list(dict.fromkeys(found))

    def _pieces(self, piece: str) -> list:
        if (one := self.get(piece)) is not None:
            return [one]
        for pattern in _WITHIN:
            parts = re.split(f"({pattern})", piece)
            if len(parts) > 1:
                try:
                    return self._joined(parts)
                except Wrong:
                    continue  # perhaps another separator is the one that divides
        return [self.one(self._first_unknown(piece))]

    def _first_unknown(self, piece: str) -> str:
        """What to complain of: the first part between separators that nobody knows."""
        parts = [part.strip() for part in re.split("[,/]", piece) if part.strip()]
        return next((part for part in parts if self.get(part) is None), piece)

    def _joined(self, parts: list[str]) -> list:
        """Longest run of parts first; `parts` has the separators at its odd places."""
        found, start = [], 0
        while start < len(parts):
            most = min(len(parts) - start, 13)
            for size in range(most if most % 2 else most - 1, 0, -2):
                if (one := self.get("".join(parts[start : start + size]))) is not None:
                    found.append(one)
                    break
            else:
                size = 1
                if parts[start].strip():
                    found += self._pieces(parts[start].strip())
            start += size + 1
        return found

    def _reason(self, spelling: str) -> str:
        values = {"value": shown(spelling)}
        if meanings := self._unclear.get(key(spelling)):
            return _("“%(value)s” can mean %(meanings)s. Write one.") % (
                values | {"meanings": meanings}
            )
        near = self._near(key(spelling))
        return (self._suggest if near else self._unknown) % (values | {"near": near})

    def _near(self, word: str) -> str:
        if word not in self._suggestions:
            if len(self._suggestions) >= _SUGGESTED_AT_MOST or len(word) > 60:
                return ""
            near = get_close_matches(word, self._known, n=1, cutoff=0.72)
            self._suggestions[word] = self._spelling[near[0]] if near else ""
        return self._suggestions[word]


def country_words(rows: Iterable[Country]) -> Words:
    """Names of the United Nations, ISO codes and names, CLDR names in three languages."""
    known = tuple((row.name, row.code) for row in rows)
    return _country_words(known, translation.get_language()).copy()


@lru_cache(maxsize=8)
def _country_words(rows: tuple[tuple[str, str], ...], language: str) -> Words:
    """From (name, code); in `language` are the sentences about what is not known."""
    words = Words(
        _("“%(value)s” is not a country of the list."),
        _("“%(value)s” is not a country. Did you mean %(near)s?"),
    )
    codes = []
    for name, code in rows:
        words.add(name, code)
        codes.append(code)
    for code in codes:
        words.add(code, code)
        words.add(countries.alpha3(code), code)
        with translation.override("en"):
            words.add(str(COUNTRIES[code]), code)
            words.add(str(settings.COUNTRIES_OVERRIDE.get(code, "")), code)
        for locale in _LOCALES:
            territories = Locale(locale).territories
            words.add(territories[code], code)
            for form in ("short", "variant"):
                words.add(territories.get(f"{code}-alt-{form}", ""), code)
    for spelling, code in _OTHER_COUNTRY_NAMES.items():
        if code in codes:
            words.add(spelling, code)
    return words


_OTHER_COUNTRY_NAMES = {
    "UK": "GB",
    "U.K.": "GB",
    "Great Britain": "GB",
    "U.S.": "US",
    "U.S.A.": "US",
    "United States of America": "US",
    "EE.UU.": "US",
    "South Korea": "KR",
    "Korea (South)": "KR",
    "Korea, Republic of": "KR",
    "Republic of Korea (South)": "KR",
    "North Korea": "KP",
    "DPRK": "KP",
    "PR China": "CN",
    "P.R. China": "CN",
    "People's Republic of China": "CN",
    "Ivory Coast": "CI",
    "Czech Republic": "CZ",
    "Swaziland": "SZ",
    "Burma": "MM",
    "Macedonia": "MK",
    "FYROM": "MK",
    "Cape Verde": "CV",
    "East Timor": "TL",
    "Turkey": "TR",
    "Turquie": "TR",
    "Holland": "NL",
    "The Netherlands": "NL",
    "Pays Bas": "NL",
    "DR Congo": "CD",
    "DRC": "CD",
    "RDC": "CD",
    "Democratic Republic of Congo": "CD",
    "Republic of Congo": "CG",
    "Congo Brazzaville": "CG",
    "Palestine": "PS",
    "Vatican": "VA",
    "UAE": "AE",
    "Lao PDR": "LA",
    "Russia": "RU",
    "Vietnam": "VN",
}


def region_words() -> dict[str, str]:
    """Spelling (as `key` makes it) → region."""
    others = {
        "Asie de l'Est": Region.EAST_ASIA,
        "Asia Oriental": Region.EAST_ASIA,
        "Asia del Este": Region.EAST_ASIA,
        "Océanie": Region.OCEANIA,
        "Oceanía": Region.OCEANIA,
        "South and West Asia": Region.SOUTH_WEST_ASIA,
        "South West Asia": Region.SOUTH_WEST_ASIA,
        "Asie du Sud et de l'Ouest": Region.SOUTH_WEST_ASIA,
        "Asia Meridional y Occidental": Region.SOUTH_WEST_ASIA,
        "Afrique": Region.AFRICA,
        "África": Region.AFRICA,
        "Americas": Region.AMERICA,
        "The Americas": Region.AMERICA,
        "Amérique": Region.AMERICA,
        "América": Region.AMERICA,
        "Europa": Region.EUROPE,
    }
    labels = {}
    for language in _LOCALES:
        with translation.override(language):
            labels |= {str(region.label): region for region in Region}
    labels |= {region.value: region for region in Region}
    return {key(spelling): region.value for spelling, region in (labels | others).items()}


def term_words(terms: Iterable[Term]) -> Words:
    """Labels in three languages, codes, and synonyms; `terms` come with their synonyms."""
    words = Words(
        _("“%(value)s” is not in the vocabulary of expertise."),
        _("“%(value)s” is not in the vocabulary of expertise. Did you mean %(near)s?"),
    )
    terms = list(terms)
    for term in terms:
        words.add(term.label_en, term.pk)
    for term in terms:
        for spelling in (term.label_fr, term.label_es, term.code):
            words.add(spelling, term.pk)
    meanings: dict[str, dict] = {}
    for term in terms:
        for synonym in term.synonyms.all():
            meanings.setdefault(synonym.text.casefold(), {})[term.pk] = term.label_en
    for spelling, named in meanings.items():
        if len(named) == 1:
            words.add(spelling, *named)
        else:
            words.add_unclear(spelling, list(named.values()))
    return words


def language_words() -> Words:
    """Names in three languages, a few in their own, and codes of ISO 639-1."""
    words = Words(
        _("“%(value)s” is not a language of ISO 639-1."),
        _("“%(value)s” is not a language. Did you mean %(near)s?"),
    )
    for locale in _LOCALES:
        for code, name in language_names(locale).items():
            words.add(name, code)
    for code in language_names("en"):
        words.add(code, code)
    for name, code in _OTHER_LANGUAGE_NAMES.items():
        words.add(name, code)
    return words


_OTHER_LANGUAGE_NAMES = {
    "Mandarin": "zh",
    "Mandarin Chinese": "zh",
    "Cantonese": "zh",
    "中文": "zh",
    "日本語": "ja",
    "한국어": "ko",
    "Русский": "ru",
    "العربية": "ar",
    "Deutsch": "de",
    "Português": "pt",
    "Italiano": "it",
    "Farsi": "fa",
    "Bahasa": "id",
    "Bahasa Indonesia": "id",
    "Bahasa Malaysia": "ms",
    "Filipino": "tl",
    "Tagalog": "tl",
    "Castellano": "es",
    "Flemish": "nl",
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "spa": "es",
}
