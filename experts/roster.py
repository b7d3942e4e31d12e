"""The printed roster: the list by region and name, as a page and as an accessible PDF (PDF/UA-1).

Both show the public fields alone, each with the day of its confirmation. The PDF is made by Typst
(roster.typ) from plain values, with the portal's fonts alone (partners/typesetting). A text in a
script without a font there is written in Latin letters and marked, so that no name stops it.

Made on request and never kept, so it is never stale. Measured on two shared cores: 40 experts
0.15 s, 400 experts 0.6 s, 1,000 experts 1.8 s and 157 MB in a process of its own. A roster holds at
most `MOST` experts; a longer list is for CSV.
"""

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from experts import presenting
from experts.models import Expert, Freshness, Policy
from partners import mail, typesetting
from partners.models import Region, Term
from partners.typesetting.letters import IN_LATIN, Shown, in_plain_letters, showable

MOST = 1000  # experts
SECONDS = 30  # at most, for one PDF
TEMPLATE = Path(__file__).parent / "roster.typ"

#: What a roster reads of a profile: nothing private ever leaves the database for it.
FIELDS = (
    "name", "position", "organisation__name", "country", "region", "term_ids", "languages",
    "confirmed_at", "imported_updated_on", "paused_until", "available_from", "available_until",
    "fictitious",
)  # fmt: skip

logger = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Entry:
    """One expert as the roster shows it: words only, in the reader's language."""

    pk: int
    url: str  # with host: a PDF is read elsewhere; empty for who is not on the list any more
    name: str
    position: str
    organisation: str
    country: str
    terms: str
    languages: str
    confirmed: str
    state: Freshness
    limit: str  # of availability, or empty


@dataclass
class Part:
    """One region of the roster."""

    code: str
    name: str
    people: list[Entry] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.people)

    @property
    def fresh(self) -> int:
        return sum(person.state == Freshness.FRESH for person in self.people)


@dataclass
class Roster:
    """The list at one moment. `parts` are the regions that have experts, in the list's order."""

    edition: datetime
    parts: list[Part]
    whole: bool  # all listed experts, not the result of filters
    fictitious: bool

    @property
    def total(self) -> int:
        return sum(part.total for part in self.parts)

    @property
    def fresh(self) -> int:
        return sum(part.fresh for part in self.parts)

    @property
    def title(self) -> str:
        return _("Resource Persons List")

    @property
    def edition_words(self) -> str:
        return _("Edition of %(day)s") % {"day": date_format(self.edition, "DATE_FORMAT")}

    @property
    def lead(self) -> str:
        """One sentence: what is in it."""
        if self.whole:
            return ngettext(
                "The %(n)s person who can be asked for technical advice on mercury waste.",
                "All %(n)s people who can be asked for technical advice on mercury waste.",
                self.total,
            ) % {"n": self.total}
        return ngettext(
            "%(n)s person of the Resource Persons List, chosen with the filters of the portal.",
            "%(n)s people of the Resource Persons List, chosen with the filters of the portal.",
            self.total,
        ) % {"n": self.total}

    @property
    def notes(self) -> list[str]:
        """What a reader must know, one sentence or two each."""
        notes = [
            _(
                "Each profile says when its owner last confirmed it. Addresses and phone numbers "
                "are not printed: the profile in the portal shows how to reach a person."
            ),
            _(
                "The six regions are groups of the partnership. Names of countries and regions do "
                "not imply any opinion on the status of a territory or on its boundaries."
            ),
        ]
        if self.fictitious:
            notes.append(
                _("Demonstration: people and organisations marked “example” are invented.")
            )
        return notes


def build(experts: QuerySet[Expert], now: datetime, whole: bool) -> Roster:
    """The roster of these experts, by region and then by name. The caller chose who is visible.

    Two queries and the policy's, whatever the number of experts.
    """
    limits = Policy.current().limits(now)
    terms = {
        term.pk: (term.order, term.label) for term in Term.objects.defer("words", "description")
    }
    parts = {region.value: Part(region.value, str(region.label)) for region in Region}
    fictitious = False
    chosen = experts.select_related(None).select_related("organisation").only(*FIELDS)
    for expert in chosen.order_by("sort_name", "pk"):
        fictitious |= expert.fictitious
        own = sorted(terms[key] for key in expert.term_ids if key in terms)
        entry = Entry(
            pk=expert.pk,
            url=mail.absolute(f"/experts/{expert.pk}/"),
            name=expert.name,
            position=expert.position,
            organisation=expert.organisation.name if expert.organisation else "",
            country=presenting.country(expert.country_id),
            terms="; ".join(label for _order, label in own),
            languages=", ".join(presenting.spoken(expert)),
            confirmed=presenting.badge(expert, limits, exact=True)[0],
            state=Freshness.of(expert.confirmed_at, limits),
            limit=presenting.availability(expert, now),
        )
        parts[expert.region].people.append(entry)
    return Roster(now, [part for part in parts.values() if part.people], whole, fictitious)


def pdf(roster: Roster) -> bytes:
    """The roster as PDF/UA-1: tagged, with title, language and bookmarks.

    Never fails for what people typed: what no font can show is transliterated. Raises
    subprocess.SubprocessError when Typst itself cannot run or takes longer than `SECONDS`.
    """
    try:
        return _typeset(_data(roster, showable))
    except typesetting.Unshowable as error:  # letters that have a font each, but not together
        logger.warning("The roster is typeset in plain letters: %s", error)
        return _typeset(_data(roster, in_plain_letters))


def _typeset(data: dict) -> bytes:
    """Run Typst, one at a time for each worker."""
    with _one_at_a_time:
        return typesetting.pdf(TEMPLATE, data, SECONDS)


def _data(roster: Roster, show) -> dict:
    """What roster.typ needs; `show` makes a text that the fonts can show."""
    shown = Shown(show)

    def person(entry: Entry) -> dict:
        work = (entry.position, entry.organisation, entry.country)
        return {
            "name": shown(entry.name) or "?",  # a heading must not be empty
            "url": entry.url,
            "work": [shown(text) for text in work if text],
            "terms": shown(entry.terms),
            "languages": shown(entry.languages),
            "confirmed": ". ".join(filter(None, [entry.confirmed, entry.limit])),
            "state": entry.state.value,
        }

    regions = [
        {
            "code": part.code,
            "heading": f"{part.name} ({len(part.people)})",
            "people": [person(entry) for entry in part.people],
        }
        for part in roster.parts
        if part.people
    ]
    notes = roster.notes
    if shown.is_marked:
        notes.append(
            _("%(mark)s Written in Latin letters here; the profile shows it as its owner does.")
            % {"mark": IN_LATIN}
        )
    return {
        "lang": (get_language() or "en").split("-")[0],
        "words": _words(roster),
        "figures": [
            {
                "code": part.code if part.people else "",
                "name": part.name,
                "experts": part.total,
                "fresh": part.fresh,
            }
            for part in roster.parts
        ],
        "total": roster.total,
        "fresh": roster.fresh,
        "notes": notes,
        "regions": regions,
    }


def _words(roster: Roster) -> dict[str, str]:
    """The words of the printed page, in the reader's language."""
    area, partnership = _("Waste Management Area"), _("UNEP Global Mercury Partnership")
    return {
        "title": roster.title,
        "area": area,
        "partnership": partnership,
        "publisher": f"{area}, {partnership}",
        "description": roster.lead,
        "lead": roster.lead,
        "edition": roster.edition_words,
        "region": _("Region"),
        "experts": _("Experts"),
        "fresh": _("Confirmed in time"),
        "on_page": _("On page"),
        "all": _("All regions"),
        "expertise": _("Expertise"),
        "languages": _("Languages"),
        "page": _("Page"),
    }
