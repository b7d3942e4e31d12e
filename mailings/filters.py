"""Filters of the archive of announcements."""

from datetime import date

import django_filters as filters
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy

from mailings.models import Announcement, AnnouncementTopic
from partners.directory.words import MAX_LENGTH
from partners.filters import NamingFilter, counted
from partners.models import Country


class AnnouncementFilter(NamingFilter):
    """Filters are AND; an unknown value is ignored and named.

    Years and countries to choose from are those of the announcements that were handed over: a list
    must not tell of one that the reader may not see.
    """

    OPEN, PAST = "open", "past"

    q = filters.CharFilter(label=gettext_lazy("Search"), method="search", max_length=MAX_LENGTH)
    topic = filters.ModelChoiceFilter(
        label=gettext_lazy("Topic"),
        queryset=AnnouncementTopic.objects.all(),
        to_field_name="code",
    )
    time = filters.ChoiceFilter(
        label=gettext_lazy("Open or past"),
        choices=[(OPEN, gettext_lazy("Open")), (PAST, gettext_lazy("Past"))],
        method="by_time",
    )
    year = filters.ChoiceFilter(
        label=gettext_lazy("Year"),
        field_name="published_at__year",
        choices=[],
        empty_label=gettext_lazy("All years"),
    )
    country = filters.ModelChoiceFilter(
        label=gettext_lazy("Country"),
        field_name="countries",
        queryset=Country.objects.none(),
        empty_label=gettext_lazy("All countries"),
    )
    author = filters.CharFilter(
        label=gettext_lazy("Organisation"), method="written_by", max_length=MAX_LENGTH
    )

    class Meta:
        model = Announcement
        fields = []

    def __init__(self, data, announcements, *, today: date, with_names: bool):
        """`with_names`: the reader sees who wrote, and may look for people."""
        self.today, self.with_names = today, with_names
        super().__init__(data, announcements)
        if with_names:
            self.filters["author"].label = gettext_lazy("Author or organisation")
        keys = announcements.order_by().values("countries")
        years = announcements.order_by().values_list("published_at__year", flat=True).distinct()
        self.filters["country"].queryset = Country.objects.filter(pk__in=keys)
        self.filters["year"].extra["choices"] = [
            (str(year), str(year)) for year in sorted(years, reverse=True)
        ]

    def search(self, announcements, name, words):
        return announcements.matching(words)

    def by_time(self, announcements, name, value):
        if value == self.PAST:
            return announcements.past_on(self.today)
        return announcements.open_on(self.today)

    def written_by(self, announcements, name, words):
        for word in words.split():
            said = Q(organisation__name__unaccent__icontains=word)
            said |= Q(organisation__acronym__unaccent__icontains=word)
            if self.with_names:
                said |= Q(author__name__unaccent__icontains=word)
            announcements = announcements.filter(said)
        return announcements

    def by_topic(self) -> list[tuple[AnnouncementTopic, int]]:
        """Each topic with its number, the other filters kept; closed ones while they have any."""
        numbers = counted(self.without("topic"), "topic")
        return [
            (topic, numbers.get(topic.pk, 0))
            for topic in self.filters["topic"].queryset
            if topic.is_open or topic.pk in numbers
        ]

    def numbers(self) -> dict[str, int]:
        """How many are `open` and `past`, and `all` of them, the other filters kept."""
        past = Q(last_day__lt=self.today)
        found = self.without("time").aggregate(all=Count("pk"), past=Count("pk", filter=past))
        return found | {"open": found["all"] - found["past"]}
