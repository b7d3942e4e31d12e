"""Why an expert is proposed, and what speaks against, in words: true facts that bear on the wish.

Each is a part of a sentence about the expert, 'speaks Arabic', so that a page can list them.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.humanize.templatetags.humanize import apnumber
from django.utils.formats import date_format
from django.utils.text import Truncator, get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from advice import terms_of_text, wording
from advice.wishes import Wish
from experts.models import Expert, Freshness
from experts.presenting import country
from partners import languages
from partners.models import Term
from partners.models.countries import Region

LEAST = 2  # reasons of each proposal
LONGEST = 300  # letters
NAMED = 3  # terms at most
SHOWN_WORDS = 3  # of the text that stand in the profile
SHORTEST_WORD = 5  # letters
#: Words of nearly each profile, which say nothing for one of them
SAYING_NOTHING = frozenset(
    """mercury mercure mercurio waste wastes dechet dechets residuo residuos plant plants usine
    usines planta plantas country countries pays pais paises
    years annee annees anos""".split()
)
LONG_SILENCE = timedelta(days=7)  # after which a request that waits is mentioned
MANY_OPEN = 2  # requests on the desk from which they are mentioned
NEAR_ENOUGH = timedelta(days=183)  # within which the end of somebody's time matters


@dataclass(frozen=True)
class Record:
    """What came of being asked, and what is on the desk.

    `answered` and `silent` are requests that came to their end with and without an answer, `middle`
    and `longest` the times until an answer, `asked_lately` those of twelve months.
    """

    answered: int = 0
    silent: int = 0
    accepted: int = 0
    middle: timedelta | None = None
    longest: timedelta | None = None
    asked_lately: int = 0
    waiting_since: datetime | None = None
    open_now: int = 0
    ever: bool = False


@dataclass(frozen=True)
class Facts:
    """What of an expert bears on a wish. Terms and groups are keys, countries and languages codes.

    `terms` are those of the wish; `related` groups of which the expert has other terms, given
    where `terms` is empty; `nearby` other countries of the region in which the expert worked;
    `offers` and `lacks` fields of abilities that are wanted; `new`: on the list for less than a
    year.
    """

    terms: tuple[int, ...] = ()
    related: tuple[int, ...] = ()
    lives_there: bool = False
    worked_there: bool = False
    nearby: tuple[str, ...] = ()
    from_region: bool = False
    speaks: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    freshness: Freshness = Freshness.NEVER
    record: Record = field(default_factory=Record)
    new: bool = False


def why(
    wish: Wish, expert: Expert, facts: Facts, terms: dict[int, Term], now: datetime
) -> tuple[str, ...]:
    """Two reasons or more, the weightiest first. `terms` has those of the wish and the expert."""
    found = [
        *_field(wish, expert, facts, terms),
        *_words(wish, expert),
        *_countries(wish, expert, facts),
        *_languages(facts),
        *(_OFFERS[name]() for name in facts.offers),
        *_record(facts.record),
        *_turn(facts),
        *_freshness(expert, facts),
    ]
    if len(found) < LEAST:
        found.append(_("can take on a request now"))
    return _short(found)


def against(wish: Wish, expert: Expert, facts: Facts, now: datetime) -> tuple[str, ...]:
    """What the requester ought to know before choosing; empty when nothing speaks against."""
    found = [_LACKS[name]() for name in facts.lacks]
    if wish.languages and not facts.speaks:
        found.append(
            _("does not speak %(languages)s") % {"languages": _spoken(wish.languages, _("or"))}
        )
    if expert.available_until and expert.available_until - now.date() < NEAR_ENOUGH:
        day = date_format(expert.available_until)
        found.append(_("is available only until %(day)s") % {"day": day})
    record = facts.record
    settled = record.answered + record.silent
    if record.silent and record.answered < record.silent:
        found.append(
            ngettext(
                "answered %(answered)s of %(n)s request",
                "answered %(answered)s of %(n)s requests",
                settled,
            )
            % {"answered": record.answered, "n": settled}
        )
    if record.waiting_since and now - record.waiting_since > LONG_SILENCE:
        waits = (now - record.waiting_since).days
        text = ngettext(
            "has not answered another request for %(n)s day",
            "has not answered another request for %(n)s days",
            waits,
        )
        found.append(text % {"n": waits})
    if record.open_now >= MANY_OPEN:
        text = ngettext(
            "has %(n)s open request now", "has %(n)s open requests now", record.open_now
        )
        found.append(text % {"n": apnumber(record.open_now)})
    if facts.freshness == Freshness.NEVER:
        found.append(_("has never confirmed the profile"))
    elif facts.freshness != Freshness.FRESH:
        month = date_format(expert.confirmed_at, "YEAR_MONTH_FORMAT")
        found.append(_("has not confirmed the profile since %(month)s") % {"month": month})
    return _short(found)


def _short(sentences: list[str]) -> tuple[str, ...]:
    """As they are kept with a choice (Choice.why)."""
    return tuple(Truncator(one).chars(LONGEST) for one in sentences)


def _list(names: list[str], last: str = "") -> str:
    return str(get_text_list(names, last or _("and")))


def _some(labels: list[str]) -> str:
    return "; ".join(labels[:NAMED]) + (" …" if len(labels) > NAMED else "")


def _spoken(codes: tuple[str, ...], last: str = "") -> str:
    return _list([languages.name(code) for code in codes], last)


# Functions, so that the words are those of the reader
_OFFERS = {
    "remote_advice": lambda: _("gives remote advice"),
    "missions": lambda: _("goes on missions"),
    "training": lambda: _("gives training"),
}
_LACKS = {
    "remote_advice": lambda: _("does not give remote advice"),
    "missions": lambda: _("does not go on missions"),
    "training": lambda: _("does not give training"),
}


def _field(wish: Wish, expert: Expert, facts: Facts, terms: dict[int, Term]) -> list[str]:
    labels = [terms[key].label for key in facts.terms if key in terms]
    if labels:
        number = len(labels)
        if len(wish.term_ids) == 1:
            return [_("works in this field: %(terms)s") % {"terms": labels[0]}]
        text = ngettext(
            "works in one of the fields: %(terms)s",
            "works in %(n)s of the fields: %(terms)s",
            number,
        )
        return [text % {"n": apnumber(number), "terms": _some(labels)}]
    near = [
        terms[key].label
        for key in expert.term_ids
        if key in terms and terms[key].parent_id in facts.related
    ]
    if not near:
        return []
    text = ngettext(
        "works in a field near it: %(terms)s", "works in fields near it: %(terms)s", len(near)
    )
    return [text % {"terms": _some(near)}]


def _words(wish: Wish, expert: Expert) -> list[str]:
    """Telling words of the text that stand in the profile, as they stand there."""
    wanted = terms_of_text.telling_words(wish.text, limit=30)
    if not wanted:
        return []
    spoken = wording.spoken_in(wording.words_of(wish.text))
    stems = {wording.stem(word, language) for word in wanted for language in spoken}
    found: dict[str, str] = {}
    for word, written in wording.as_written(f"{expert.summary} {expert.experience}"):
        for language in spoken:
            stem = wording.stem(word, language)
            if len(word) >= SHORTEST_WORD and word not in SAYING_NOTHING and stem in stems:
                found.setdefault(stem, written if written.isupper() else written.lower())
                break
    words = list(dict.fromkeys(found.values()))[:SHOWN_WORDS]
    if not words:
        return []
    return [_("the profile speaks of: %(words)s") % {"words": ", ".join(words)}]


def _countries(wish: Wish, expert: Expert, facts: Facts) -> list[str]:
    found = []
    region = Region(wish.region).label if wish.region else ""
    if facts.lives_there:
        found.append(_("lives in %(country)s") % {"country": country(wish.country)})
    elif facts.worked_there:
        found.append(_("worked in %(country)s") % {"country": country(wish.country)})
    number = len(facts.nearby)
    if number == 1:
        names = {"country": country(facts.nearby[0]), "region": region}
        found.append(_("worked in %(country)s (%(region)s)") % names)
    elif number:
        text = ngettext(
            "worked in %(n)s country of %(region)s",
            "worked in %(n)s countries of %(region)s",
            number,
        )
        found.append(text % {"n": apnumber(number), "region": region})
    elif facts.from_region and not facts.lives_there:
        names = {"country": country(expert.country_id), "region": region}
        found.append(_("lives in %(country)s (%(region)s)") % names)
    return found


def _languages(facts: Facts) -> list[str]:
    if not facts.speaks:
        return []
    return [_("speaks %(languages)s") % {"languages": _spoken(facts.speaks)}]


def _record(record: Record) -> list[str]:
    settled = record.answered + record.silent
    if not record.answered or record.answered < record.silent:
        return []
    values = {"answered": record.answered, "n": settled, "days": _days(record.longest)}
    if record.longest - record.middle > timedelta(days=7):
        values["days"] = _days(record.middle)
        text = ngettext(
            "answered %(answered)s of %(n)s requests, half of them within %(days)s day",
            "answered %(answered)s of %(n)s requests, half of them within %(days)s days",
            values["days"],
        )
    elif settled == 1:
        text = ngettext(
            "answered the one request within %(days)s day",
            "answered the one request within %(days)s days",
            values["days"],
        )
    else:
        text = ngettext(
            "answered %(answered)s of %(n)s requests within %(days)s day",
            "answered %(answered)s of %(n)s requests within %(days)s days",
            values["days"],
        )
    found = [text % values]
    if record.accepted:
        text = ngettext("agreed to help once", "agreed to help %(n)s times", record.accepted)
        found.append(text % {"n": apnumber(record.accepted)})
    return found


def _turn(facts: Facts) -> list[str]:
    if facts.record.asked_lately:
        return [] if facts.record.open_now else [_("has no open request now")]
    if facts.new and not facts.record.ever:
        return [_("has not been asked yet")]
    return [_("has not been asked for a year")]


def _freshness(expert: Expert, facts: Facts) -> list[str]:
    if facts.freshness != Freshness.FRESH:
        return []
    month = date_format(expert.confirmed_at, "YEAR_MONTH_FORMAT")
    return [_("confirmed the profile in %(month)s") % {"month": month}]


def _days(duration: timedelta) -> int:
    """Whole days, begun ones counted: 1 for an answer within minutes."""
    return max(1, math.ceil(duration / timedelta(days=1)))
