"""The filters of a directory: values within one are OR, filters among each other AND.

Each filter is said twice: as a condition for PostgreSQL, which gives the results, and as sets of
bits, which give the numbers. A test of each directory holds them against each other.
"""

from collections.abc import Container
from functools import lru_cache, reduce
from operator import and_, or_

import django_filters
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_countries import countries

from partners import languages
from partners.models import Region
from partners.models.countries import region_of


class Facet(django_filters.MultipleChoiceFilter):
    """A filter whose values carry the number of results.

    `found` of its methods is the answer that is asked for (finding.Found). `starts_open`: unfolded
    at first. `says_name`: its values need the name of the filter beside them.
    """

    def __init__(self, *, label, starts_open=False, says_name=False, choices=None, **options):
        super().__init__(label=label, **options)
        self.starts_open, self.says_name = starts_open, says_name
        self.pairs = choices  # (value, label) of all values, where they are few and known
        self.name = ""  # given by the set it stands in

    def condition(self, values: list[str], found) -> Q:
        """What these values ask of a row."""
        return Q(**{f"{self.field_name}__in": values})

    def known(self, found) -> Container[str]:
        """The values that there are; others are named to the person and left out."""
        return {str(value) for value, label in self.pairs}

    def default(self, found) -> list[str]:
        """The values that hold while nobody chose one; none: everything is shown."""
        return []

    def sets(self, found, by_key: dict) -> dict:
        """value → set, from the sets that the index has under this filter's name."""
        return by_key

    def together(self, sets: list[int]) -> int:
        """The set of the rows that fit several values."""
        return reduce(or_, sets)

    def in_words(self, labels: list[str]) -> str:
        """Several values as they stand between two quotation marks."""
        return _("” or “").join(labels)

    def kept_for(self, kept: int, own: int | None) -> int:
        """Among which rows its values are counted: those that fit all other filters.

        `own` is the set of what was chosen here.
        """
        return kept

    def options(self, found) -> list[tuple[str, str, bool]]:
        """(value, label, is a group): those that give a result, and the chosen ones."""
        return [(value, label, False) for value, label in self.pairs]

    def filter(self, rows, values):
        found = self.parent.found
        values = values or self.default(found)
        return rows.filter(self.condition(values, found)) if values else rows

    def shown(self, found) -> set[str]:
        """Values with a number beside them, and the chosen ones."""
        return {*found.counts[self.name], *found.chosen.get(self.name, [])} - {None}


class ArrayFacet(Facet):
    """The row has several values, in an array."""

    def condition(self, values, found):
        return Q(**{f"{self.field_name}__overlap": values})


class AllFacet(Facet):
    """Its values are AND; a value is counted among what fits those that are chosen."""

    def together(self, sets):
        return reduce(and_, sets)

    def in_words(self, labels):
        return _("” and “").join(labels)

    def kept_for(self, kept, own):
        return kept if own is None else kept & own


class _Regions:
    def __init__(self, **options):
        super().__init__(choices=Region.choices, **options)


class RegionFacet(_Regions, Facet):
    pass


class RegionsFacet(_Regions, ArrayFacet):
    """A row may be about several."""


class _Countries:
    def known(self, found):
        return set(region_of())

    def options(self, found):
        pairs = ((value, country_name(value)) for value in self.shown(found))
        return [(value, label, False) for value, label in sorted(pairs, key=lambda pair: pair[1])]


class CountryFacet(_Countries, Facet):
    pass


class CountriesFacet(_Countries, ArrayFacet):
    """A row may be about several."""


class LanguageFacet(ArrayFacet):
    """The languages with most results first."""

    def known(self, found):
        return set(languages.names("en"))

    def options(self, found):
        counts = found.counts[self.name]
        pairs = sorted(
            ((value, languages.name(value)) for value in self.shown(found)),
            key=lambda pair: (-counts.get(pair[0], 0), pair[1]),
        )
        return [(value, label, False) for value, label in pairs]


class TermFacet(Facet):
    """A group stands for itself and every term in it. The index has them by their keys.

    `path` leads to the row with `term_ids` and `group_ids` ("current__").
    """

    def __init__(self, *, path="", **options):
        super().__init__(**options)
        self.path = path

    def condition(self, values, found):
        keys = [term.pk for term in found.terms if term.code in values]
        return Q(**{f"{self.path}term_ids__overlap": keys}) | Q(
            **{f"{self.path}group_ids__overlap": keys}
        )

    def known(self, found):
        return {term.code for term in found.terms}

    def sets(self, found, by_key):
        """Without a term that was merged away, or is younger than what was read."""
        codes = {term.pk: term.code for term in found.terms}
        return {codes[key]: members for key, members in by_key.items() if key in codes}

    def options(self, found):
        shown = self.shown(found)
        return [
            (term.code, term.label, term.parent_id is None)
            for term in found.terms
            if term.code in shown
        ]


class FacetSet(django_filters.FilterSet):
    """The filters of a directory. Takes `found`; its values are known ones (finding.py)."""

    def __init__(self, data, queryset, *, found):
        self.found = found
        super().__init__(data, queryset)
        # Only known values come here, and a form with all 500 of them costs more than the query
        for name, facet in self.filters.items():
            facet.extra["choices"] = [(value, value) for value in data.getlist(name)]

    @classmethod
    def offered(cls, found) -> dict[str, Facet]:
        """The filters that this person is offered, by name."""
        for name, facet in cls.base_filters.items():
            facet.name = name
        return dict(cls.base_filters)


@lru_cache(maxsize=1000)
def _country_name(code: str, language: str) -> str:
    return str(countries.name(code))


def country_name(code: str | None) -> str:
    """A country's name in the reader's language; empty without a country."""
    return _country_name(code, get_language() or "en") if code else ""
