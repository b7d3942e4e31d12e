"""How many mails may leave now. The counts are PostgreSQL's, so all workers share them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F

from mailings.models import Throttle

SLOW_FOR = timedelta(minutes=10)  # after a server asked for patience: half the rate
HOLD_AFTER = 20  # failures in a row
#: How long nobody tries a server that cannot be reached, by times in a row, in seconds.
AWAY_SECONDS = (1, 2, 5, 10, 20, 30, 60)


def take(wanted: int, now: datetime) -> tuple[int, bool]:
    """(how many mails other than sign-in may leave, whether the server may be tried at all).

    Takes that many out of the allowance, which holds two seconds' worth, or one mail at least.
    Called inside the claim's transaction: the row's lock is held for that time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"rate": settings.MAIL_RATE, "wanted": wanted, "now": now})
        granted, is_away = cursor.fetchone()
    return granted, not is_away


_TAKE = """
WITH before AS (
    SELECT id, held_at IS NOT NULL AS is_held,
        coalesce(away_until > %(now)s, false) AS is_away,
        least(
            greatest(1, 2 * %(rate)s),
            CASE WHEN counted_at IS NULL THEN greatest(1, 2 * %(rate)s)
            ELSE allowance + greatest(0, extract(epoch FROM %(now)s - counted_at)) * %(rate)s
                * CASE WHEN slowed_until > %(now)s THEN 0.5 ELSE 1 END END
        ) AS filled
    FROM mailings_throttle WHERE id = 1 FOR UPDATE
), granted AS (
    SELECT id, is_away, filled,
        CASE WHEN is_held OR is_away THEN 0 ELSE least(%(wanted)s, floor(filled)::int) END AS number
    FROM before
)
UPDATE mailings_throttle t SET allowance = granted.filled - granted.number, counted_at = %(now)s
FROM granted WHERE t.id = granted.id
RETURNING granted.number, granted.is_away
"""


def give_back(number: int):
    """Mails that were not tried after all."""
    Throttle.objects.filter(pk=1).update(allowance=F("allowance") + number)


def slow_down(now: datetime):
    """The server asked for patience (421, 450, 452)."""
    Throttle.objects.filter(pk=1).update(slowed_until=now + SLOW_FOR)


def server_away(now: datetime):
    """The server could not be reached, or broke off: nobody tries it for a while."""
    row = Throttle.objects.get(pk=1)
    seconds = AWAY_SECONDS[min(row.away_times, len(AWAY_SECONDS) - 1)]
    Throttle.objects.filter(pk=1).update(
        away_times=row.away_times + 1, away_until=now + timedelta(seconds=seconds)
    )


def server_there():
    """The server answered."""
    Throttle.objects.filter(pk=1).exclude(away_times=0).update(away_times=0, away_until=None)


def succeeded():
    Throttle.objects.filter(pk=1).exclude(failures_in_a_row=0).update(failures_in_a_row=0)


def failed(now: datetime, why: str):
    """A 5xx: after twenty in a row all but sign-in mail is held until the Lead says 'go on'."""
    Throttle.objects.filter(pk=1).update(failures_in_a_row=F("failures_in_a_row") + 1)
    Throttle.objects.filter(pk=1, held_at=None, failures_in_a_row__gte=HOLD_AFTER).update(
        held_at=now, held_why=why[:500]
    )


def go_on():
    """The Lead lets mail leave again."""
    Throttle.objects.filter(pk=1).update(held_at=None, held_why="", failures_in_a_row=0)


def current() -> Throttle:
    """The row; migration 0002 made it."""
    return Throttle.objects.get(pk=1)
