"""The directory: what a query string asks for, who fits, how many each filter value would give.

The results come from PostgreSQL through the filters; the numbers beside every filter value come
from sets of bits (experts/listing_index.py), which a test holds against the same filters in SQL.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import and_, or_

from django.db.models import F, QuerySet
from django.http import QueryDict

from experts import listing_index, search
from experts.filters import Context, ExpertFilter, default_freshness, known_values
from experts.listing_index import ListingIndex
from experts.models import Expert, Freshness, Policy
from experts.models.policy import Limits
from partners.models import Term

PER_PAGE = 20
FACETS = ("region", "term", "language", "country", "can", "available", "fresh")
SORTS = ("fit", "name", "confirmed")


@dataclass
class Found:
    """One answer of the directory.

    `counts` has, for each filter, value → number of results with this value while all other
    filters are kept. `without` has, for each active filter and for the words ("q"), the number of
    results if it were dropped. While nobody chose a freshness, the lapsed are left out:
    `without["fresh"]` then has them as well. `words_alone` is the number without any filter.
    """

    experts: QuerySet
    words: str
    sort: str
    chosen: dict[str, list[str]]
    unknown: list[tuple[str, str]]
    policy: Policy
    now: datetime
    terms: list[Term]
    total: int = 0
    counts: dict[str, dict] = field(default_factory=dict)
    without: dict[str, int] = field(default_factory=dict)
    words_alone: int = 0

    @property
    def hits(self) -> list[Term]:
        """Terms that the words name."""
        return [term for term in self.terms if term.hit]

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.chosen)


def find(params: QueryDict, user, now: datetime) -> Found:
    """Answer a query string: `q`, `sort` and the filters of `FACETS`, each any number of times.

    Unknown values are left out and named in `unknown`. `now` is aware, in UTC.
    """
    policy = Policy.current()
    words = " ".join(params.get("q", "").split())[: search.MAX_LENGTH]
    context = Context(now, policy.limits(now), search.terms_with_hits(words))
    chosen, unknown = _known(params, context)
    sort = params.get("sort") or ("fit" if words else "name")
    if sort not in SORTS:
        unknown.append(("sort", sort[:60]))
        sort = "fit" if words else "name"
    listed = Expert.objects.listed().visible_to(user)
    if words:
        listed = search.matching(listed, words)
    filters = ExpertFilter(_as_query(chosen), listed, context=context)
    found = Found(
        experts=_ordered(filters.qs, sort, words).select_related("organisation"),
        words=words,
        sort=sort,
        chosen=chosen,
        unknown=unknown,
        policy=policy,
        now=now,
        terms=context.terms,
    )
    _count(found, listing_index.current(), context.limits)
    return found


def _known(params: QueryDict, context: Context):
    """({filter: known values}, [(filter, unknown value)])."""
    chosen, unknown = {}, []
    for name, known in known_values(context).items():
        values = list(dict.fromkeys(value for value in params.getlist(name) if value))
        if kept := [value for value in values if value in known]:
            chosen[name] = kept
        unknown += [(name, value[:60]) for value in values if value not in known]
    return chosen, unknown


def _as_query(chosen: dict[str, list[str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, values in chosen.items():
        query.setlist(name, values)
    return query


def _ordered(experts: QuerySet, sort: str, words: str) -> QuerySet:
    if sort == "confirmed":
        return experts.order_by(F("confirmed_at").desc(nulls_last=True), "sort_name", "pk")
    if sort == "fit" and words:
        return experts.annotate(fit=search.Rank(words)).order_by("-fit", "sort_name", "pk")
    return experts.order_by("sort_name", "pk")


def _count(found: Found, index: ListingIndex, limits: Limits):
    """Fill in `total`, `counts`, `without` and `words_alone`."""
    matching = index.everybody
    if found.words:
        matching = index.of(search.ids_matching(found.words))
    values = _sets_of_values(found, index, limits)
    chosen = {name: [values[name].get(v, 0) for v in found.chosen[name]] for name in found.chosen}
    not_lapsed = reduce(or_, (values["fresh"][state] for state in default_freshness(limits)))
    chosen.setdefault("fresh", [not_lapsed])
    wanted = {name: reduce(or_, sets) for name, sets in chosen.items()}
    found.total = reduce(and_, wanted.values(), matching).bit_count()
    for name in FACETS:
        others = (asked for other, asked in wanted.items() if other != name)
        kept = reduce(and_, others, matching)
        found.counts[name] = {
            value: number
            for value, members in values[name].items()
            if (number := (members & kept).bit_count())
        }
        if name == "fresh" and name in found.chosen:
            found.without[name] = (kept & not_lapsed).bit_count()
        elif name in wanted:
            found.without[name] = kept.bit_count()
    if found.words:
        found.without["q"] = reduce(and_, wanted.values(), index.everybody).bit_count()
        found.words_alone = (matching & not_lapsed).bit_count()


def _sets_of_values(found: Found, index: ListingIndex, limits: Limits) -> dict[str, dict]:
    """For each filter, value → the set of the experts who have it; without the deleted."""
    codes = {term.pk: term.code for term in found.terms}
    values = {name: {} for name in FACETS}
    for (name, value), members in index.sets.items():
        if name != "term":
            values[name][value] = members & index.everybody
        elif value in codes:  # not a term that was merged away, or is younger than what was read
            values[name][codes[value]] = members & index.everybody
    ever = index.confirmed_after(None)
    since_stale, since_due, since_fresh = (
        index.confirmed_after(moment)
        for moment in (limits.stale_since, limits.due_since, limits.fresh_since)
    )
    values["fresh"] = {
        Freshness.FRESH: since_fresh,
        Freshness.DUE: since_due & ~since_fresh,
        Freshness.STALE: since_stale & ~since_due,
        Freshness.LAPSED: ever & ~since_stale,
        Freshness.NEVER: index.everybody & ~ever,
    }
    values["available"] = {"now": index.available_on(found.now.date())}
    return values
