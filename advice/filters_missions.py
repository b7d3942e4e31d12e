"""Filters of the list of missions."""

import django_filters as filters
from django.utils.translation import gettext_lazy

from advice.models import Mission
from partners.filters import NamingFilter
from partners.models import Country, Region

PUBLISHED = [choice for choice in Mission.Status.choices if choice[0] != Mission.Status.DRAFT]


def _years() -> list[tuple[int, str]]:
    years = Mission.objects.published().exclude(year=None).order_by("-year")
    return [(year, str(year)) for year in years.values_list("year", flat=True).distinct()]


class MissionFilter(NamingFilter):
    """Filters are AND; an unknown value is ignored and named."""

    q = filters.CharFilter(label=gettext_lazy("Words"), method="search", max_length=200)
    status = filters.ChoiceFilter(
        label=gettext_lazy("Status"), choices=PUBLISHED, empty_label=gettext_lazy("Any status")
    )
    region = filters.ChoiceFilter(
        label=gettext_lazy("Region"),
        choices=Region.choices,
        field_name="country__region",
        empty_label=gettext_lazy("All regions"),
    )
    country = filters.ModelChoiceFilter(
        label=gettext_lazy("Country"),
        queryset=lambda request: Country.objects.filter(
            missions__in=Mission.objects.published()
        ).distinct(),
        empty_label=gettext_lazy("All countries"),
    )
    year = filters.ChoiceFilter(
        label=gettext_lazy("Year"), choices=_years, empty_label=gettext_lazy("All years")
    )

    def search(self, missions, name, words):
        return missions.matching(words)
