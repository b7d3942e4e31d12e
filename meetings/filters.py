"""Filters of the list of meetings, and of the decisions and actions of all meetings."""

from datetime import date

import django_filters as filters
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy

from meetings.models import Meeting, Outcome, Series
from partners.directory.words import MAX_LENGTH
from partners.filters import NamingFilter, counted

Status = Outcome.Status


class MeetingFilter(NamingFilter):
    """Values within a filter are OR, filters are AND; an unknown value is ignored and named."""

    q = filters.CharFilter(label=gettext_lazy("Search"), method="search", max_length=MAX_LENGTH)
    kind = filters.MultipleChoiceFilter(
        label=gettext_lazy("Kind"), choices=Meeting.Kind.choices, distinct=False
    )
    series = filters.ModelChoiceFilter(
        label=gettext_lazy("Series"),
        queryset=Series.objects.none(),
        to_field_name="slug",
        empty_label=gettext_lazy("All series"),
    )
    year = filters.ChoiceFilter(
        label=gettext_lazy("Year"),
        field_name="starts_on__year",
        choices=[],
        empty_label=gettext_lazy("All years"),
    )

    class Meta:
        model = Meeting
        fields = []

    def __init__(self, data, meetings):
        """Series and years to choose from are those of the meetings that were handed over."""
        super().__init__(data, meetings)
        keys = meetings.order_by().values("series")
        years = meetings.order_by().values_list("starts_on__year", flat=True).distinct()
        self.filters["series"].queryset = Series.objects.filter(pk__in=keys)
        self.filters["year"].extra["choices"] = [
            (str(year), str(year)) for year in sorted(years, reverse=True)
        ]

    def search(self, meetings, name, words):
        return meetings.matching(words)

    def kinds(self) -> dict:
        """The kinds as parts/facet.html takes them, counted with the other filters kept."""
        return self.facet("kind", counted(self.without("kind"), "kind"), only_found=True)


class OutcomeFilter(NamingFilter):
    """Values within a filter are OR, filters are AND; an unknown value is ignored and named.

    Meetings, series and years to choose from are those of the outcomes that were handed over: a
    list must not tell of a meeting that the reader may not see.
    """

    STATUSES = (
        ("open", gettext_lazy("Open")),
        ("late", gettext_lazy("Late")),
        ("done", Status.DONE.label),
        ("dropped", Status.DROPPED.label),
    )

    q = filters.CharFilter(label=gettext_lazy("Search"), method="search", max_length=MAX_LENGTH)
    kind = filters.MultipleChoiceFilter(
        label=gettext_lazy("Kind"), choices=Outcome.Kind.choices, distinct=False
    )
    status = filters.MultipleChoiceFilter(
        label=gettext_lazy("Status of actions"), choices=STATUSES, method="standing"
    )
    owner = filters.CharFilter(
        label=gettext_lazy("Owner or organisation"), method="owned", max_length=MAX_LENGTH
    )
    series = filters.ModelChoiceFilter(
        label=gettext_lazy("Series"),
        queryset=Series.objects.none(),
        to_field_name="slug",
        field_name="meeting__series",
        empty_label=gettext_lazy("All series"),
    )
    meeting = filters.ModelChoiceFilter(
        label=gettext_lazy("Meeting"),
        queryset=Meeting.objects.none(),
        to_field_name="code",
        empty_label=gettext_lazy("All meetings"),
    )
    year = filters.ChoiceFilter(
        label=gettext_lazy("Year"),
        field_name="meeting__starts_on__year",
        choices=[],
        empty_label=gettext_lazy("All years"),
    )

    class Meta:
        model = Outcome
        fields = []

    def __init__(self, data, outcomes, *, today: date, with_names: bool):
        """`with_names`: the reader sees who owns an action, and may look for people."""
        self.today, self.with_names = today, with_names
        super().__init__(data, outcomes)
        meetings = Meeting.objects.filter(pk__in=outcomes.order_by().values("meeting"))
        series = Series.objects.filter(pk__in=meetings.order_by().values("series"))
        years = meetings.order_by().values_list("starts_on__year", flat=True).distinct()
        self.filters["meeting"].queryset = meetings
        self.filters["series"].queryset = series
        self.filters["year"].extra["choices"] = [
            (str(year), str(year)) for year in sorted(years, reverse=True)
        ]

    def search(self, outcomes, name, words):
        for word in words.split():
            outcomes = outcomes.filter(
                Q(text__unaccent__icontains=word) | Q(evidence__unaccent__icontains=word)
            )
        return outcomes

    def owned(self, outcomes, name, words):
        for word in words.split():
            said = Q(owner_name__unaccent__icontains=word)
            said |= Q(organisation__name__unaccent__icontains=word)
            said |= Q(organisation__acronym__unaccent__icontains=word)
            if self.with_names:
                said |= Q(owner__name__unaccent__icontains=word)
            outcomes = outcomes.filter(said)
        return outcomes

    def standing(self, outcomes, name, values):
        if not values:
            return outcomes
        chosen = Q()
        for value in values:
            chosen |= self._standing(value)
        return outcomes.filter(chosen)

    def _standing(self, value: str) -> Q:
        going_on = Q(status__in=Outcome.GOING_ON)
        if value == "open":
            return going_on
        if value == "late":
            return going_on & Q(due_on__lt=self.today)
        return Q(status=value)

    def facets(self) -> list[dict]:
        """As parts/facet.html takes them, counted with the other filters kept."""
        stands = (
            self.without("status")
            .order_by()
            .aggregate(
                **{
                    value: Count("pk", filter=self._standing(value), distinct=True)
                    for value, _label in self.STATUSES
                }
            )
        )
        kinds = counted(self.without("kind"), "kind")
        return [self.facet("status", stands), self.facet("kind", kinds)]
