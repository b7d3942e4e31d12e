"""Figures about the list, for the home page and the map. Each is counted now, none is stored."""

from datetime import datetime

from django.db.models import CharField, Count, F, Func, Q
from django.db.models.functions import Coalesce

from experts.models import Expert, ExpertTerm, Policy
from experts.models.policy import Limits
from partners.models import Region, Term


def figures(now: datetime) -> dict:
    """What home shows: `regions` and `countries` as below, their sums, and `fresh_months`."""
    policy = Policy.current()
    limits = policy.limits(now)
    rows = (
        Expert.objects.listed()
        .order_by()
        .values_list("region", "country_id")
        .annotate(
            total=Count("pk"),
            confirmed=Count("pk", filter=Q(confirmed_at__gt=limits.fresh_since)),
            lapsed=Count("pk", filter=_lapsed(limits)),
        )
    )
    regions = {
        region.value: {
            "code": region.value,
            "name": region.label,
            "total": 0,
            "confirmed": 0,
            "shown": 0,
        }
        for region in Region
    }
    countries = {}
    for region, country, total, confirmed, lapsed in rows:
        regions[region]["total"] += total
        regions[region]["confirmed"] += confirmed
        regions[region]["shown"] += total - lapsed
        countries[country] = total
    return {
        "regions": list(regions.values()),
        "countries": countries,
        "total": sum(region["total"] for region in regions.values()),
        "confirmed": sum(region["confirmed"] for region in regions.values()),
        "shown": sum(region["shown"] for region in regions.values()),
        "fresh_months": policy.fresh_months,
    }


def _lapsed(limits: Limits) -> Q:
    lapsed = Q(confirmed_at__lte=limits.stale_since)
    return lapsed | Q(confirmed_at=None) if limits.never_is_lapsed else lapsed


def by_region(now: datetime) -> list[dict]:
    """The six regions in their order: code, name, and numbers of listed experts.

    `total`, `confirmed` (in time, "fresh"), `shown` (in the default results: all but the lapsed).
    """
    return figures(now)["regions"]


def by_country(now: datetime) -> dict[str, int]:
    """Listed experts by country code; countries without any are left out."""
    return figures(now)["countries"]


def by_group(now: datetime) -> list[dict]:
    """The groups of expertise and how many experts the directory shows for each; none without."""
    limits = Policy.current().limits(now)
    shown = Expert.objects.listed().not_lapsed(limits)
    counts = dict(
        ExpertTerm.objects.filter(expert__in=shown)
        .order_by()
        .values_list(Coalesce("term__parent_id", "term_id"))
        .annotate(number=Count("expert_id", distinct=True))
    )
    groups = Term.objects.filter(pk__in=counts)
    return [{"code": g.code, "label": g.label, "number": counts[g.pk]} for g in groups]


def languages() -> int:
    """How many languages the listed experts speak together."""
    spoken = Func(F("languages"), function="unnest", output_field=CharField())
    return Expert.objects.listed().order_by().values_list(spoken).distinct().count()


def last_confirmed(number: int):
    """The profiles that their experts confirmed last, newest first."""
    return (
        Expert.objects.listed()
        .filter(confirmed_at__isnull=False)
        .select_related("organisation", "country")
        .defer("search", "experience")
        .order_by(F("confirmed_at").desc(), "pk")[:number]
    )
