"""Dated editions of the roster: the list as it stood on a day, with its figures by region.

An edition is rows (docs/decisions/0053): the public words of that day for each listed expert. Who
is removed goes from all of them at once; the figures stay, and the edition says how many are gone.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from experts import presenting, roster
from experts.models import Edition, EditionEntry, Expert, Freshness, Policy, Round
from partners import languages, mail
from partners.models import Region


@transaction.atomic
def make(now: datetime, of_round: Round | None = None) -> Edition:
    """The list as it stands, in two statements whatever its length; public fields alone.

    Raises IntegrityError for a round that has its edition: the caller holds the round's lock.
    """
    edition = Edition.objects.create(at=now, round=of_round)
    fresh_since = Policy.current().limits(now).fresh_since
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, {"edition": edition.pk})
        cursor.execute(
            _FIGURES,
            {"edition": edition.pk, "fresh_since": fresh_since, "regions": list(Region.values)},
        )
    return edition


# Expertise in the English words of the vocabulary, languages as codes, which have names in every
# language of the portal.
_ENTRIES = """
INSERT INTO experts_editionentry (edition_id, expert_id, sort_name, region, name, position,
    organisation, country, expertise, languages, confirmed_at)
SELECT %(edition)s, e.id, e.sort_name, e.region, e.name, e.position, coalesce(o.name, ''),
    coalesce(e.country_id, ''),
    coalesce((SELECT string_agg(t.label_en, '; ' ORDER BY t."order", t.label_en)
        FROM partners_term t WHERE t.id = ANY (e.term_ids)), ''),
    array_to_string(e.languages, ' '), e.confirmed_at
FROM experts_expert e LEFT JOIN partners_organisation o ON o.id = e.organisation_id
WHERE e.status = 'listed'
"""

_FIGURES = """
INSERT INTO experts_editionfigure (edition_id, region, listed, confirmed)
SELECT %(edition)s, r.region, count(e.id),
    count(e.id) FILTER (WHERE e.confirmed_at > %(fresh_since)s)
FROM unnest(%(regions)s::text[]) WITH ORDINALITY AS r(region, place)
LEFT JOIN experts_editionentry e ON e.edition_id = %(edition)s AND e.region = r.region
GROUP BY r.region, r.place ORDER BY r.place
"""


def take_out(expert_id: int) -> int:
    """A removed profile leaves every edition. Returns in how many it stood."""
    return EditionEntry.objects.filter(expert=expert_id).delete()[0]


def with_totals() -> QuerySet[Edition]:
    """Editions, newest first, with `listed` and `confirmed` of the whole list."""
    return Edition.objects.annotate(
        listed=Sum("figures__listed", default=0), confirmed=Sum("figures__confirmed", default=0)
    ).order_by("-at", "-pk")


def file_name(edition: Edition) -> str:
    return f"resource-persons-list-{edition.at:%Y-%m-%d}.pdf"


# As people read it


@dataclass
class DatedPart(roster.Part):
    """One region: the figures of the day, and who has stayed in."""

    listed: int = 0
    confirmed: int = 0

    @property
    def total(self) -> int:
        return self.listed

    @property
    def fresh(self) -> int:
        return self.confirmed


@dataclass
class DatedRoster(roster.Roster):
    """An edition in the form of a roster; its figures are those of the day."""

    @property
    def title(self) -> str:
        return title(self.edition)

    @property
    def taken_out(self) -> int:
        """How many were removed since, at their own wish."""
        return self.total - sum(len(part.people) for part in self.parts)

    @property
    def lead(self) -> str:
        return _(
            "The people who could be asked for technical advice on mercury waste on %(day)s: "
            "%(n)s, of whom %(confirmed)s had confirmed their profile in time."
        ) % {
            "day": date_format(self.edition, "DATE_FORMAT"),
            "n": self.total,
            "confirmed": self.fresh,
        }

    @property
    def notes(self) -> list[str]:
        gone = []
        if self.taken_out > 0:
            gone = [
                ngettext(
                    "%(n)s person was taken out since, at their own wish; the figures still count "
                    "that person.",
                    "%(n)s people were taken out since, at their own wish; the figures still "
                    "count them.",
                    self.taken_out,
                )
                % {"n": self.taken_out}
            ]
        return gone + super().notes


def title(at: datetime) -> str:
    return _("Resource Persons List, %(day)s") % {"day": date_format(at, "DATE_FORMAT")}


def build(edition: Edition) -> DatedRoster:
    """The edition as a roster, by region and then by name: three queries and the policy's."""
    parts = {region.value: DatedPart(region.value, str(region.label)) for region in Region}
    for figure in edition.figures.all():
        part = parts[figure.region]
        part.listed, part.confirmed = figure.listed, figure.confirmed
    limits = Policy.current().limits(edition.at)
    fictitious = False
    entries = edition.entries.order_by("region", "sort_name", "pk").annotate(
        fictitious=F("expert__fictitious"), status=F("expert__status")
    )
    for entry in entries:
        fictitious |= entry.fictitious
        listed = entry.status == Expert.Status.LISTED
        person = roster.Entry(
            pk=entry.expert_id,
            url=mail.absolute(f"/experts/{entry.expert_id}/") if listed else "",
            name=entry.name,
            position=entry.position,
            organisation=entry.organisation,
            country=presenting.country(entry.country),
            terms=entry.expertise,
            languages=", ".join(languages.name(code) for code in entry.languages.split()),
            confirmed=_confirmed(entry),
            state=Freshness.of(entry.confirmed_at, limits),
            limit="",
        )
        parts[entry.region].people.append(person)
    return DatedRoster(edition.at, list(parts.values()), whole=True, fictitious=fictitious)


def _confirmed(entry: EditionEntry) -> str:
    if entry.confirmed_at is None:
        return _("Never confirmed")
    return _("Confirmed %(when)s") % {"when": date_format(entry.confirmed_at, "DATE_FORMAT")}
