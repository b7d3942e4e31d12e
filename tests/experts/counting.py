"""The directory's numbers, counted the slow way: PostgreSQL goes through all rows for each filter.

Written by hand, without experts/filters.py and experts/listing_index.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.http import QueryDict

from experts.models import Policy
from partners.models import Country, Term

FILTERS = ("region", "term", "language", "country", "can", "available", "fresh")


@dataclass
class Counted:
    total: int
    counts: dict
    without: dict
    keys: list[int]
    words_alone: int


def counts_by_hand(query: str, now: datetime) -> Counted:
    """What `directory.find` should say for this query, of known values only."""
    params = QueryDict(query)
    chosen = {name: params.getlist(name) for name in FILTERS if name in params}
    policy = Policy.objects.filter(pk=1).first() or Policy()
    fresh = _freshness(policy, now)
    ended = policy.first_round_ended_on
    asked = dict(chosen)
    is_over = ended is not None and ended <= now.date()
    default = ["fresh", "due", "stale"] + ([] if is_over else ["never"])
    asked.setdefault("fresh", default)
    words = " ".join(params.get("q", "").split())

    def where(wanted: dict[str, list[str]]) -> tuple[str, list]:
        where, values = ["status = 'listed'"], []
        if words:
            where.append("search @@ portal_query(%s)")
            values.append(words)
        for name, ones in wanted.items():
            parts = [_condition(name, one, fresh, now) for one in ones]
            where.append("(" + " OR ".join(part for part, _value in parts) + ")")
            values += [value for _part, some in parts for value in some]
        return " AND ".join(where), values

    def keys(wanted: dict[str, list[str]]) -> list[int]:
        condition, values = where(wanted)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM experts_expert WHERE {condition} ORDER BY id", values)
            return [row[0] for row in cursor.fetchall()]

    def numbers(name: str) -> dict[str, int]:
        """How many each value of this filter would leave, by itself, beside the other filters."""
        ones = list(_values(name))
        if not ones:
            return {}
        parts = [_condition(name, one, fresh, now) for one in ones]
        columns = ", ".join(f"count(*) FILTER (WHERE {part})" for part, _value in parts)
        condition, values = where({other: some for other, some in asked.items() if other != name})
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM experts_expert WHERE {condition}",
                [value for _part, some in parts for value in some] + values,
            )
            return dict(zip(ones, cursor.fetchone(), strict=True))

    counts = {
        name: {one: number for one, number in numbers(name).items() if number} for name in FILTERS
    }
    everything = keys(asked)
    without = {
        name: len(keys({other: ones for other, ones in asked.items() if other != name}))
        for name in asked
    }
    not_lapsed = {"fresh": default}
    if "fresh" in chosen:  # a link without it gives the default
        without["fresh"] = len(keys({**asked, **not_lapsed}))
    alone = 0
    if words:
        alone = len(keys(not_lapsed))
        with_words, words = words, ""
        without["q"] = len(keys(asked))
        words = with_words
    return Counted(len(everything), counts, without, everything, alone)


def _values(name: str) -> Iterator[str]:
    if name == "region":
        return iter(Country.objects.values_list("region", flat=True).order_by().distinct())
    if name == "country":
        return iter(Country.objects.exclude(experts=None).values_list("pk", flat=True))
    if name == "term":
        return iter(Term.objects.values_list("code", flat=True))
    if name == "language":
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT unnest(languages) FROM experts_expert")
            return iter([row[0] for row in cursor.fetchall()])
    if name == "can":
        return iter(["remote_advice", "missions", "training"])
    return iter(["now"] if name == "available" else ["fresh", "due", "stale", "lapsed", "never"])


def _freshness(policy: Policy, now: datetime) -> dict[str, tuple[str, list]]:
    """In words of the issue: fresh under 12 months, due 42 days more, stale to 24 months."""
    year = now - relativedelta(months=policy.fresh_months)
    reminded = year - timedelta(days=policy.due_days)
    two_years = now - relativedelta(months=policy.stale_months)
    return {
        "fresh": ("confirmed_at > %s", [year]),
        "due": ("confirmed_at > %s AND confirmed_at <= %s", [reminded, year]),
        "stale": ("confirmed_at > %s AND confirmed_at <= %s", [two_years, reminded]),
        "lapsed": ("confirmed_at <= %s", [two_years]),
        "never": ("confirmed_at IS NULL", []),
    }


def _condition(name: str, value: str, fresh: dict, now: datetime) -> tuple[str, list]:
    if name == "region":
        return "country_id IN (SELECT code FROM partners_country WHERE region = %s)", [value]
    if name == "country":
        return "country_id = %s", [value]
    if name == "language":
        return "%s = ANY (languages)", [value]
    if name == "can":
        return value, []
    if name == "term":
        return (
            "id IN (SELECT expert_id FROM experts_expertterm JOIN partners_term t ON t.id = term_id"
            " LEFT JOIN partners_term g ON g.id = t.parent_id WHERE t.code = %s OR g.code = %s)",
            [value, value],
        )
    if name == "available":
        return (
            "(coalesce(paused_until, '-infinity') <= %s AND coalesce(available_from, '-infinity')"
            " <= %s AND coalesce(available_until, 'infinity') >= %s)",
            [now.date()] * 3,
        )
    sql, values = fresh[value]
    return f"({sql})", values
