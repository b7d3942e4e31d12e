"""Where mail stands: figures for the Lead, read in a handful of queries."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Func, Max, Min, Sum, TextField, Value
from django.db.models.functions import TruncMinute
from django.utils.text import capfirst
from django.utils.translation import gettext

from mailings import throttle
from mailings.models import IncomingCount, OutgoingMail, Suppression, Throttle

Kind, State = OutgoingMail.Kind, OutgoingMail.State

FAILURES_OF = timedelta(days=7)
MOST_ANSWERS = 20  # groups of failures that are shown
MOST_UNCERTAIN = 50  # mails to decide on that are shown
LATE_AFTER = timedelta(minutes=15)


class Alike(Func):
    """An answer without what differs from mail to mail: addresses, numbers of queues."""

    function = "regexp_replace"
    output_field = TextField()

    def __init__(self, answer: str):
        differs = r"[^[:space:]]*@[^[:space:]]*|[[:alnum:]_-]*[[:digit:]][[:alnum:]_-]{7,}"
        super().__init__(answer, Value(differs), Value("…"), Value("g"))


@dataclass(frozen=True)
class Progress:
    """`rows`: a kind's name and its numbers in the order of `State`; `minutes`: (minute, mails)."""

    now: datetime
    rows: list[tuple[str, list[int]]]
    totals: list[int]
    oldest: datetime | None  # of what could leave now, the moment at which it was written
    minutes: list[tuple[datetime, int]]
    throttle: Throttle
    uncertain: list[OutgoingMail]
    failures: list[dict]
    marked: dict[str, int]
    came_in: list[tuple[str, int]]  # of the last days: what it was, how many; the most first

    @property
    def waiting(self) -> int:
        by_state = dict(zip(State, self.totals, strict=True))
        return by_state[State.QUEUED] + by_state[State.DEFERRED]

    @property
    def uncertain_number(self) -> int:
        return dict(zip(State, self.totals, strict=True))[State.UNCERTAIN]

    @property
    def in_last_hour(self) -> int:
        return sum(number for _minute, number in self.minutes)

    @property
    def busiest(self) -> int:
        """The most that left in one minute of the last hour."""
        return max((number for _minute, number in self.minutes), default=0)

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and self.now - self.oldest > LATE_AFTER

    @property
    def is_away(self) -> bool:
        return bool(self.throttle.away_until and self.throttle.away_until > self.now)

    @property
    def is_slowed(self) -> bool:
        return bool(self.throttle.slowed_until and self.throttle.slowed_until > self.now)

    @property
    def rate(self) -> float:
        """Mails a second that may leave now, sign-in mail apart."""
        return settings.MAIL_RATE / 2 if self.is_slowed else settings.MAIL_RATE


def at(now: datetime) -> Progress:
    """The figures of this moment; the same number of queries however much mail there is."""
    counted: Counter = Counter()
    groups = OutgoingMail.objects.order_by().values_list("kind", "state").annotate(n=Count("pk"))
    for kind, state, number in groups:
        counted[kind, state] = number
    rows = [(kind.label, [counted[kind.value, state.value] for state in State]) for kind in Kind]
    due = OutgoingMail.objects.waiting().filter(next_try__lte=now)
    uncertain = OutgoingMail.objects.filter(state=State.UNCERTAIN).defer("context", "content")
    return Progress(
        now=now,
        rows=rows,
        totals=[sum(numbers) for numbers in zip(*(row for _kind, row in rows), strict=True)],
        oldest=due.aggregate(oldest=Min("created_at"))["oldest"],
        minutes=list(
            OutgoingMail.objects.filter(
                state=State.SENT, finished_at__gt=now - timedelta(hours=1), finished_at__lte=now
            )
            .annotate(minute=TruncMinute("finished_at"))
            .values_list("minute")
            .annotate(n=Count("pk"))
            .order_by("-minute")
        ),
        throttle=throttle.current(),
        uncertain=list(uncertain.order_by("next_try", "pk")[:MOST_UNCERTAIN]),
        failures=list(
            OutgoingMail.objects.filter(
                state=State.FAILED, finished_at__gt=now - FAILURES_OF, finished_at__lte=now
            )
            .order_by()
            .values(said=Alike("answer"))
            .annotate(n=Count("pk"), last=Max("finished_at"))
            .order_by("-n", "-last")[:MOST_ANSWERS]
        ),
        marked=dict(
            Suppression.objects.filter(topic="")
            .order_by()
            .values_list("reason")
            .annotate(n=Count("pk"))
        ),
        came_in=_came_in(now),
    )


def _came_in(now: datetime) -> list[tuple[str, int]]:
    rows = IncomingCount.objects.filter(day__gt=(now - FAILURES_OF).date()).order_by()
    sums = rows.values_list("sort").annotate(n=Sum("number")).order_by("-n", "sort")
    return [(capfirst(gettext(sort)), number) for sort, number in sums]
