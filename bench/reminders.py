"""The daily scan over 100,000 profiles of which 10,000 are due, against a bare INSERT … SELECT.

`python -m bench.reminders prepare N`, `... times`, `... memory` and `... queries` are the children
that measure, in the environment of a portal. What they write they roll back, so that every run
begins from the same.
"""

import json
import sys
import time
from datetime import timedelta
from statistics import median

NAMES = ("reminders.scan_100k", "reminders.queries", "reminders.peak_mb")
SMALL, LARGE, DUE = 10_100, 100_000, 10_000  # forty are no bulk, and have facts of their own
RUNS = 7


def measure(wanted) -> list[dict]:
    from bench.ground import child, portal, row

    with portal(experts=SMALL) as small:
        child(small.environ, "bench.reminders", "prepare", DUE)
        few = json.loads(child(small.environ, "bench.reminders", "queries"))
    with portal(experts=LARGE) as large:
        child(large.environ, "bench.reminders", "prepare", DUE)
        many = json.loads(child(large.environ, "bench.reminders", "queries"))
        peak = float(child(large.environ, "bench.reminders", "memory"))
        bare, whole = json.loads(child(large.environ, "bench.reminders", "times"))
    if few["written"] != DUE or many["written"] != DUE:
        raise RuntimeError(f"Not all who are due were written to: {few}, {many}")
    print(
        f"  {DUE} due: {few['queries']} queries among {SMALL} profiles, "
        f"{many['queries']} among {LARGE}; bare {bare:.2f} s, scan {whole:.2f} s"
    )
    return [
        row("reminders.scan_100k", whole / bare, "×", 5),
        row("reminders.queries", many["queries"], "queries", few["queries"]),
        row("reminders.peak_mb", peak, "MB", 150),
    ]


def prepare(due: int):
    """So many of the listed are due since a day, and all others are fresh; a year of history.

    Everybody had one mail ten months ago, so that the scan has something to look at.
    """
    from django.db import connection, transaction

    from experts.demonstration import analyse

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PREPARE, {"due": due})
    analyse()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE mailings_reminder, mailings_outgoingmail")


_PREPARE = """
UPDATE experts_expert SET paused_until = NULL, reminders_off_at = NULL,
    confirmed_at = now() - interval '12 months' + interval '2 days' * (1 + mod(id, 97));
UPDATE experts_expert SET confirmed_at = now() - interval '12 months' - interval '1 day'
WHERE id IN (
    SELECT id FROM experts_expert WHERE email LIKE '%%@bulk.example.org'
    ORDER BY hashint8(id) LIMIT %(due)s
);
WITH past AS (
    INSERT INTO mailings_reminder (topic, object_id, cycle, step, at)
    SELECT 'profile', id, now() - interval '22 months', 0, now() - interval '10 months'
    FROM experts_expert ORDER BY hashint8(id + 1)
    RETURNING id
)
INSERT INTO mailings_outgoingmail (kind, state, priority, "to", message_id, template, language,
    context, subject, reminder_id, created_at, next_try, finished_at, attempts, answer, remote_id)
SELECT 'reminder', 'sent', 50, format('expert%%s@bulk.example.org', id),
    format('<%%s@example.org>', md5(id::text)), 'experts/mail/reminder', 'en', '{}', 'Still right?',
    id, now() - interval '10 months', now() - interval '10 months', now() - interval '10 months',
    1, '250 OK', ''
FROM past;
"""

# As many rows into the same two tables with the same indexes, in one statement
_BARE = """
WITH taken AS (
    INSERT INTO mailings_reminder (topic, object_id, cycle, step, at)
    SELECT 'bare', n, %(now)s, 0, %(now)s FROM generate_series(1, %(count)s) AS n
    RETURNING id
)
INSERT INTO mailings_outgoingmail (kind, state, priority, "to", message_id, template, language,
    context, subject, reminder_id, created_at, next_try, attempts, answer, remote_id)
SELECT 'reminder', 'queued', 50, format('expert%%s@bulk.example.org', id),
    '<' || replace(gen_random_uuid()::text, '-', '') || '@example.org>', 'experts/mail/reminder',
    'en', '{}', '', id, %(now)s, %(now)s, 0, '', ''
FROM taken
"""


def bare(now) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_BARE, {"now": now, "count": DUE})
        return cursor.rowcount


def scan(now) -> int:
    from experts import reminders

    return reminders.scan(now)["reminders"]


def rolled_back(work, now) -> tuple[float, int, int]:
    """(seconds with what a commit would check, what it returned, queries) of work undone after."""
    from django.db import connection, transaction

    queries = []

    def note(execute, sql, *rest):
        queries.append(sql)
        return execute(sql, *rest)

    with transaction.atomic(), connection.execute_wrapper(note):
        began = time.perf_counter()
        written = work(now)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        seconds = time.perf_counter() - began
        transaction.set_rollback(True)
    return seconds, written, len(queries)


def times(now) -> list[float]:
    """Median seconds of the bare statement and of the scan, from interleaved runs."""
    took = {bare: [], scan: []}
    for _run in range(RUNS):
        for work, seconds in took.items():
            spent, written, _queries = rolled_back(work, now)
            if written != DUE:
                raise RuntimeError(f"{written} rows were written.")
            seconds.append(spent)
        vacuum()
    return [median(seconds) for seconds in took.values()]


def vacuum():
    """What was rolled back is no burden for the next run."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM mailings_reminder, mailings_outgoingmail")


def main(what: str, *more: str):
    from django.utils import timezone

    from bench.imports import peak_megabytes

    now = timezone.now() + timedelta(minutes=1)
    if what == "prepare":
        prepare(int(more[0]))
    elif what == "times":
        print(json.dumps(times(now)))
    elif what == "queries":
        _seconds, written, queries = rolled_back(scan, now)
        print(json.dumps({"written": written, "queries": queries}))
    elif what == "memory":
        rolled_back(scan, now)
        print(peak_megabytes())


if __name__ == "__main__":
    import django

    django.setup()
    main(*sys.argv[1:])
