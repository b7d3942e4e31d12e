"""Filters of the list of meetings."""

import django_filters as filters
from django.db.models import Count
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext_lazy

from meetings.models import Meeting, Series
from partners.directory.words import MAX_LENGTH
from partners.filters import NamingFilter


class MeetingFilter(NamingFilter):
    """Values within a filter are OR, filters are AND; an unknown value is ignored and named."""

    q = filters.CharFilter(label=gettext_lazy("Words"), method="search", max_length=MAX_LENGTH)
    kind = filters.MultipleChoiceFilter(
        label=gettext_lazy("Kind"), choices=Meeting.Kind.choices, distinct=False
    )
    series = filters.ModelChoiceFilter(
        label=gettext_lazy("Series"),
        queryset=lambda request: Series.objects.all(),
        to_field_name="slug",
        empty_label=gettext_lazy("All series"),
    )
    year = filters.ChoiceFilter(
        label=gettext_lazy("Year"),
        field_name="starts_on__year",
        choices=lambda: [
            (year, year)
            for year in Meeting.objects.announced()
            .annotate(held_in=ExtractYear("starts_on"))
            .order_by("-held_in")
            .values_list("held_in", flat=True)
            .distinct()
        ],
        empty_label=gettext_lazy("All years"),
    )

    class Meta:
        model = Meeting
        fields = []

    def search(self, meetings, name, words):
        return meetings.matching(words)

    def kinds(self) -> dict:
        """The kinds as parts/facet.html takes them, counted with the other filters kept."""
        others = self.queryset.all()
        for other, value in self.form.cleaned_data.items():
            if other != "kind":
                others = self.filters[other].filter(others, value)
        counts = dict(others.order_by().values_list("kind").annotate(Count("pk")))
        chosen = self.form.cleaned_data.get("kind", [])
        return {
            "name": "kind",
            "label": self.filters["kind"].label,
            "open": True,
            "options": [
                {
                    "value": value,
                    "label": label,
                    "count": counts.get(value, 0),
                    "checked": value in chosen,
                }
                for value, label in Meeting.Kind.choices
                if value in counts or value in chosen
            ],
        }
