"""Who is on the list, as sets of bits: exact numbers for every filter value, at any size.

Counting a hundred filter values over 100,000 profiles takes PostgreSQL 300 ms and a set of bits
3 ms (docs/decisions/0002-counting.md). Each process keeps the sets in memory and is never behind:
a request first asks PostgreSQL which profiles changed in transactions that the sets have not seen
(table experts_listchange, filled by triggers), in one query that is the same for 40 experts and
for 100,000.

A set is an integer; the expert in slot n is bit n. Slots are given in the order of confirmation,
so 'confirmed after' is a range of slots; a changed profile moves to a new slot at the end.
"""

import time
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection

LONGEST_REST = 24 * 3600  # seconds without a request, after which the whole list is read anew
MOST_MOVED = 1000  # profiles in slots at the end, before all slots are given anew

_COLUMNS = """
    e.id, extract(epoch FROM e.confirmed_at)::float8, e.region, e.country_id, e.term_ids,
    e.group_ids, e.languages, e.remote_advice, e.missions, e.training,
    e.paused_until, e.available_from, e.available_until
"""
# Where a snapshot has its meaning: another database under the same name, or a server that was
# started anew (from a backup, say), begins with another. OFFSET 0: once, not for each row.
_THERE = """(
    SELECT pg_current_snapshot()::text AS snapshot,
        pg_current_xact_id_if_assigned() IS NOT NULL AS has_written,
        concat_ws(' ', pg_postmaster_start_time(), oid) AS origin
    FROM pg_database WHERE datname = current_database() OFFSET 0
) AS there"""
_ALL = f"""
SELECT there.snapshot, there.has_written, there.origin, {_COLUMNS}
FROM {_THERE} LEFT JOIN experts_expert e ON e.status = 'listed'
ORDER BY e.confirmed_at NULLS FIRST, e.id
"""  # noqa: S608 (constants)
_CHANGED = f"""
SELECT there.snapshot, there.has_written, there.origin, c.expert_id, {_COLUMNS}
FROM {_THERE}
LEFT JOIN LATERAL (
    SELECT DISTINCT expert_id FROM experts_listchange
    WHERE xid >= pg_snapshot_xmin(%(seen)s::pg_snapshot)
        AND NOT pg_visible_in_snapshot(xid, %(seen)s::pg_snapshot)
    LIMIT {MOST_MOVED + 1}
) c ON true
LEFT JOIN experts_expert e ON e.id = c.expert_id AND e.status = 'listed'
"""  # noqa: S608 (constants)


@dataclass
class ListingIndex:
    """The listed experts at one snapshot of the database. Not changed once it is shared."""

    snapshot: str
    origin: str
    slots: dict[int, int] = field(default_factory=dict)  # expert → slot
    sets: dict[tuple, int] = field(default_factory=dict)  # (filter, value) → set
    everybody: int = 0
    times: array = field(default_factory=lambda: array("d"))  # of confirmation, by first slots
    moved: dict[int, float | None] = field(default_factory=dict)  # slot → time, the last slots
    dated: dict[int, tuple] = field(default_factory=dict)  # slot → paused, from, until
    checked_at: float = field(default_factory=time.time)
    _available: tuple = (None, 0)

    @property
    def end(self) -> int:
        """The first slot that is free."""
        return len(self.times) + len(self.moved)

    def confirmed_after(self, moment: datetime | None) -> int:
        """The set of those confirmed after this moment; None: confirmed ever."""
        limit = moment.timestamp() if moment else float("-inf")
        first = bisect_right(self.times, limit)
        found = (1 << len(self.times)) - (1 << first)
        for slot, confirmed in self.moved.items():
            if confirmed is not None and confirmed > limit:
                found |= 1 << slot
        return found & self.everybody

    def available_on(self, day: date) -> int:
        """The set of those who are neither paused on this day nor outside their own days."""
        known, found = self._available
        if known != day:
            found = self.everybody
            for slot, (paused, since, until) in self.dated.items():
                if (paused and paused > day) or (since and since > day) or (until and until < day):
                    found &= ~(1 << slot)
            self._available = (day, found)
        return found

    def of(self, expert_ids) -> int:
        """The set of these experts; those who are not on the list are left out."""
        marks = bytearray(self.end // 8 + 1)
        for key in expert_ids:
            slot = self.slots.get(key)
            if slot is not None:
                marks[slot >> 3] |= 1 << (slot & 7)
        return int.from_bytes(marks, "little") & self.everybody


def _values(row) -> list[tuple]:
    """The (filter, value) pairs of one expert."""
    _id, _time, region, country, terms, groups, languages, *abilities = row[:10]
    return [
        ("region", region),
        ("country", country),
        *(("term", key) for key in {*terms, *groups}),
        *(("language", code) for code in languages),
        *(
            ("can", name)
            for name, can in zip(("remote_advice", "missions", "training"), abilities, strict=True)
            if can
        ),
    ]


def _load() -> tuple[ListingIndex, bool]:
    """Read the whole list: once in a process's life, and after many changes at once.

    Also whether this transaction has written: its own rows are not committed, so that nobody else
    may see what was read.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALL)
        rows = cursor.fetchall()
    snapshot, has_written, origin = rows[0][:3]
    index = ListingIndex(snapshot, origin)
    rows = [row[3:] for row in rows if row[3] is not None]
    marks = {}
    for slot, row in enumerate(rows):
        index.slots[row[0]] = slot
        index.times.append(float("-inf") if row[1] is None else row[1])
        if any(row[10:]):
            index.dated[slot] = row[10:]
        place, bit = slot >> 3, 1 << (slot & 7)
        for value in _values(row):
            if value not in marks:
                marks[value] = bytearray(len(rows) // 8 + 1)
            marks[value][place] |= bit
    index.sets = {value: int.from_bytes(mark, "little") for value, mark in marks.items()}
    index.everybody = (1 << len(rows)) - 1
    return index, has_written


def _with_changes(old: ListingIndex, snapshot: str, changes) -> ListingIndex:
    """A copy in which changed experts left their slots, and those on the list have new ones."""
    new = ListingIndex(
        snapshot=snapshot,
        origin=old.origin,
        slots=dict(old.slots),
        sets=dict(old.sets),
        everybody=old.everybody,
        times=old.times,
        moved=dict(old.moved),
        dated=dict(old.dated),
    )
    for expert_id, row in changes:
        slot = new.slots.pop(expert_id, None)
        if slot is not None:
            new.everybody &= ~(1 << slot)
            new.dated.pop(slot, None)
        if row is None:
            continue
        slot = new.end
        new.slots[expert_id] = slot
        new.moved[slot] = row[1]
        new.everybody |= 1 << slot
        if any(row[10:]):
            new.dated[slot] = row[10:]
        for value in _values(row):
            new.sets[value] = new.sets.get(value, 0) | 1 << slot
    return new


#: By name of the database. Threads may store in any order: each index says up to where it knows,
#: and what it does not know yet is asked for by the next request.
_kept: dict[str, ListingIndex] = {}


def current() -> ListingIndex:
    """The listed experts as this transaction sees them."""
    database = connection.settings_dict["NAME"]
    kept = _kept.get(database)
    if kept is None or abs(time.time() - kept.checked_at) > LONGEST_REST:
        return _read_anew(database)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, {"seen": kept.snapshot})
        rows = cursor.fetchall()
    snapshot, has_written, origin = rows[0][:3]
    changes = [
        (row[3], row[4:] if row[4] is not None else None) for row in rows if row[3] is not None
    ]
    too_many = len(kept.moved) + len(changes) > MOST_MOVED
    emptied = any(expert_id == 0 for expert_id, row in changes)
    if has_written or origin != kept.origin or too_many or emptied:
        return _read_anew(database)
    if not changes:
        kept.snapshot, kept.checked_at = snapshot, time.time()
        return kept
    _kept[database] = fresh = _with_changes(kept, snapshot, changes)
    return fresh


def _read_anew(database: str) -> ListingIndex:
    index, has_written = _load()
    if not has_written:
        _kept[database] = index
    return index


def forget_old_changes():
    """Drop notes of changes that no process asks for any more (twice LONGEST_REST old)."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM experts_listchange WHERE at < now() - interval '2 days'")
