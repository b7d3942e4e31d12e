"""One engine for everything that people are reminded of.

An app offers ladders in its `reminders.py`; wmaportal gathers them. A due date is computed from
facts; what was done about it is a `Reminder`, of which the database takes one for each thing, cycle
and step. A scan may therefore run twice, late, or at two places at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from mailings import outbox
from mailings.models import OutgoingMail, Reminder

AT_ONCE = 2000  # things of one statement and one commit
_LOCK = 0x57414D52  # of the scan, among PostgreSQL's advisory locks: one scan at a time


class Verdict(TextChoices):
    """What a scan does with a thing that is due."""

    WRITE = "write", _("Is written to today")
    LATER = "later", _("The first step is not due yet")
    DONE = "done", _("Was written to; the next step is not due")
    ENOUGH = "enough", _("Had as many reminders in 12 months as the policy allows")
    SOON = "soon", _("The last mail is too short ago, or has not left yet")
    OFF = "off", _("Switched reminders off")
    PAUSED = "paused", _("Is paused")
    NOWHERE = "nowhere", _("Has no e-mail address")
    BOUNCED = "bounced", _("Mail to the address comes back")
    STOPPED = "stopped", _("Asked for no mail, or marked ours as unwanted")


@dataclass(frozen=True)
class Ladder:
    """Who is due, and when which step is taken.

    `due(now)` gives a QuerySet of things that are due at that moment, annotated with `cycle` and
    `due_at` (moments), `address`, `language` (a code), and `block` (a Verdict, or empty).
    `days` are the days past due of each step, ascending; the first has the number `first_step`.
    `at_most` reminders go out in any 12 months (None: as often as due), `days_between` lie between
    two mails about the same thing, and a day's mails are spread over `spread`.
    """

    topic: str
    template: str
    kind: OutgoingMail.Kind
    due: Callable[[datetime], QuerySet]
    days: list[int]
    days_between: int
    spread: timedelta
    at_most: int | None = None
    first_step: int = 0


@dataclass(frozen=True)
class Planned:
    """What a scan at that moment does with one thing that is due, and why."""

    object_id: int
    cycle: datetime
    due_at: datetime
    step: int
    verdict: Verdict
    last_at: datetime | None  # of the last mail about it
    in_a_year: int  # reminders of the last 12 months


def scan(ladder: Ladder, now: datetime) -> int:
    """Write the steps that are due, and their mails, in commits of at most AT_ONCE things.

    Returns how many. Of several steps that fell due in an outage only the latest is taken.
    """
    written, after = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            plan, values = _plan(ladder, now, after, AT_ONCE)
            cursor.execute(plan + _WRITE, values)
            read, last, number = cursor.fetchone()
            if number:
                outbox.ring_on_commit()
        written += number
        if read < AT_ONCE:
            return written
        after = last


def plan(ladder: Ladder, now: datetime) -> Iterator[Planned]:
    """What a scan at this moment would do, thing by thing, and writes nothing."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            statement, values = _plan(ladder, now, after, AT_ONCE)
            cursor.execute(statement + _SHOW, values)
            rows = cursor.fetchall()
        for row in rows:
            yield Planned(*row[:4], Verdict(row[4]), *row[5:])
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][0]


def _plan(ladder: Ladder, now: datetime, after: int, limit: int) -> tuple[str, dict]:
    """The common part of both statements, and the values of its parameters."""
    things = (
        ladder.due(now)
        .filter(pk__gt=after)
        .order_by("pk")
        .values("pk", "cycle", "due_at", "address", "language", "block")[:limit]
    )
    sql, parameters = things.query.sql_with_params()
    names = {f"p{number}": value for number, value in enumerate(parameters)}
    due = sql.replace("%%", "%%%%") % tuple(f"%({name})s" for name in names)
    return f"WITH due (object_id, cycle, due_at, address, language, block) AS ({due}), {_STEPS}", {
        **names,
        "topic": ladder.topic,
        "template": ladder.template,
        "kind": str(ladder.kind),
        "priority": OutgoingMail.PRIORITY[ladder.kind],
        "days": ladder.days,
        "first_step": ladder.first_step,
        "notice": Reminder.NOTICE,
        "between": timedelta(days=ladder.days_between),
        "at_most": ladder.at_most,
        "spread": ladder.spread.total_seconds(),
        "domain": settings.MAIL_DOMAIN,
        "now": now,
    }


# A reminder whose mail did not leave reached nobody, so it counts for no limit. The place in the
# day follows from the key, so that a thing keeps its hour and two mails lie whole days apart.
#
# A mail that still waits when the next step is taken, because mail was held or a round began, is
# `replaced`: it must not leave beside the newer one, or after it. A notice waits for nobody, and is
# replaced by a notice only. Any other mail that has not left yet is `under_way`; when it will leave
# nobody knows, so nothing is written before it has.
_STEPS = """
stepped AS (
    SELECT due.*,
        %(first_step)s - 1 + (SELECT count(*) FROM unnest(%(days)s::int[]) AS day
            WHERE due.due_at + day * interval '24 hours' <= %(now)s)::int AS step,
        %(now)s + %(spread)s * interval '1 second'
            * (abs(hashint8(due.object_id)::bigint) %% 1000) / 1000 AS planned
    FROM due
), known AS (
    SELECT stepped.*, past.*, suppression.reason AS suppressed,
        greatest(planned, past.last_at + %(between)s) AS leaves_at
    FROM stepped
    LEFT JOIN LATERAL (
        SELECT max(left_at) FILTER (WHERE counts) AS last_at,
            count(*) FILTER (WHERE counts AND r.step < %(notice)s
                AND left_at > %(now)s - interval '12 months') AS in_a_year,
            bool_or(r.cycle = stepped.cycle AND r.step >= stepped.step AND is_alike) AS is_done,
            bool_or(waits AND NOT is_replaced) AS under_way,
            coalesce(array_agg(m.id) FILTER (WHERE is_replaced), '{}') AS replaced
        FROM mailings_reminder r
        LEFT JOIN mailings_outgoingmail m ON m.reminder_id = r.id
        CROSS JOIN LATERAL (
            SELECT (r.step < %(notice)s) = (stepped.step < %(notice)s) AS is_alike,
                coalesce(m.state IN ('queued', 'deferred', 'sending'), false) AS waits,
                coalesce(m.finished_at, greatest(m.next_try, r.at)) AS left_at
        ) AS mail
        CROSS JOIN LATERAL (
            SELECT waits AND m.state <> 'sending'
                AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())
                AND (is_alike AND r.cycle <> stepped.cycle
                    OR m.next_try <= %(now)s AND r.at < %(now)s)
                AND (is_alike OR r.step < %(notice)s) AS is_replaced
        ) AS fate
        CROSS JOIN LATERAL (
            SELECT coalesce(m.state NOT IN ('skipped', 'failed'), true) AND NOT is_replaced
                AS counts
        ) AS limits
        WHERE r.topic = %(topic)s AND r.object_id = stepped.object_id AND r.step IS NOT NULL
    ) AS past ON true
    LEFT JOIN LATERAL (
        SELECT min(s.reason) AS reason FROM mailings_suppression s
        WHERE s.address_hash = mailings_address_hash(stepped.address)
            AND s.topic IN ('', %(topic)s)
    ) AS suppression ON stepped.address <> ''
), judged AS (
    SELECT *, CASE
        WHEN step < %(first_step)s THEN 'later'
        WHEN is_done THEN 'done'
        WHEN block <> '' THEN block
        WHEN address = '' THEN 'nowhere'
        WHEN suppressed = 'bounced' THEN 'bounced'
        WHEN suppressed IS NOT NULL THEN 'stopped'
        WHEN in_a_year >= %(at_most)s THEN 'enough'
        WHEN under_way OR leaves_at > %(now)s + interval '1 day' THEN 'soon'
        ELSE 'write' END AS verdict
    FROM known
)"""

# A worker that claims a mail in the same instant has it: then the thing waits for the next scan.
_WRITE = """, replaced AS (
    UPDATE mailings_outgoingmail m SET state = 'skipped', finished_at = %(now)s,
        answer = 'A later mail took its place.', claimed_by = NULL, lease_until = NULL
    FROM (
        SELECT object_id, unnest(replaced) AS id FROM judged WHERE verdict = 'write'
    ) AS old
    WHERE m.id = old.id AND m.state IN ('queued', 'deferred')
        AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())
    RETURNING old.object_id
), taken AS (
    INSERT INTO mailings_reminder (topic, object_id, cycle, step, at)
    SELECT %(topic)s, object_id, cycle, step, %(now)s FROM judged
    WHERE verdict = 'write' AND cardinality(replaced)
        = (SELECT count(*) FROM replaced WHERE replaced.object_id = judged.object_id)
    ON CONFLICT (topic, object_id, cycle, step) DO NOTHING
    RETURNING id, object_id
), mails AS (
    INSERT INTO mailings_outgoingmail (kind, state, priority, "to", message_id, template, language,
        context, subject, reminder_id, created_at, next_try, attempts, answer, remote_id)
    SELECT %(kind)s, 'queued', %(priority)s, judged.address,
        '<' || replace(gen_random_uuid()::text, '-', '') || '@' || %(domain)s || '>',
        %(template)s, judged.language, '{}', '', taken.id, %(now)s, judged.leaves_at, 0, '', ''
    FROM taken JOIN judged USING (object_id)
)
SELECT (SELECT count(*) FROM judged), (SELECT max(object_id) FROM judged),
    (SELECT count(*) FROM taken)
"""

_SHOW = """
SELECT object_id, cycle, due_at, step, verdict, last_at, in_a_year FROM judged
ORDER BY object_id
"""


def overtaken(reminders: list[Reminder], days_between: int, now: datetime) -> set[int]:
    """Keys of those whose mail must not leave now, although it was written: asked in the claim.

    Another mail about the same thing left less than `days_between` ago, or a newer one waits. That
    happens when a mail of unknown fate is repeated by hand. What the Lead wrote by hand is free.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OVERTAKEN,
            {
                "keys": [one.pk for one in reminders],
                "since": now - timedelta(days=days_between),
            },
        )
        return {key for (key,) in cursor.fetchall()}


_OVERTAKEN = """
SELECT DISTINCT mine.id FROM mailings_reminder mine
JOIN mailings_reminder other ON other.topic = mine.topic AND other.object_id = mine.object_id
    AND other.id <> mine.id AND other.step IS NOT NULL
JOIN mailings_outgoingmail m ON m.reminder_id = other.id
WHERE mine.id = ANY (%(keys)s) AND mine.step IS NOT NULL AND (
    m.state IN ('sent', 'uncertain') AND coalesce(m.finished_at, m.next_try) > %(since)s
    OR m.state = 'sending'
    OR m.state IN ('queued', 'deferred') AND other.id > mine.id
)
"""


@transaction.atomic
def write_again(
    ladder: Ladder, object_id: int, cycle: datetime, address: str, language: str, by, now: datetime
) -> OutgoingMail:
    """The Lead writes to one thing beside the ladder; it counts for no limit."""
    reminder = Reminder.objects.create(
        topic=ladder.topic, object_id=object_id, cycle=cycle, step=None, at=now, by=by
    )
    mail = outbox.post(ladder.template, address, {}, ladder.kind, language)
    mail.reminder = reminder
    mail.save(update_fields=["reminder"])
    return mail
