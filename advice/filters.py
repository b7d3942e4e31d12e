"""Filters of the register of needs."""

import django_filters as filters
from django.db.models import Count
from django.utils.translation import gettext_lazy

from advice.models import Need, NeedTerm
from partners.directory.words import MAX_LENGTH
from partners.filters import NamingFilter
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
        terms = NeedTerm.objects.filter(need__in=self._others("term").order_by().values("pk"))
        return [
            self._facet("status", self._others("status").values_list("status"), opened=True),
            self._facet("region", self._others("region").values_list("region"), opened=True),
            self._facet("term", terms.values_list("term__code"), only_found=True),
        ]

    def _others(self, name: str):
        """What all filters but this one leave."""
        others = self.queryset.all()
        for other, value in self.form.cleaned_data.items():
            if other != name:
                others = self.filters[other].filter(others, value)
        return others

    def _facet(self, name: str, values, opened=False, only_found=False) -> dict:
        """`values` are rows of one column; `only_found` leaves out values without a result."""
        counts = dict(values.order_by().annotate(Count("pk")))
        chosen = self.form.cleaned_data.get(name, [])
        options = [
            {
                "value": value,
                "label": label,
                "count": counts.get(value, 0),
                "checked": value in chosen,
            }
            for value, label in self.form.fields[name].choices
            if not only_found or value in counts or value in chosen
        ]
        return {
            "name": name,
            "label": self.filters[name].label,
            "open": opened or bool(chosen),
            "options": options,
        }
