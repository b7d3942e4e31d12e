"""The library's directory: what a query string asks for, which documents fit, how many."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Case, F, Q, Value, When
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from documents.finding import matching as matching_texts
from documents.models import Document
from partners.audience import Audience
from partners.directory import finding
from partners.directory import words as searching
from partners.directory.facets import (
    CountriesFacet,
    Facet,
    FacetSet,
    LanguageFacet,
    RegionsFacet,
    TermFacet,
)
from partners.directory.index import Index, Keeper
from partners.directory.pages import figure

Status = Document.Status
_AMONG = "documents_document.id = ANY(%s::bigint[])"

_SOURCE = """
    SELECT id, NULL::float8 AS moment, kind, process, audience, status, year, owner_id,
        term_ids, group_ids, languages, countries, regions, current_id
    FROM documents_document WHERE status <> 'draft' AND current_id IS NOT NULL
"""


def _values(row: tuple) -> list[tuple]:
    kind, process, audience, status, year, owner, terms, groups, languages = row[2:11]
    countries, regions = row[11:13]
    return [
        ("kind", kind),
        ("process", process),
        ("audience", audience),
        ("status", status),
        ("year", year),
        ("owner", owner),
        *(("term", key) for key in {*terms, *groups}),
        *(("language", code) for code in languages),
        *(("country", code) for code in countries),
        *(("region", code) for code in regions),
    ]


@dataclass
class LibraryIndex(Index):
    """`noted` of a slot: the key of the version that a reader gets."""

    _slots_of: dict[int, int] | None = None

    def of_versions(self, keys: Iterable[int]) -> int:
        """The set of the documents of which readers get these versions."""
        if self._slots_of is None:
            self._slots_of = {version: slot for slot, (version,) in self.noted.items()}
        return self.of_slots(map(self._slots_of.get, keys))


KEEPER = Keeper(
    _SOURCE,
    ("documents_documentchange", "object_id"),
    _values,
    note=lambda row: row[13:],
    kind=LibraryIndex,
)


class YearFacet(Facet):
    """Years, the newest first, below their decade: "2010s" stands for ten of them."""

    def known(self, found):
        return {str(year) for year in range(1900, 2200)} | {
            f"{ten}s" for ten in range(1900, 2200, 10)
        }

    def condition(self, values, found):
        wanted = Q()
        for value in values:
            if value.endswith("s"):
                wanted |= Q(year__range=(int(value[:-1]), int(value[:-1]) + 9))
            else:
                wanted |= Q(year=int(value))
        return wanted

    def sets(self, found, by_key):
        sets = {}
        for year, members in by_key.items():
            if year is not None:
                sets[str(year)] = members
                decade = f"{year // 10 * 10}s"
                sets[decade] = sets.get(decade, 0) | members
        return sets

    def options(self, found):
        """A decade before its years: 2020s, 2024, 2021, 2010s …"""
        shown = sorted(self.shown(found), reverse=True)
        shown.sort(key=lambda value: (-int(value[:3]), not value.endswith("s")))
        return [(value, value, value.endswith("s")) for value in shown]


class StatusFacet(Facet):
    """Without a value: what is current; the rest is one filter away."""

    def default(self, found):
        return [Status.OPEN, Status.PUBLISHED]


class DocumentFilter(FacetSet):
    kind = Facet(label=_("Kind"), choices=Document.Kind.choices, starts_open=True)
    term = TermFacet(label=_("Expertise"), starts_open=True)
    language = LanguageFacet(label=_("Language"), field_name="languages")
    country = CountriesFacet(label=_("Country"), field_name="countries")
    region = RegionsFacet(label=_("Region"), field_name="regions")
    year = YearFacet(label=_("Year"))
    process = Facet(label=_("Serves"), choices=Document.Process.choices)
    audience = Facet(label=_("Who may see it"), choices=Audience.choices, says_name=True)
    status = StatusFacet(
        label=_("Status"),
        choices=[
            (Status.OPEN, _("Open for comments")),
            (Status.PUBLISHED, _("Published")),
            (Status.SUPERSEDED, _("Superseded (hidden at first)")),
            (Status.ARCHIVED, _("Archived (hidden at first)")),
        ],
    )

    class Meta:
        model = Document
        fields = []

    @classmethod
    def offered(cls, found):
        """Who sees nothing but what is public is not asked for the audience."""
        facets = super().offered(found)
        if len(found.audiences) == 1:
            del facets["audience"]
        return facets


class Found(finding.Found):
    """One answer. While nobody chose a status, superseded and archived ones are left out."""

    facet_set = DocumentFilter
    keeper = KEEPER
    sorts = {"fit": _("Best fit"), "newest": _("Newest"), "title": _("Title")}

    def prepare(self):
        self.audiences = Audience.of(self.user)

    def everything(self):
        return Document.objects.visible_to(self.user).released()

    def visible(self, index):
        if self.user.has_perm("documents.view_document"):
            return index.everybody
        seen = index.sets.get(("owner", self.user.pk), 0) if self.user.pk else 0
        for audience in self.audiences:
            seen |= index.sets.get(("audience", audience), 0)
        return seen & index.everybody

    def matching(self, rows):
        """Texts are looked through once: PostgreSQL is given what came of it, and asks the rest."""
        return rows.extra(where=[_AMONG], params=[self._written(self.members)])  # noqa: S610

    def set_matching(self, index):
        own, texts = matching_texts(self.words)
        self.named = index.of(own)
        return self.named | index.of_versions(texts)

    def _written(self, members: int) -> str:
        """These documents as PostgreSQL writes an array: it reads that a hundred times faster
        than numbers in a query.
        """
        return f"{{{','.join(map(str, self.index.keys_of(members)))}}}"

    def ordered(self, rows):
        """By fit: the words in title, summary or subject before the words in a text."""
        if self.sort == "fit" and self.words:
            named = RawSQL(  # noqa: S611 (a constant)
                _AMONG, [self._written(self.named & self.members)], output_field=BooleanField()
            )
            fit = Case(When(named=True, then=searching.Rank(self.words)), default=Value(0.0))
            rows = rows.annotate(named=named).annotate(fit=fit)
            return rows.order_by("-named", "-fit", "sort_title", "pk")
        if self.sort == "title":
            return rows.order_by("sort_title", "pk")
        return rows.order_by(F("year").desc(nulls_last=True), "sort_title", "pk")

    def in_words(self, number):
        return ngettext("%(n)s document", "%(n)s documents", number) % {"n": figure(number)}

    def hidden_in_words(self, number):
        text = ngettext(
            "Add %(n)s superseded or archived document",
            "Add %(n)s superseded or archived documents",
            number,
        )
        return text % {"n": figure(number)}


def find(params: QueryDict, user, now: datetime) -> Found:
    """Answer a query string: `q`, `sort` and the filters, each any number of times."""
    return Found(params, user, now)
