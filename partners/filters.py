"""Filters with the numbers beside their values, for lists of all apps; that of partners."""

import django_filters as filters
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.models import Country, Organisation, Region


class NamingFilter(filters.FilterSet):
    """A filter of which unknown values are ignored and named."""

    def unknown(self) -> list[str]:
        """Sentences about values that mean nothing here; the filters of these are not used."""
        return [
            _("%(filter)s: “%(value)s” is not known.")
            % {
                "filter": self.filters[name].label,
                "value": str((error.params or {}).get("value", self.data.get(name, "")))[:60],
            }
            for name, errors in self.form.errors.as_data().items()
            for error in errors
        ]

    def without(self, name: str) -> QuerySet:
        """What all filters but this one leave."""
        found = self.queryset.all()
        for other, value in self.form.cleaned_data.items():
            if other != name:
                found = self.filters[other].filter(found, value)
        return found

    def facet(
        self, name: str, counts: dict[str, int], opened: bool = True, only_found: bool = False
    ) -> dict:
        """As parts/facet.html takes it; `counts`: value → number, with the other filters kept.

        `only_found` leaves out values without a result.
        """
        chosen = self.form.cleaned_data.get(name, [])
        return {
            "name": name,
            "label": self.filters[name].label,
            "open": opened or bool(chosen),
            "options": [
                {
                    "value": value,
                    "label": label,
                    "count": counts.get(value, 0),
                    "checked": value in chosen,
                }
                for value, label in self.form.fields[name].choices
                if not only_found or value in counts or value in chosen
            ],
        }


def counted(things: QuerySet, column: str) -> dict[str, int]:
    """Value of the column → number of rows."""
    return dict(things.order_by().values_list(column).annotate(Count("pk", distinct=True)))


class PartnerFilter(NamingFilter):
    """Values within a filter are OR, filters are AND; an unknown value is ignored and named."""

    q = filters.CharFilter(label=gettext_lazy("Name or acronym"), method="search", max_length=200)
    kind = filters.MultipleChoiceFilter(
        label=gettext_lazy("Kind"), choices=Organisation.Kind.choices, distinct=False
    )
    region = filters.MultipleChoiceFilter(
        label=gettext_lazy("Region"),
        choices=Region.choices,
        field_name="country__region",
        distinct=False,
    )
    country = filters.ModelChoiceFilter(
        label=gettext_lazy("Country"),
        queryset=lambda request: Country.objects.filter(
            organisations__in=Organisation.objects.partners()
        ).distinct(),
        empty_label=gettext_lazy("All countries"),
    )

    def search(self, organisations, name, words):
        return organisations.matching(words)

    def facets(self) -> list[dict]:
        """Kind and region as parts/facet.html takes them, counted with the other filters kept."""
        columns = {"kind": "kind", "region": "country__region"}
        return [
            self.facet(name, counted(self.without(name), column))
            for name, column in columns.items()
        ]
