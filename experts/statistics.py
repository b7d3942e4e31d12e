"""Figures about the list, for the home page, the map and the Lead. Each is counted now."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from experts.models import Confirmation, Expert, ExpertTerm, Policy, Round
from experts.models.policy import Limits
from experts.reminders import TOPIC
from mailings.models import OutgoingMail, Reminder
from partners.models import Decision, Region, Term

#: How many profiles the Lead brought up to date by hand before the portal: the whole list.
BY_HAND_BEFORE = 40

YEAR = relativedelta(months=12)


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


def last_confirmed(number: int):
    """The profiles that their experts confirmed last, newest first."""
    return (
        Expert.objects.listed()
        .filter(confirmed_at__isnull=False)
        .select_related("organisation", "country")
        .defer("search", "experience")
        .order_by(F("confirmed_at").desc(), "pk")[:number]
    )


# How the list keeps itself fresh, for the Lead's page


class Median(Aggregate):
    """The value in the middle; of two in the middle the smaller."""

    function = "percentile_disc"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DateTimeField()


def median_confirmation() -> datetime | None:
    """When the profiles on the list were confirmed, in the middle; None where none was."""
    return Expert.objects.listed().aggregate(middle=Median("confirmed_at"))["middle"]


@dataclass(frozen=True)
class Answers:
    """How many experts confirmed from one moment on, by what came before."""

    steps: dict[int, int]  # number of the reminder, from 0, and of the notice
    by_hand: int  # after the Lead had written again
    unasked: int  # by themselves


def cycle_of_list(now: datetime) -> tuple[datetime, Round | None]:
    """From when on "this cycle" counts: the last round, or 12 months where that is longer ago."""
    last = rounds_between(now - YEAR, now).order_by("-opened_at").first()
    return (last.opened_at, last) if last else (now - YEAR, None)


def answers(since: datetime) -> Answers:
    """Experts who confirmed after this moment, each once for each way."""
    rows = (
        Confirmation.objects.filter(at__gt=since)
        .order_by()
        .values_list(IsNull(F("reminder"), True), "reminder__step")
        .annotate(number=Count("expert", distinct=True))
    )
    found = {(unasked, step): number for unasked, step, number in rows}
    return Answers(
        steps={step: number for (_unasked, step), number in found.items() if step is not None},
        by_hand=found.get((False, None), 0),
        unasked=found.get((True, None), 0),
    )


def answered(experts: QuerySet[Expert], way: str, now: datetime) -> QuerySet[Expert]:
    """Those of these experts whom `answers` counts in this cycle; `way` is a step, hand or self.

    With "outside" those whom `outside_requests` counts in 12 months.
    """
    since = now - YEAR if way == "outside" else cycle_of_list(now)[0]
    said = Confirmation.objects.filter(expert=OuterRef("pk"), at__gt=since)
    if way == "outside":
        said = said.filter(outside_requests__isnull=False)
    elif way == "self":
        said = said.filter(reminder=None)
    elif way == "hand":
        said = said.filter(reminder__isnull=False, reminder__step=None)
    else:
        said = said.filter(reminder__step=int(way))
    return experts.filter(Exists(said))


def reminded(since: datetime) -> dict[int, int]:
    """Step → how many experts were written to after this moment."""
    rows = (
        Reminder.objects.filter(topic=TOPIC, step__isnull=False, at__gt=since)
        .exclude(mail__state__in=[OutgoingMail.State.SKIPPED, OutgoingMail.State.FAILED])
        .order_by()
        .values_list("step")
        .annotate(number=Count("object_id", distinct=True))
    )
    return dict(rows)


def outside_requests(since: datetime, until: datetime | None = None) -> dict[str, int]:
    """Requests for advice outside the portal, as experts said when they confirmed after `since`
    (and before `until`): `number`, and how many `experts` said one.
    """
    said = Confirmation.objects.filter(at__gt=since, outside_requests__isnull=False)
    if until:
        said = said.filter(at__lt=until)
    return said.aggregate(
        number=Sum("outside_requests", default=0), experts=Count("expert", distinct=True)
    )


def lead_actions(since: datetime) -> int:
    """What Leads decided about the list and its mail after this moment."""
    return Decision.objects.filter(
        at__gt=since, actor__isnull=False, content_type__app_label__in=["experts", "mailings"]
    ).count()


def months_back(now: datetime, number: int) -> list[datetime]:
    """The ends of the last months (the first moment of the next, UTC), ascending, then `now`."""
    first = datetime(now.year, now.month, 1, tzinfo=UTC)
    ends = [first - relativedelta(months=back) for back in range(number)]
    return [*reversed(ends), *([now] if now > first else [])]


#: A confirmation makes a profile fresh at some of the moments: from the first after it to the last
#: before the next confirmation or the end of its span. `since` are the moments less the span.
_FRESH = """
WITH listed AS (
    SELECT id, confirmed_at, width_bucket(approved_at - interval '1 microsecond', %(moments)s)
        AS there FROM experts_expert WHERE status = 'listed'
), said AS (
    SELECT l.id, there, at FROM listed l JOIN experts_confirmation c ON c.expert_id = l.id
        WHERE at > %(earliest)s AND at <= confirmed_at
    UNION SELECT id, there, confirmed_at FROM listed WHERE confirmed_at > %(earliest)s
), spans AS (
    SELECT greatest(there, width_bucket(at - interval '1 microsecond', %(moments)s)) AS first,
        least(width_bucket(at - interval '1 microsecond', %(since)s), width_bucket(
            lead(at) OVER (PARTITION BY id ORDER BY at) - interval '1 microsecond', %(moments)s
        )) AS last
    FROM said
)
SELECT true, first, last, count(*) FROM spans WHERE first < last GROUP BY 2, 3
UNION ALL SELECT false, there, NULL, count(*) FROM listed GROUP BY 2
"""


def fresh_over_time(moments: list[datetime]) -> list[tuple[datetime, int, int]]:
    """(moment, confirmed in time, on the list) for ascending moments, of the list as it is now.

    Who left the list since is in none of the numbers; the span is that of today's policy. One
    query, whatever the number of moments.
    """
    policy = Policy.current()
    since = [policy.limits(moment).fresh_since for moment in moments]
    change, joined = [0] * (len(moments) + 1), [0] * (len(moments) + 1)
    with connection.cursor() as cursor:
        cursor.execute(_FRESH, {"moments": moments, "since": since, "earliest": since[0]})
        for is_span, first, last, number in cursor:
            if is_span:
                change[first] += number
                change[last] -= number
            else:
                joined[first] += number
    return list(zip(moments, accumulate(change), accumulate(joined), strict=False))


def rounds_between(first: datetime, last: datetime) -> QuerySet[Round]:
    """Rounds that were opened in this time, but for the cancelled."""
    return Round.objects.in_force().filter(opened_at__gt=first, opened_at__lte=last)
