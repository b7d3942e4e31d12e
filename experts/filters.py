"""The filters of the directory: values within one are OR, filters among each other AND."""

from dataclasses import dataclass
from datetime import datetime

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from experts.models import Expert, Freshness
from experts.models.policy import Limits
from partners import languages
from partners.models import Region, Term
from partners.models.countries import region_of


@dataclass(frozen=True)
class Context:
    """What the conditions need to know, read once for each request."""

    now: datetime
    limits: Limits
    terms: list[Term]

    def term_ids(self, codes: list[str]) -> list[int]:
        """Keys of the terms and groups with these codes."""
        return [term.pk for term in self.terms if term.code in codes]


class Facet(django_filters.MultipleChoiceFilter):
    """A filter whose values carry the number of results; `condition` is what they ask for."""

    def condition(self, values: list[str]) -> Q:
        return Q(**{f"{self.field_name}__in": values})

    def filter(self, experts, values):
        return experts.filter(self.condition(values)) if values else experts


class TermFacet(Facet):
    """A group stands for itself and every term in it."""

    def condition(self, values):
        keys = self.parent.context.term_ids(values)
        return Q(term_ids__overlap=keys) | Q(group_ids__overlap=keys)


class LanguageFacet(Facet):
    def condition(self, values):
        return Q(languages__overlap=values)


class AbilityFacet(Facet):
    def condition(self, values):
        wanted = Q()
        for name in values:
            wanted |= Q(**{name: True})
        return wanted


class AvailableFacet(Facet):
    """Neither paused nor outside the days that the expert gave."""

    def condition(self, values):
        today = self.parent.context.now.date()
        return (
            (Q(paused_until=None) | Q(paused_until__lte=today))
            & (Q(available_from=None) | Q(available_from__lte=today))
            & (Q(available_until=None) | Q(available_until__gte=today))
        )


class FreshnessFacet(Facet):
    """Without a value: all but the lapsed, who are one filter away."""

    def condition(self, values):
        limits = self.parent.context.limits
        spans = {
            Freshness.FRESH: Q(confirmed_at__gt=limits.fresh_since),
            Freshness.DUE: Q(
                confirmed_at__lte=limits.fresh_since, confirmed_at__gt=limits.due_since
            ),
            Freshness.STALE: Q(
                confirmed_at__lte=limits.due_since, confirmed_at__gt=limits.stale_since
            ),
            Freshness.LAPSED: Q(confirmed_at__lte=limits.stale_since),
            Freshness.NEVER: Q(confirmed_at=None),
        }
        wanted = Q()
        for value in values or default_freshness(limits):
            wanted |= spans[Freshness(value)]
        return wanted

    def filter(self, experts, values):
        return experts.filter(self.condition(values))


ABILITIES = (
    ("remote_advice", _("Remote advice")),
    ("missions", _("Missions")),
    ("training", _("Training")),
)
FRESHNESS_LABELS = (
    (Freshness.FRESH, _("Within 12 months")),
    (Freshness.DUE, _("Due")),
    (Freshness.STALE, _("Stale")),
    (Freshness.NEVER, _("Never confirmed")),
    (Freshness.LAPSED, _("Lapsed (hidden at first)")),
)


class ExpertFilter(django_filters.FilterSet):
    """Takes `context`; unknown values were taken out before (experts/directory.py)."""

    region = Facet(label=_("Region"))
    term = TermFacet(label=_("Expertise"), field_name="term_ids")
    language = LanguageFacet(label=_("Language"), field_name="languages")
    country = Facet(label=_("Country"), field_name="country_id")
    can = AbilityFacet(label=_("Can do"))
    available = AvailableFacet(label=_("Available"))
    fresh = FreshnessFacet(label=_("Profile confirmed"))

    class Meta:
        model = Expert
        fields = []

    def __init__(self, data, queryset, *, context: Context):
        self.context = context
        super().__init__(data, queryset)
        # Only known values come here, and a form with all 500 of them costs more than the query
        for name, facet in self.filters.items():
            facet.extra["choices"] = [(value, value) for value in data.getlist(name)]


def default_freshness(limits: Limits) -> list[Freshness]:
    """The states that are shown when nobody chose: all but lapsed."""
    states = [Freshness.FRESH, Freshness.DUE, Freshness.STALE]
    return states if limits.never_is_lapsed else [*states, Freshness.NEVER]


def known_values(context: Context) -> dict[str, set[str]]:
    """The values that each filter knows, by filter."""
    return {
        "region": set(Region.values),
        "term": {term.code for term in context.terms},
        "language": set(languages.names("en")),
        "country": set(region_of()),
        "can": {value for value, label in ABILITIES},
        "available": {"now"},
        "fresh": set(Freshness.values),
    }
