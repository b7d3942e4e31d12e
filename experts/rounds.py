"""Refresh rounds: the Lead asks the whole list to confirm until a day, as it was done by hand.

A round begins a cycle for everybody (experts/cycles.py); the ladder does the rest. It ends by
itself after its deadline, with a dated edition of the roster.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from experts import editions, reminders
from experts.cycles import Calendar
from experts.models import Expert, Policy, Round
from mailings import reminders as engine
from mailings.models import OutgoingMail, Reminder
from mailings.reminders import Planned, Verdict
from partners import decisions
from partners.models import Region, User
from partners.refusals import Refused

AT_LEAST, AT_MOST = timedelta(days=7), timedelta(days=180)
SHOWN = 200  # names of those who are not written to, on one page

#: Verdicts by which nothing goes out, now or later in this round.
_NEVER = (
    Verdict.OFF,
    Verdict.NOWHERE,
    Verdict.BOUNCED,
    Verdict.STOPPED,
    Verdict.ENOUGH,
    Verdict.PAUSED,
)


# Steps


def check_deadline(deadline: date, now: datetime):
    """Raises Refused for a day that is too near or too far away."""
    first, last = now.date() + AT_LEAST, now.date() + AT_MOST
    if not first <= deadline <= last:
        raise Refused(
            _("Choose a day from %(first)s to %(last)s.")
            % {"first": date_format(first), "last": date_format(last)}
        )


@transaction.atomic
def open(deadline: date, by: User, now: datetime) -> Round:
    """Everybody who has not confirmed since this moment is due; the next scan writes to them.

    Raises Refused while another round is open, and for a deadline that is not between 7 and 180
    days ahead.
    """
    check_deadline(deadline, now)
    try:
        with transaction.atomic():
            opened = Round.objects.create(opened_at=now, opened_by=by, deadline=deadline)
    except IntegrityError:  # one open at a time, kept by PostgreSQL
        raise Refused(_("A round is open already. Cancel it, or wait for its deadline.")) from None
    decisions.record(by, "opened a round", opened, now)
    return opened


@transaction.atomic
def cancel(round_id: int, by: User, reason: str, now: datetime) -> Round:
    """As if it had never been opened; confirmations stay. Mail that has not left stays here.

    Raises Refused without a reason, and for a round that has ended or was cancelled.
    """
    if not reason.strip():
        raise Refused(_("Give a reason: it stands in the log of decisions."))
    cancelled = Round.objects.select_for_update().get(pk=round_id)
    if not cancelled.is_open:
        raise Refused(_("This round is over."))
    cancelled.cancelled_at = now
    cancelled.save(update_fields=["cancelled_at"])
    decisions.record(by, "cancelled a round", cancelled, now, reason)
    return cancelled


@transaction.atomic
def end_past(now: datetime) -> int:
    """End the round whose deadline has passed, with an edition of the roster.

    Returns how many ended; safe to repeat, and by two workers at once: the second waits for the
    first and finds nothing open.
    """
    ended = 0
    for one in Round.objects.in_force().filter(ended_at=None, deadline__lt=now.date()):
        locked = Round.objects.select_for_update().get(pk=one.pk)
        if not locked.is_open:
            continue
        locked.ended_at = now
        locked.save(update_fields=["ended_at"])
        Policy.objects.get_or_create(pk=1)
        Policy.objects.filter(pk=1, first_round_ended_on=None).update(
            first_round_ended_on=now.date()
        )
        editions.make(now, locked)
        decisions.record(None, "ended a round", locked, now)
        ended += 1
    return ended


# What the Lead sees before a round is opened


@dataclass(frozen=True)
class Preview:
    """What a round that were opened now would do."""

    due: int
    now: int
    later: int
    most: int  # mails on one of the days of the reminders
    unreached: int
    never: list[tuple[str, int]]
    spread_hours: float
    steps: list[int]  # days after the opening
    people: list[tuple[Expert, str]]
    more: int


def preview(now: datetime) -> Preview:
    """Who would be due at once, and what the reminders would do with them. Writes nothing."""
    policy = Policy.current()
    plan = list(_plan(Calendar(now, policy, Round(opened_at=now, deadline=now.date())), now))
    counts = Counter(planned.verdict for planned in plan)
    silent = [(planned.object_id, planned.verdict) for planned in plan if _is_never(planned)]
    return Preview(
        due=len(plan),
        now=counts[Verdict.WRITE],
        later=counts[Verdict.SOON],
        most=counts[Verdict.WRITE] + counts[Verdict.SOON],
        unreached=len(silent),
        never=[(str(verdict.label), counts[verdict]) for verdict in _NEVER if counts[verdict]],
        spread_hours=policy.spread_minutes / 60,
        steps=sorted(policy.reminder_days),
        people=_named([(key, str(verdict.label)) for key, verdict in silent[:SHOWN]]),
        more=max(0, len(silent) - SHOWN),
    )


def _plan(calendar: Calendar, now: datetime) -> Iterator[Planned]:
    """What the reminders would do under this calendar, thing by thing."""
    return engine.plan(reminders.ladder(now, calendar), now)


def _is_never(planned: Planned) -> bool:
    return planned.verdict in _NEVER


def _named(rows: Iterable[tuple[int, str]]) -> list[tuple[Expert, str]]:
    """The experts of these keys with the words beside them, by name: one query."""
    words = dict(rows)
    found = Expert.objects.filter(pk__in=words).select_related("organisation", "country")
    return [(expert, words[expert.pk]) for expert in found.defer("search", "experience")]


# What the Lead sees of a round


@dataclass
class Progress:
    """How far a round has come."""

    asked: int = 0
    confirmed: int = 0
    reminded: list[tuple[int, int]] = field(default_factory=list)  # (mails, how many experts)
    waiting: int = 0  # due, and mail is still to come
    unreached: int = 0
    reasons: list[tuple[str, int]] = field(default_factory=list)
    people: list[tuple[Expert, str]] = field(default_factory=list)
    more: int = 0
    regions: list[dict] = field(default_factory=list)
    is_in_force: bool = False

    @property
    def percent(self) -> int:
        return round(100 * self.confirmed / self.asked) if self.asked else 0


def progress(one: Round, now: datetime) -> Progress:
    """Confirmed since the opening, reminded so often, not written to and why; and by region.

    Why nobody was written to is known while no later round has begun.
    """
    found = Progress(regions=by_region(one))
    found.asked = sum(row["asked"] for row in found.regions)
    found.confirmed = sum(row["confirmed"] for row in found.regions)
    mails = _mails_of(one)
    found.reminded = sorted(Counter(mails["reached"].values()).items())
    calendar = Calendar.at(now)
    found.is_in_force = calendar.round is not None and calendar.round.pk == one.pk
    if not found.is_in_force:
        return found
    why: dict[int, str] = {}
    for planned in _plan(calendar, now):
        key = planned.object_id
        if planned.cycle != one.opened_at or key in mails["reached"]:
            continue  # due for the own year, or written to in this round
        if _is_never(planned):
            why[key] = str(planned.verdict.label)
        elif planned.verdict == Verdict.DONE:
            why[key] = mails["lost"].get(key) or str(_LOST)
        else:
            found.waiting += 1
    found.unreached = len(why)
    found.reasons = Counter(why.values()).most_common()
    found.people = _named(list(why.items())[:SHOWN])
    found.more = max(0, len(why) - SHOWN)
    return found


_LOST = gettext_lazy("The mail did not leave")


def _mails_of(one: Round) -> dict[str, dict]:
    """`reached`: expert → mails of this round that left or are to leave; `lost`: expert → why."""
    rows = Reminder.objects.filter(
        topic=reminders.TOPIC, cycle=one.opened_at, step__lt=Reminder.NOTICE
    ).order_by()
    lost = Q(mail__state__in=(OutgoingMail.State.SKIPPED, OutgoingMail.State.FAILED))
    reached = dict(
        rows.exclude(lost).values_list("object_id").annotate(number=Count("pk")).order_by()
    )
    return {
        "reached": reached,
        "lost": dict(rows.filter(lost).order_by("at").values_list("object_id", "mail__answer")),
    }


def by_region(one: Round) -> list[dict]:
    """The six regions: code, name, `asked` (on the list, and there when it ended) and `confirmed`.

    Who came onto the list after the round ended was not asked by it.
    """
    listed = Expert.objects.listed().order_by()
    if one.ended_at:
        listed = listed.filter(created_at__lte=one.ended_at)
    counts = {
        region: (asked, confirmed)
        for region, asked, confirmed in listed.values_list("region").annotate(
            asked=Count("pk"),
            confirmed=Count("pk", filter=Q(confirmed_at__gt=one.opened_at)),
        )
    }
    return [
        {
            "code": region.value,
            "name": region.label,
            "asked": counts.get(region.value, (0, 0))[0],
            "confirmed": counts.get(region.value, (0, 0))[1],
        }
        for region in Region
    ]
