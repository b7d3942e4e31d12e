"""Filters of the list of partners."""

import django_filters as filters
from django.db.models import Count
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
        return [self._facet("kind", "kind"), self._facet("region", "country__region")]

    def _facet(self, name: str, column: str) -> dict:
        others = self.queryset.all()
        for other, value in self.form.cleaned_data.items():
            if other != name:
                others = self.filters[other].filter(others, value)
        counts = dict(others.order_by().values_list(column).annotate(Count("pk")))
        chosen = self.form.cleaned_data.get(name, [])
        return {
            "name": name,
            "label": self.filters[name].label,
            "open": True,
            "options": [
                {
                    "value": value,
                    "label": label,
                    "count": counts.get(value, 0),
                    "checked": value in chosen,
                }
                for value, label in self.filters[name].extra["choices"]
            ],
        }
