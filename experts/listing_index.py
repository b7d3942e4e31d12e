"""Who is on the list, as sets of bits (partners/directory/index.py).

The moment of a row is that of the confirmation, so that 'confirmed after' is a range of slots; of
each row the days on which the expert is not available are kept beside it.
"""

from dataclasses import dataclass
from datetime import date

from partners.directory.index import Index, Keeper

_SOURCE = """
    SELECT id, extract(epoch FROM confirmed_at)::float8 AS moment, region, country_id, term_ids,
        group_ids, languages, remote_advice, missions, training,
        paused_until, available_from, available_until
    FROM experts_expert WHERE status = 'listed'
"""
ABILITIES = ("remote_advice", "missions", "training")


@dataclass
class ListingIndex(Index):
    """`noted` of a slot: paused until, available from, available until; each may be None."""

    _available: tuple = (None, 0)

    def available_on(self, day: date) -> int:
        """The set of those who are neither paused on this day nor outside their own days."""
        known, found = self._available
        if known != day:
            found = self.everybody
            for slot, (paused, since, until) in self.noted.items():
                if (paused and paused > day) or (since and since > day) or (until and until < day):
                    found &= ~(1 << slot)
            self._available = (day, found)
        return found


def _values(row: tuple) -> list[tuple]:
    _id, _moment, region, country, terms, groups, languages, *abilities = row[:10]
    return [
        ("region", region),
        ("country", country),
        *(("term", key) for key in {*terms, *groups}),
        *(("language", code) for code in languages),
        *(("can", name) for name, can in zip(ABILITIES, abilities, strict=True) if can),
    ]


def _days(row: tuple) -> tuple | None:
    return row[10:] if any(row[10:]) else None


KEEPER = Keeper(_SOURCE, ("experts_listchange", "expert_id"), _values, _days, ListingIndex)
current = KEEPER.current
