"""The filters of the experts' directory that are its own: what experts can do, when, how fresh."""

from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from experts.models import Expert, Freshness
from experts.models.policy import Limits
from partners.directory.facets import (
    CountryFacet,
    Facet,
    FacetSet,
    LanguageFacet,
    RegionFacet,
    TermFacet,
)

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


class AbilityFacet(Facet):
    def condition(self, values, found):
        return reduce(or_, (Q(**{name: True}) for name in values))


class AvailableFacet(Facet):
    """Neither paused nor outside the days that the expert gave."""

    def condition(self, values, found):
        today = found.now.date()
        return (
            (Q(paused_until=None) | Q(paused_until__lte=today))
            & (Q(available_from=None) | Q(available_from__lte=today))
            & (Q(available_until=None) | Q(available_until__gte=today))
        )

    def sets(self, found, by_key):
        return {"now": found.index.available_on(found.now.date())}


class FreshnessFacet(Facet):
    """Without a value: all but the lapsed, who are one filter away."""

    def default(self, found):
        return default_freshness(found.limits)

    def condition(self, values, found):
        limits = found.limits
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
        return reduce(or_, (spans[Freshness(value)] for value in values))

    def sets(self, found, by_key):
        index, limits = found.index, found.limits
        ever = index.after(None)
        since_stale, since_due, since_fresh = (
            index.after(moment)
            for moment in (limits.stale_since, limits.due_since, limits.fresh_since)
        )
        return {
            Freshness.FRESH: since_fresh,
            Freshness.DUE: since_due & ~since_fresh,
            Freshness.STALE: since_stale & ~since_due,
            Freshness.LAPSED: ever & ~since_stale,
            Freshness.NEVER: index.everybody & ~ever,
        }


class ExpertFilter(FacetSet):
    region = RegionFacet(label=_("Region"), starts_open=True)
    term = TermFacet(label=_("Expertise"), starts_open=True)
    language = LanguageFacet(label=_("Language"), field_name="languages")
    country = CountryFacet(label=_("Country"), field_name="country_id")
    can = AbilityFacet(label=_("Can do"), choices=ABILITIES)
    available = AvailableFacet(label=_("Available"), choices=[("now", _("Now"))], says_name=True)
    fresh = FreshnessFacet(label=_("Profile confirmed"), choices=FRESHNESS_LABELS, says_name=True)

    class Meta:
        model = Expert
        fields = []


def default_freshness(limits: Limits) -> list[Freshness]:
    """The states that are shown when nobody chose: all but lapsed."""
    states = [Freshness.FRESH, Freshness.DUE, Freshness.STALE]
    return states if limits.never_is_lapsed else [*states, Freshness.NEVER]
