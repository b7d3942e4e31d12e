"""Filters of the register of needs."""

import django_filters as filters
from django.utils.translation import gettext_lazy

from advice.models import Need, NeedTerm
from partners.directory.words import MAX_LENGTH
from partners.filters import NamingFilter, counted
from partners.models import Country, Region, Term


def _vocabulary():
    return Term.objects.defer("words", "description")


class NeedFilter(NamingFilter):
    """Values within a filter are OR, filters are AND; an unknown value is ignored and named."""

    q = filters.CharFilter(label=gettext_lazy("Words"), method="search", max_length=MAX_LENGTH)
    status = filters.MultipleChoiceFilter(
        label=gettext_lazy("Status"),
        choices=[(one.value, one.label) for one in Need.PUBLIC],
        distinct=False,
    )
    region = filters.MultipleChoiceFilter(
        label=gettext_lazy("Region"), choices=Region.choices, distinct=False
    )
    country = filters.ModelChoiceFilter(
        label=gettext_lazy("Country"),
        queryset=lambda request: Country.objects.filter(
            needs__in=Need.objects.published()
        ).distinct(),
        empty_label=gettext_lazy("All countries"),
    )
    term = filters.MultipleChoiceFilter(
        label=gettext_lazy("Expertise"),
        choices=lambda: [(term.code, term.label) for term in _vocabulary()],
        method="asking_for",
    )
    year = filters.ChoiceFilter(
        label=gettext_lazy("Year"),
        choices=lambda: [
            (year, year)
            for year in Need.objects.published()
            .exclude(year=None)
            .order_by("-year")
            .values_list("year", flat=True)
            .distinct()
        ],
        empty_label=gettext_lazy("All years"),
    )

    class Meta:
        model = Need
        fields = []

    def search(self, needs, name, words):
        return needs.matching(words)

    def asking_for(self, needs, name, codes):
        keys = Term.objects.filter(code__in=codes).values_list("pk", flat=True)
        return needs.asking_for(list(keys)) if codes else needs

    def facets(self) -> list[dict]:
        """As parts/facet.html takes them, counted with the other filters kept."""
        terms = NeedTerm.objects.filter(need__in=self.without("term").order_by().values("pk"))
        counts = {name: counted(self.without(name), name) for name in ("status", "region")}
        return [
            *(self.facet(name, found) for name, found in counts.items()),
            self.facet("term", counted(terms, "term__code"), opened=False, only_found=True),
        ]
