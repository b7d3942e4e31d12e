"""How many mails may leave now. The counts are PostgreSQL's and by its clock: workers share them.

Nothing here waits for the disk: after a power cut a few counts are missing, and no mail.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Least

from mailings.models import Throttle

SLOW_SECONDS = 600  # half the rate, after a server asked for patience
HOLD_AFTER = 20  # failures in a row
#: How long nobody tries a server that cannot be reached, by times in a row, in seconds.
AWAY_SECONDS = (1, 2, 5, 10, 20, 30, 60)
_MOST = 1000  # what the counts are capped at


@dataclass(frozen=True)
class Grant:
    """What may leave now, beside sign-in mail."""

    number: int
    is_held: bool
    is_troubled: bool  # there are counts that a success clears


def may_be_tried() -> bool:
    """Whether the server was not found away just now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT away_until > clock_timestamp() IS NOT TRUE FROM mailings_throttle WHERE id = 1"
        )
        return cursor.fetchone()[0]


def take(wanted: int) -> Grant:
    """Take so many mails, or what there is, out of the allowance.

    It fills up at settings.MAIL_RATE a second and holds two seconds' worth, or one mail at least.
    Called at the end of a claim: the row stays locked until that is committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"rate": settings.MAIL_RATE, "wanted": wanted})
        return Grant(*cursor.fetchone())


_TAKE = """
WITH before AS (
    SELECT id, held_at IS NOT NULL AS is_held, failures_in_a_row + away_times > 0 AS is_troubled,
        clock_timestamp() AS now, counted_at, allowance, greatest(1, 2 * %(rate)s) AS most,
        CASE WHEN slowed_until > clock_timestamp() THEN %(rate)s / 2 ELSE %(rate)s END AS rate
    FROM mailings_throttle WHERE id = 1 FOR UPDATE
), filled AS (
    SELECT *, least(most, CASE WHEN counted_at IS NULL THEN most
        ELSE allowance + greatest(0, extract(epoch FROM now - counted_at)) * rate END) AS there
    FROM before
), granted AS (
    SELECT *, CASE WHEN is_held THEN 0 ELSE least(%(wanted)s, floor(there)::int) END AS number
    FROM filled
)
UPDATE mailings_throttle t SET allowance = granted.there - granted.number, counted_at = granted.now
FROM granted WHERE t.id = granted.id
RETURNING granted.number, granted.is_held, granted.is_troubled
"""


def give_back(number: int):
    """Mails that were not tried after all."""
    Throttle.objects.filter(pk=1).update(allowance=F("allowance") + number)


def slow_down():
    """The server asked for patience (421, 450, 452)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_throttle SET slowed_until = clock_timestamp() "
            "+ make_interval(secs => %s) WHERE id = 1",
            [SLOW_SECONDS],
        )


def server_away():
    """The server could not be reached, or broke off: nobody tries it for a while."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE mailings_throttle SET away_times = least(away_times + 1, %(most)s),
                away_until = clock_timestamp() + make_interval(secs =>
                    (%(waits)s::float[])[least(away_times + 1, cardinality(%(waits)s::float[]))])
            WHERE id = 1 AND away_until > clock_timestamp() IS NOT TRUE
            """,
            {"waits": list(AWAY_SECONDS), "most": _MOST},
        )


def succeeded():
    """The server took a mail: it is there, and failures are not in a row any more."""
    Throttle.objects.filter(pk=1).update(failures_in_a_row=0, away_times=0, away_until=None)


def failed(now: datetime, why: str):
    """A 5xx: after twenty in a row all but sign-in mail is held until the Lead says 'go on'."""
    Throttle.objects.filter(pk=1).update(failures_in_a_row=Least(F("failures_in_a_row") + 1, _MOST))
    Throttle.objects.filter(pk=1, held_at=None, failures_in_a_row__gte=HOLD_AFTER).update(
        held_at=now, held_why=why[:500]
    )


def go_on():
    """The Lead lets mail leave again."""
    Throttle.objects.filter(pk=1).update(held_at=None, held_why="", failures_in_a_row=0)


def current() -> Throttle:
    """The row; migration 0002 made it."""
    return Throttle.objects.get(pk=1)
