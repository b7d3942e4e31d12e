"""Figures on the use of the list: who is asked, who answers, what helps. Each is counted now.

A period is a pair of moments: from `since` on, and before `until`. Where a function takes
None, the time since the beginning is meant.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from django.db.models import (
    Count,
    DurationField,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncMonth

from advice.models import AdviceRequest, Choice, Outcome
from experts.models import Confirmation, Expert
from experts.statistics import Median
from partners.models import Region, Term

#: The survey of 2014: so many of the experts on the list had ever been asked for advice.
ASKED_THEN, LISTED_THEN = 5, 40

DAY = timedelta(days=1)
BEFORE_THE_PORTAL = date(2000, 1, 1)


class Period(NamedTuple):
    """From `since` on, and before `until`."""

    since: datetime
    until: datetime

    @classmethod
    def of_days(cls, first: date, last: date) -> "Period":
        """Both days whole, in UTC."""
        midnight = datetime.combine(last, time.min, UTC)
        return cls(datetime.combine(first, time.min, UTC), midnight + DAY)

    @classmethod
    def until_today(cls, now: datetime) -> "Period":
        """Since before there was a portal."""
        return cls.of_days(BEFORE_THE_PORTAL, now.date())

    @classmethod
    def of_12_months(cls, now: datetime) -> "Period":
        """Today and the 12 months before it."""
        today = now.date()
        return cls.of_days(today - relativedelta(months=12), today)


class Share(NamedTuple):
    """So many of so many."""

    part: int
    whole: int


class Days(Median):
    """The span in the middle; of two in the middle the shorter."""

    output_field = DurationField()


def _within(field: str, period: Period | None) -> Q:
    if period is None:
        return Q(**{f"{field}__isnull": False})
    return Q(**{f"{field}__gte": period.since, f"{field}__lt": period.until})


def _asked(period: Period | None) -> QuerySet[Choice]:
    """Experts who were asked for one place of a request, at a moment of the period."""
    return Choice.objects.filter(_within("asked_at", period)).order_by()


def _sent(period: Period | None) -> QuerySet[AdviceRequest]:
    return AdviceRequest.objects.sent().filter(_within("sent_at", period)).order_by()


# The list


def experts_asked(period: Period | None = None) -> Share:
    """Experts on the list today who were asked through the portal in the period at least once, of
    all who are on the list today.
    """
    asked = Exists(_asked(period).filter(expert=OuterRef("pk")))
    return Share(
        **Expert.objects.listed().aggregate(part=Count("pk", filter=asked), whole=Count("pk"))
    )


def experts_asked_anywhere() -> Share:
    """Experts on the list today who were ever asked through the portal, or who ever said that they
    were asked outside it when they confirmed the profile; of all who are on the list today.
    """
    said = Confirmation.objects.filter(expert=OuterRef("pk"), outside_requests__gt=0)
    asked = Q(Exists(_asked(None).filter(expert=OuterRef("pk")))) | Q(Exists(said))
    return Share(
        **Expert.objects.listed().aggregate(part=Count("pk", filter=asked), whole=Count("pk"))
    )


# Requests and answers


def requests_sent(period: Period | None = None) -> int:
    """Requests sent in the period, whatever became of them; drafts are none."""
    return _sent(period).count()


def median_to_first_answer(period: Period | None = None) -> timedelta | None:
    """Of requests sent in the period that got an answer: the time from sending to the first answer
    of an expert, be it no; the one in the middle. None where no request got an answer.
    """
    waits = (
        _sent(period)
        .annotate(wait=Min("places__choices__answered_at") - F("sent_at"))
        .filter(wait__isnull=False)
    )
    return waits.aggregate(middle=Days("wait"))["middle"]


def answered(period: Period | None = None) -> Share:
    """Of the experts who were asked in the period, each time counted: how many answered, yes or no.

    Somebody who was asked a short time ago and has not answered yet counts among the asked.
    """
    return Share(
        **_asked(period).aggregate(
            part=Count("pk", filter=Q(status__in=Choice.ANSWERED)), whole=Count("pk")
        )
    )


def useful(period: Period | None = None) -> Share:
    """Of the answers to 'did it happen, did it help' given in the period: how many say that it
    helped, wholly or in part. Each side of a request counts for itself; advice that did not happen
    did not help; 'not yet' says nothing so far and is left out.
    """
    said = Outcome.objects.filter(_within("at", period)).exclude(happened=Outcome.Happened.NOT_YET)
    helped = Q(helped__in=(Outcome.Helped.YES, Outcome.Helped.PARTLY))
    return Share(**said.aggregate(part=Count("pk", filter=helped), whole=Count("pk")))


class OfRegion(NamedTuple):
    """One region: requests from its countries, its experts who were asked, and all its experts."""

    code: str
    name: str
    requests: int
    asked: int
    listed: int


def by_region(period: Period | None = None) -> list[OfRegion]:
    """The six regions in their order: requests sent in the period by the region of the country that
    asked; experts on the list today, by their region, and those of them who were asked in the
    period at least once. Two queries.
    """
    requests = dict(_sent(period).values_list("country__region").annotate(number=Count("pk")))
    asked = Exists(_asked(period).filter(expert=OuterRef("pk")))
    experts = {
        region: (part, whole)
        for region, part, whole in Expert.objects.listed()
        .order_by()
        .values_list("region")
        .annotate(part=Count("pk", filter=asked), whole=Count("pk"))
    }
    return [
        OfRegion(
            region.value,
            str(region.label),
            requests.get(region.value, 0),
            *experts.get(region.value, (0, 0)),
        )
        for region in Region
    ]


def by_expertise(period: Period | None = None) -> list[tuple[Term, int]]:
    """Terms and how many requests sent in the period name them, the most wanted first. A request
    with several terms counts for each.
    """
    wanted = Q(advice_requests__in=_sent(period))
    terms = Term.objects.annotate(number=Count("advice_requests", filter=wanted, distinct=True))
    return [(term, term.number) for term in terms.filter(number__gt=0).order_by("-number", "pk")]


# What is open, for the Lead


#: From so many days on, before so many; None: without end.
AGES: tuple[tuple[int, int | None], ...] = ((0, 7), (7, 14), (14, 21), (21, 30), (30, None))


@dataclass(frozen=True)
class OfAge:
    """Open requests of an age: sent after `after`, and at `until` or before."""

    days: tuple[int, int | None]
    number: int
    until: datetime | None  # None: up to now
    after: datetime | None  # None: from the beginning


def open_by_age(now: datetime) -> list[OfAge]:
    """Requests that have not ended, by the time since they were sent: less than 7 days, 7 to 14, 14
    to 21, 21 to 30, 30 and more. Whole days of 24 hours; the later bound belongs to the next.
    """
    found = []
    counts = {}
    for first, last in AGES:
        until = now - timedelta(days=first) if first else None
        after = now - timedelta(days=last) if last else None
        age = Q(sent_at__lte=until) if until else Q()
        age &= Q(sent_at__gt=after) if after else Q()
        counts[f"from_{first}"] = Count("pk", filter=age)
        found.append((first, last, until, after))
    numbers = AdviceRequest.objects.open().order_by().aggregate(**counts)
    return [
        OfAge((first, last), numbers[f"from_{first}"], until, after)
        for first, last, until, after in found
    ]


def per_expert(period: Period | None = None) -> QuerySet[Expert]:
    """Experts on the list today who were asked in the period: `asked` and `said` (answered) times,
    and `last_at`, when for the last time; the most asked first.
    """
    mine = _within("choices__asked_at", period)
    return (
        Expert.objects.listed()
        .defer("search")
        .annotate(
            asked=Count("choices", filter=mine),
            said=Count("choices", filter=mine & Q(choices__status__in=Choice.ANSWERED)),
            last_at=Max("choices__asked_at", filter=mine),
        )
        .filter(asked__gt=0)
        .order_by("-asked", "sort_name", "pk")
    )


# Over time


class Month(NamedTuple):
    """The first day, requests sent in it, and experts ever asked until its end (or `until`)."""

    first: date
    requests: int
    asked: int


def by_month(period: Period, now: datetime) -> list[Month]:
    """Months (UTC) of the period, ascending, from the first in which something happened: requests
    sent in the period, and experts on the list today who had ever been asked at the month's end.

    Two queries, whatever the number of months; the month of now is the last.
    """
    sent = Counter(
        {
            month.date(): number
            for month, number in _sent(period)
            .values_list(TruncMonth("sent_at", tzinfo=UTC))
            .annotate(number=Count("pk"))
        }
    )
    until = min(period.until, now)
    asked = Counter(
        _month(first)
        for first in Expert.objects.listed()
        .order_by()
        .annotate(first=Min("choices__asked_at"))
        .filter(first__lt=until)
        .values_list("first", flat=True)
    )
    first = min([*sent, *asked], default=_month(until))
    months = []
    last = _month(until - timedelta(microseconds=1))
    while first <= last:
        months.append(first)
        first += relativedelta(months=1)
    so_far = accumulate(asked[month] for month in months)
    rows = [Month(month, sent[month], n) for month, n in zip(months, so_far, strict=True)]
    return [row for row in rows if row.first >= _month(period.since)]


def _month(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)
