"""What a directory has, as sets of bits: exact numbers for every filter value, at any size.

Counting a hundred filter values over 100,000 rows takes PostgreSQL 300 ms and a set of bits 3 ms
(docs/decisions/0002-counting.md). Each process keeps the sets in memory and is never behind: a
request first asks PostgreSQL which rows changed in transactions that the sets have not seen (a
table that triggers fill), in one query that is the same for 40 rows and for 100,000.

A set is an integer; the row in slot n is bit n. Slots are given in the order of one moment of each
row, so 'after' is a range of slots; a changed row moves to a new slot at the end.
"""

import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress

from django.db import connection

LONGEST_REST = 24 * 3600  # seconds without a request, after which everything is read anew
MOST_MOVED = 1000  # rows in slots at the end, before all slots are given anew

# A set as the digits of a binary number
_ONE = ord("1")
_AS_NUMBERS = bytes.maketrans(b"01", b"\0\1")

# Where a snapshot has its meaning: another database under the same name, or a server that was
# started anew (from a backup, say), begins with another. OFFSET 0: once, not for each row.
_THERE = """(
    SELECT pg_current_snapshot()::text AS snapshot,
        pg_current_xact_id_if_assigned() IS NOT NULL AS has_written,
        concat_ws(' ', pg_postmaster_start_time(), oid) AS origin
    FROM pg_database WHERE datname = current_database() OFFSET 0
) AS there"""


@dataclass
class Index:
    """The rows of a directory at one snapshot of the database. Not changed once it is shared."""

    snapshot: str
    origin: str
    slots: dict[int, int] = field(default_factory=dict)  # key → slot
    sets: dict[tuple, int] = field(default_factory=dict)  # (filter, value) → set
    everybody: int = 0
    times: array = field(default_factory=lambda: array("d"))  # the moments, by first slots
    moved: dict[int, float | None] = field(default_factory=dict)  # slot → moment, the last slots
    noted: dict[int, tuple] = field(default_factory=dict)  # slot → what else is known of the row
    checked_at: float = field(default_factory=time.time)
    _keys: list[int] | None = None  # by slot, once somebody asked

    @property
    def end(self) -> int:
        """The first slot that is free."""
        return len(self.times) + len(self.moved)

    def after(self, moment: datetime | None) -> int:
        """The set of those whose moment is after this one; None: those who have a moment."""
        limit = moment.timestamp() if moment else float("-inf")
        first = bisect_right(self.times, limit)
        found = (1 << len(self.times)) - (1 << first)
        for slot, time_of_row in self.moved.items():
            if time_of_row is not None and time_of_row > limit:
                found |= 1 << slot
        return found & self.everybody

    def of(self, keys: Iterable[int]) -> int:
        """The set of these rows; those that are not in the directory are left out."""
        return self.of_slots(map(self.slots.get, keys))

    def of_slots(self, slots: Iterable[int | None]) -> int:
        """The set of the rows in these slots; None is left out."""
        end = self.end
        digits = bytearray(b"0") * (end + 1)  # of a binary number: three times as fast as bits
        for slot in slots:
            if slot is not None:
                digits[end - slot] = _ONE
        return int(digits, 2) & self.everybody

    def keys_of(self, members: int) -> list[int]:
        """Keys of the rows of a set, in the order of their slots."""
        if self._keys is None:
            keys = [0] * self.end
            for key, slot in self.slots.items():
                keys[slot] = key
            self._keys = keys
        digits = bin(members & self.everybody)[:1:-1]  # the first slot first
        return list(compress(self._keys, digits.encode().translate(_AS_NUMBERS)))


class Keeper:
    """Keeps the index of one directory for this process.

    `source` is a SELECT of what stands in the directory: `id`, `moment` (float, seconds; or NULL)
    and the columns that `values` turns into (filter, value) pairs and `note` into what an index of
    a kind of its own (`kind`) wants to know. `changes` is the table of the triggers and the column
    in it that has the key (0: the table was emptied).
    """

    def __init__(
        self,
        source: str,
        changes: tuple[str, str],
        values: Callable[[tuple], Iterable[tuple]],
        note: Callable[[tuple], tuple | None] = lambda row: None,
        kind: type[Index] = Index,
    ):
        self.table, key = changes
        self.values, self.note, self.kind = values, note, kind
        #: By name of the database. Threads may store in any order: each index says up to where it
        #: knows, and what it does not know yet is asked for by the next request.
        self.kept: dict[str, Index] = {}
        self.all = f"""
            SELECT there.snapshot, there.has_written, there.origin, e.*
            FROM {_THERE} LEFT JOIN ({source}) e ON true
            ORDER BY e.moment NULLS FIRST, e.id
        """  # noqa: S608 (constants)
        self.changed = f"""
            SELECT there.snapshot, there.has_written, there.origin, c.key, e.*
            FROM {_THERE}
            LEFT JOIN LATERAL (
                SELECT DISTINCT {key} AS key FROM {self.table}
                WHERE xid >= pg_snapshot_xmin(%(seen)s::pg_snapshot)
                    AND NOT pg_visible_in_snapshot(xid, %(seen)s::pg_snapshot)
                LIMIT {MOST_MOVED + 1}
            ) c ON true
            LEFT JOIN ({source}) e ON e.id = c.key
        """  # noqa: S608 (constants)

    def current(self) -> Index:
        """The rows as this transaction sees them."""
        database = connection.settings_dict["NAME"]
        kept = self.kept.get(database)
        if kept is None or abs(time.time() - kept.checked_at) > LONGEST_REST:
            return self._read_anew(database)
        with connection.cursor() as cursor:
            cursor.execute(self.changed, {"seen": kept.snapshot})
            rows = cursor.fetchall()
        snapshot, has_written, origin = rows[0][:3]
        changes = [
            (row[3], row[4:] if row[4] is not None else None) for row in rows if row[3] is not None
        ]
        too_many = len(kept.moved) + len(changes) > MOST_MOVED
        emptied = any(key == 0 for key, row in changes)
        if has_written or origin != kept.origin or too_many or emptied:
            return self._read_anew(database)
        if not changes:
            kept.snapshot, kept.checked_at = snapshot, time.time()
            return kept
        self.kept[database] = fresh = self._with_changes(kept, snapshot, changes)
        return fresh

    def forget_old_changes(self):
        """Drop notes of changes that no process asks for any more (twice LONGEST_REST old)."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {self.table} WHERE at < now() - interval '2 days'"  # noqa: S608
            )

    def _read_anew(self, database: str) -> Index:
        index, has_written = self._load()
        if not has_written:
            self.kept[database] = index
        return index

    def _load(self) -> tuple[Index, bool]:
        """Read all rows: once in a process's life, and after many changes at once.

        Also whether this transaction has written: its own rows are not committed, so that nobody
        else may see what was read.
        """
        with connection.cursor() as cursor:
            cursor.execute(self.all)
            rows = cursor.fetchall()
        snapshot, has_written, origin = rows[0][:3]
        index = self.kind(snapshot, origin)
        rows = [row[3:] for row in rows if row[3] is not None]
        marks = {}
        for slot, row in enumerate(rows):
            index.slots[row[0]] = slot
            index.times.append(float("-inf") if row[1] is None else row[1])
            if noted := self.note(row):
                index.noted[slot] = noted
            place, bit = slot >> 3, 1 << (slot & 7)
            for value in self.values(row):
                if value not in marks:
                    marks[value] = bytearray(len(rows) // 8 + 1)
                marks[value][place] |= bit
        index.sets = {value: int.from_bytes(mark, "little") for value, mark in marks.items()}
        index.everybody = (1 << len(rows)) - 1
        return index, has_written

    def _with_changes(self, old: Index, snapshot: str, changes) -> Index:
        """A copy in which changed rows left their slots and, if still there, have new ones."""
        new = self.kind(
            snapshot=snapshot,
            origin=old.origin,
            slots=dict(old.slots),
            sets=dict(old.sets),
            everybody=old.everybody,
            times=old.times,
            moved=dict(old.moved),
            noted=dict(old.noted),
        )
        for key, row in changes:
            slot = new.slots.pop(key, None)
            if slot is not None:
                new.everybody &= ~(1 << slot)
                new.noted.pop(slot, None)
            if row is None:
                continue
            slot = new.end
            new.slots[key] = slot
            new.moved[slot] = row[1]
            new.everybody |= 1 << slot
            if noted := self.note(row):
                new.noted[slot] = noted
            for value in self.values(row):
                new.sets[value] = new.sets.get(value, 0) | 1 << slot
        return new
