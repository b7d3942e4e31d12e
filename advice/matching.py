"""Who can help: experts for a wish, best first, with the reasons in words.

Rough points for everybody with sets of bits (experts/listing_index.py, narrowing.py) narrow the
list to a hundred; these are then looked at one by one: their text, countries, record and load.
What each point is worth stands in WEIGHTS, and why in docs/decisions/0070.
"""

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from heapq import nsmallest
from operator import or_
from statistics import median

from django.contrib.postgres.search import SearchRank
from django.db.models import Aggregate, Count, DurationField, F, Max, Min, Q, Value
from django.db.models.functions import Coalesce

from advice import availability, terms_of_text
from advice.models import Choice
from advice.narrowing import Points
from advice.reasons import Facts, Record, against, why
from advice.wishes import ABILITIES, Wish, wish_of
from experts import listing_index
from experts.models import Expert, Freshness, Policy
from experts.models.policy import Limits
from partners.directory.index import Index
from partners.directory.words import MAX_LENGTH, Words
from partners.models import Term
from partners.models.countries import region_of

#: Points. A term is worth more than everything else that is good together, so that nobody without
#: the field comes before somebody with it for a language or a fresh date.
WEIGHTS = {
    "term": 60,  # the first term of the wish; each later one IN_ORDER of it
    "related": 12,  # another term of the same group, for those who have none of the terms
    "language": 12,
    "country": 8,  # lives or worked there
    "region": 5,  # lives there or worked in at least one of its countries
    "text": 8,  # at most, by how well the profile fits the words
    "ability": 6,  # each of remote advice, mission, training that is wanted and offered
    "fresh": 6,  # confirmed in time; half of it when due
    "record": 8,  # at most: answers every request, within days
    "not_asked": 6,  # in twelve months
    "asked": -8,  # each time asked in twelve months, in proportion to others
    "open": -5,  # each request on the desk
}
IN_ORDER = (1.0, 0.6, 0.45, 0.35, 0.3, 0.25)  # of the points of a term; later ones as the last
FAR_MORE = 6  # times of the usual; what is above counts by its logarithm
MOST_OPEN = 4
QUICK_DAYS, SLOW_DAYS = 3, 14  # a whole bonus, and none

__all__ = ["Proposal", "Wish", "not_shown", "propose", "wish_of"]

YEAR = timedelta(days=365)
PICKED = 3  # by a requester at most
LOOKED_AT = 120  # experts who are looked at one by one
ROUNDS = 3  # of so many, where most of them cannot be asked
SEARCHED_WORDS = 20  # of the text, in profiles


@dataclass(frozen=True)
class Proposal:
    """An expert with what speaks for and against, each a part of a sentence.

    `score` is in points of WEIGHTS; `open_requests` is what the expert has on the desk.
    """

    expert: Expert
    reasons: tuple[str, ...]
    but: tuple[str, ...]
    score: float
    open_requests: int


def propose(wish: Wish, now: datetime, limit: int = 10) -> list[Proposal]:
    """Experts who can be asked now and have one of the terms, or one of its group; best first.

    The first three cover the wish together. None for a wish without terms. Equal ones come in an
    order that depends on the wish.
    """
    if not wish.term_ids or limit < 1:
        return []
    index = listing_index.current()
    limits = Policy.current().limits(now)
    groups = _groups_of(wish)
    asked = _asked_within(now - YEAR)
    here = _current(index, limits) & index.available_on(now.date()) & ~index.of(wish.left_out)
    fitting = here & (_having(index, wish.term_ids) | _having(index, groups.values()))
    points = _rough_points(index, wish, groups, limits, index.of(asked))
    order = _order_for(wish)
    found: list[tuple[Expert, Facts, float]] = []
    for _round in range(ROUNDS):
        keys = _narrowed(index, points, fitting, max(LOOKED_AT, 2 * limit), order)
        if not keys:
            break
        found += _looked_at(wish, keys, groups, limits, now)
        if len(found) >= limit:
            break
        fitting &= ~index.of(keys)
    times = [facts.record.asked_lately for _expert, facts, _fit in found if facts.terms]
    usual = median(times) if times else 0
    ranked = sorted(
        (
            (-round(fit + _fairness(facts.record, usual), 3), facts.record.asked_lately, expert.pk)
            for expert, facts, fit in found
        ),
        key=lambda row: (row[0], row[1], order(row[2])),
    )
    by_key = {expert.pk: facts for expert, facts, _fit in found}
    ranked = _together(wish, ranked, by_key)[:limit]
    return _in_words(wish, ranked, by_key, now)


def not_shown(wish: Wish, now: datetime) -> dict[str, int]:
    """How many experts with one of the terms are left out, and why: "paused", "lapsed", "full",
    "declined". Each is counted once, under the first of lapsed, paused, full and declined.
    """
    counts = dict.fromkeys(("paused", "lapsed", "full", "declined"), 0)
    if not wish.term_ids:
        return counts
    index = listing_index.current()
    fitting = _having(index, wish.term_ids) & ~index.of(wish.left_out)
    here = fitting & _current(index, Policy.current().limits(now))
    counts["lapsed"] = (fitting & ~here).bit_count()
    there = here & index.available_on(now.date())
    counts["paused"] = (here & ~there).bit_count()
    listed = Expert.objects.listed().order_by()
    full = there & index.of(availability.at_their_cap(listed).values_list("pk", flat=True))
    counts["full"] = full.bit_count()
    said_no = index.of(availability.just_declined(listed, now).values_list("pk", flat=True))
    counts["declined"] = (there & ~full & said_no).bit_count()
    return counts


# Narrowing


def _groups_of(wish: Wish) -> dict[int, int]:
    """Term → its group, for the terms of the wish that are in one."""
    rows = Term.objects.filter(pk__in=wish.term_ids, parent__isnull=False)
    return dict(rows.values_list("pk", "parent"))


def _asked_within(since: datetime) -> list[int]:
    """Keys of the experts who were asked after this moment."""
    rows = Choice.objects.filter(asked_at__gt=since).order_by()
    return list(rows.values_list("expert", flat=True).distinct())


def _current(index: Index, limits: Limits) -> int:
    """As `Expert.objects.not_lapsed`."""
    found = index.after(limits.stale_since)
    if not limits.never_is_lapsed:
        found |= index.everybody & ~index.after(None)
    return found


def _having(index: Index, terms: Iterable[int]) -> int:
    """Those with at least one of these terms or groups."""
    sets = (index.sets.get(("term", key), 0) for key in terms)
    return reduce(or_, sets, 0) & index.everybody


def _rough_points(index: Index, wish: Wish, groups: dict, limits: Limits, asked: int) -> Points:
    """What the sets know of everybody's fit."""
    points = Points()
    for place, key in enumerate(wish.term_ids):
        points.add(_having(index, [key]), round(_worth_of_term(place)))
    without = ~_having(index, wish.term_ids)
    points.add(_having(index, groups.values()) & without, WEIGHTS["related"])
    speaking = (index.sets.get(("language", code), 0) for code in wish.languages)
    points.add(reduce(or_, speaking, 0), WEIGHTS["language"])
    points.add(index.sets.get(("country", wish.country), 0), WEIGHTS["country"])
    points.add(index.sets.get(("region", wish.region), 0), WEIGHTS["region"])
    for wanted, offered in ABILITIES:
        if getattr(wish, wanted):
            points.add(index.sets.get(("can", offered), 0), WEIGHTS["ability"])
    points.add(index.after(limits.due_since), WEIGHTS["fresh"] // 2)
    points.add(index.after(limits.fresh_since), WEIGHTS["fresh"] - WEIGHTS["fresh"] // 2)
    points.add(index.everybody & ~asked, WEIGHTS["not_asked"] - WEIGHTS["asked"])
    return points


def _worth_of_term(place: int) -> float:
    """Points of the term at this place (from 0) of a wish."""
    return WEIGHTS["term"] * IN_ORDER[min(place, len(IN_ORDER) - 1)]


def _narrowed(index: Index, points: Points, among: int, number: int, order: Callable) -> list[int]:
    """Keys of the best by rough points; among equal ones, the first of this wish's order."""
    sure, even = points.best(among, number)
    keys = index.keys_of(sure)
    if even:
        keys += nsmallest(number - len(keys), index.keys_of(even), key=order)
    return keys


def _order_for(wish: Wish) -> Callable[[int], int]:
    """A number for each expert, as if drawn by lot, the same whenever this wish comes again."""
    told = repr((wish.term_ids, wish.text, wish.country, wish.languages)).encode()
    seed = int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big") | 1
    mask = (1 << 64) - 1

    def order(key: int) -> int:
        mixed = (key + 1) * seed & mask
        mixed = (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9 & mask
        return mixed ^ mixed >> 32

    return order


# Looking at each


class _Middle(Aggregate):
    """The median of a duration."""

    function = "percentile_disc"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def _looked_at(
    wish: Wish, keys: list[int], groups: dict, limits: Limits, now: datetime
) -> list[tuple[Expert, Facts, float]]:
    """Those of these experts who can be asked, with what bears on the wish, and how well they fit
    (points without fairness).
    """
    words = " or ".join(terms_of_text.telling_words(wish.text, SEARCHED_WORDS))[:MAX_LENGTH]
    rank = Value(0.0)
    if words:
        # The terms were counted by themselves, and a name says nothing of what somebody can do
        rank = SearchRank(F("search"), Words(words), weights=[0.6, 1.0, 0.2, 0.0])
    experts = (
        availability.askable(Expert.objects.filter(pk__in=keys), now)
        .annotate(rank=Coalesce(rank, 0.0))
        .defer("search", "experience", "summary")
    )
    records = _records(keys, now)
    nothing = Record()
    found = []
    for expert in experts:
        facts = _facts(wish, expert, groups, records.get(expert.pk, nothing), limits, now)
        found.append((expert, facts, _fit(wish, facts, expert.rank)))
    return found


def _records(keys: list[int], now: datetime) -> dict[int, Record]:
    """By expert: what came of being asked, and what is on the desk."""
    answered = Q(answered_at__isnull=False)
    took = F("answered_at") - F("asked_at")
    rows = (
        Choice.objects.seen_by_expert()
        .filter(expert__in=keys)
        .order_by()
        .values("expert")
        .annotate(
            answered=Count("pk", filter=answered),
            silent=Count("pk", filter=Q(status=Choice.Status.NO_ANSWER)),
            accepted=Count("pk", filter=Q(status=Choice.Status.ACCEPTED)),
            middle=_Middle(took, filter=answered),
            longest=Max(took, filter=answered),
            asked_lately=Count("pk", filter=Q(asked_at__gt=now - YEAR)),
            waiting_since=Min("asked_at", filter=Q(status=Choice.Status.ASKED)),
        )
    )
    on_the_desk = Choice.objects.open().filter(expert__in=keys).order_by().values("expert")
    open_now = dict(on_the_desk.annotate(number=Count("pk")).values_list("expert", "number"))
    return {
        row["expert"]: Record(
            **{name: value for name, value in row.items() if name != "expert"},
            open_now=open_now.get(row["expert"], 0),
            ever=True,
        )
        for row in rows
    }


def _facts(
    wish: Wish, expert: Expert, groups: dict, record: Record, limits: Limits, now: datetime
) -> Facts:
    has = set(expert.term_ids)
    terms = tuple(key for key in wish.term_ids if key in has or key in expert.group_ids)
    related = () if terms else tuple(sorted({*groups.values()} & {*expert.group_ids}))
    region = wish.region
    nearby = [
        code
        for code in expert.worked_in
        if region and code != wish.country and region_of().get(code) == region
    ]
    return Facts(
        terms=terms,
        related=related,
        lives_there=bool(wish.country) and expert.country_id == wish.country,
        worked_there=bool(wish.country) and wish.country in expert.worked_in,
        nearby=tuple(dict.fromkeys(nearby)),
        from_region=bool(region) and expert.region == region,
        speaks=tuple(code for code in wish.languages if code in expert.languages),
        offers=tuple(
            offered
            for wanted, offered in ABILITIES
            if getattr(wish, wanted) and getattr(expert, offered)
        ),
        lacks=tuple(
            offered
            for wanted, offered in ABILITIES
            if getattr(wish, wanted) and not getattr(expert, offered)
        ),
        freshness=Freshness.of(expert.confirmed_at, limits),
        record=record,
        new=expert.approved_at is None or expert.approved_at > now - YEAR,
    )


def _fit(wish: Wish, facts: Facts, rank: float) -> float:
    """Points for what an expert is and did, without those for whose turn it is."""
    points = sum(_worth_of_term(wish.term_ids.index(key)) for key in facts.terms)
    if facts.related:
        points += WEIGHTS["related"]
    if facts.speaks:
        points += WEIGHTS["language"]
    if facts.lives_there or facts.worked_there:
        points += WEIGHTS["country"]
    if facts.from_region or facts.nearby:
        points += WEIGHTS["region"]
    points += WEIGHTS["text"] * min(1.0, rank)
    points += WEIGHTS["ability"] * len(facts.offers)
    points += WEIGHTS["fresh"] * {Freshness.FRESH: 1.0, Freshness.DUE: 0.5}.get(facts.freshness, 0)
    return points + WEIGHTS["record"] * _reliability(facts.record)


def _reliability(record: Record) -> float:
    """-1 (never answers) to 1 (always, within days); 0 for somebody of whom nothing is known."""
    asked = record.answered + record.silent
    if not asked:
        return 0.0
    share = (record.answered - record.silent) / asked
    quick = 0.0
    if record.middle is not None:
        late = (record.middle / timedelta(days=1) - QUICK_DAYS) / (SLOW_DAYS - QUICK_DAYS)
        quick = 1 - min(1.0, max(0.0, late))
    certain = asked / (asked + 1)  # one answer is not yet a habit
    return certain * (share * 0.6 + quick * 0.4)


def _fairness(record: Record, usual: float) -> float:
    """Points for whose turn it is. `usual` is how often the middle one of those with a term of the
    wish was asked in a year.

    In proportion, so that the busiest of equally fit experts stays near the others however many
    requests there are.
    """
    times = record.asked_lately / (1 + usual)
    if times > FAR_MORE:
        times = FAR_MORE + math.log(times / FAR_MORE)
    return (
        (0 if record.asked_lately else WEIGHTS["not_asked"])
        + WEIGHTS["asked"] * times
        + WEIGHTS["open"] * min(record.open_now, MOST_OPEN)
    )


def _together(wish: Wish, ranked: list[tuple], facts: dict[int, Facts]) -> list[tuple]:
    """The same rows, the first PICKED of them so that together they cover the wish.

    A requester picks up to three: a term that somebody before has is then worth half.
    """
    rest, picked, times = list(ranked), [], dict.fromkeys(wish.term_ids, 0)
    worth = {key: _worth_of_term(place) for place, key in enumerate(wish.term_ids)}
    while rest and len(picked) < PICKED:

        def left(row: tuple) -> float:
            covered = (worth[key] * (1 - 0.5 ** times[key]) for key in facts[row[2]].terms)
            return -row[0] - sum(covered)

        best = max(rest, key=left)  # of equal ones the first
        rest.remove(best)
        picked.append(best)
        for key in facts[best[2]].terms:
            times[key] += 1
    return picked + rest


# In words


def _in_words(
    wish: Wish, ranked: list[tuple], facts: dict[int, Facts], now: datetime
) -> list[Proposal]:
    shown = (
        Expert.objects.select_related("organisation", "country")
        .defer("search")
        .in_bulk([key for _points, _asked, key in ranked])
    )
    terms = Term.objects.defer("words", "description").in_bulk(
        {
            key
            for expert in shown.values()
            for key in (*wish.term_ids, *expert.term_ids, *expert.group_ids)
        }
    )
    return [
        Proposal(
            expert=shown[key],
            reasons=why(wish, shown[key], facts[key], terms, now),
            but=against(wish, shown[key], facts[key], now),
            score=-points,
            open_requests=facts[key].record.open_now,
        )
        for points, _asked, key in ranked
        if key in shown  # who was not deleted just now
    ]
