"""How fresh the list is: every listed expert in one group, and who is an exception for the Lead.

Everything is computed from confirmations, rounds and what was sent (experts/cycles.py); nothing
here writes.
"""

from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from experts.cycles import Calendar
from experts.models import Expert, FollowUp
from experts.models.expert import MAIL_ADDRESS
from experts.reminders import TOPIC
from mailings.models import OutgoingMail, Reminder, Suppression
from mailings.suppression import AddressHash


class Group(TextChoices):
    """Where a listed expert stands; each stands in exactly one (`parted` says in which)."""

    FRESH = "fresh", _("Fresh")
    DUE = "due", _("Due")
    ONCE = "once", _("Reminded once")
    TWICE = "twice", _("Reminded twice")
    THREE = "three", _("Reminded three times or more")
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")
    BOUNCED = "bounced", _("Bounced")
    OFF = "off", _("Reminders off")
    PAUSED = "paused", _("Paused")
    NOT_ASKED = "new", _("Not asked yet")

    @property
    def in_words(self) -> str:
        """Who stands in this group, for the Lead."""
        return _IN_WORDS[self]


_IN_WORDS = {
    Group.FRESH: _("Confirmed in time, and since the last round."),
    Group.DUE: _("Has to confirm, and was not reminded in this cycle yet."),
    Group.ONCE: _("Was written to and has not answered yet."),
    Group.TWICE: _("Was written to and has not answered yet."),
    Group.THREE: _("Was written to and has not answered yet."),
    Group.UNCONFIRMED: _("Silent to the end, or without an e-mail address. Stands in the queue."),
    Group.BOUNCED: _("Mail to the address comes back. Stands in the queue."),
    Group.OFF: _("Has to confirm, but wants no reminders. Stands in the queue."),
    Group.PAUSED: _("Paused by the expert, fresh or not; nothing is sent."),
    Group.NOT_ASKED: _("Never confirmed, and no round has asked so far."),
}


class Why(TextChoices):
    """Why an expert needs the Lead."""

    UNCONFIRMED = "unconfirmed", _("Did not answer the reminders")
    OFF = "off", _("Switched reminders off")
    NOWHERE = "nowhere", _("Has no e-mail address")
    BOUNCED = "bounced", _("Mail to the address comes back")
    STOPPED = "stopped", _("Asked for no mail, or marked ours as unwanted")


#: Groups whose experts no reminder reaches any more.
EXCEPTIONS = (Group.UNCONFIRMED, Group.BOUNCED, Group.OFF)

#: A mail in these states reached nobody (mailings/reminders.py counts in the same way).
_NOT_REACHED = (OutgoingMail.State.SKIPPED, OutgoingMail.State.FAILED)

#: When a reminder left or is to leave.
_LEAVES_AT = Coalesce("mail__finished_at", "mail__next_try", "at")


def parted(now: datetime, experts: QuerySet[Expert] | None = None) -> QuerySet[Expert]:
    """Listed experts (of these), each with `group`, `cycle` and `due_at`.

    `cycle` and `due_at` are NULL for who was never asked. Costs one query, for the policy and the
    round, and none for each expert.
    """
    return _parted(Calendar.at(now), Expert.objects.all() if experts is None else experts)


def _parted(calendar: Calendar, experts: QuerySet[Expert]) -> QuerySet[Expert]:
    # PostgreSQL looks at the branches in this order and stops at the first that is true, so that
    # reminders are read for those alone who are due.
    group = Case(
        When(_is_paused(calendar), then=Value(Group.PAUSED)),
        When(_bounced(), then=Value(Group.BOUNCED)),
        When(due_at=None, then=Value(Group.NOT_ASKED)),
        When(~calendar.is_due, then=Value(Group.FRESH)),
        When(_wants_none(), then=Value(Group.OFF)),
        When(Q(address="") | _ladder_is_over(calendar), then=Value(Group.UNCONFIRMED)),
        default=_GroupOfReminded(_reminders_of_cycle()),
        output_field=CharField(),
    )
    return _known(calendar, experts).annotate(group=group)


def _known(calendar: Calendar, experts: QuerySet[Expert]) -> QuerySet[Expert]:
    """Listed experts of these, with what the conditions below speak of."""
    return calendar.with_cycle(experts.listed()).alias(
        address=MAIL_ADDRESS,
        address_hash=AddressHash(F("address")),
        last_of_cycle=last_reminder(),
    )


def _is_paused(calendar: Calendar) -> Q:
    return Q(paused_until__isnull=False, paused_until__gt=calendar.now.date())


def _bounced() -> Q:
    return Q(address_hash__in=_suppressed().filter(reason=Suppression.Reason.BOUNCED))


def _wants_none() -> Q:
    """Switched reminders off, or stopped our mail in another way."""
    return Q(reminders_off_at__isnull=False) | Q(address_hash__in=_suppressed())


def _ladder_is_over(calendar: Calendar) -> Q:
    """The time of the reminders has passed, the last one is old enough, and no more will come."""
    now, policy = calendar.now, calendar.policy
    last_step = len(policy.reminder_days) - 1
    taken = Reminder.objects.filter(
        topic=TOPIC,
        object_id=OuterRef("pk"),
        cycle=OuterRef("cycle"),
        step__gte=last_step,
        step__lt=Reminder.NOTICE,
    )
    in_a_year = (
        _reached()
        .annotate(leaves_at=_LEAVES_AT)
        .filter(leaves_at__gt=now - relativedelta(months=12))
        .values("object_id")
        .annotate(number=Count("pk"))
        .filter(number__gte=policy.reminders_a_year)
    )
    of_late = Q(leaves_at__gt=now - timedelta(days=policy.days_between))
    on_its_way = Q(mail__state__in=[*OutgoingMail.WAITING, OutgoingMail.State.SENDING])
    may_be_answered = (
        _reached()
        .filter(cycle=OuterRef("cycle"))
        .annotate(leaves_at=_LEAVES_AT)
        .filter(of_late | on_its_way)
    )
    is_past = Q(due_at__lte=now - timedelta(days=policy.due_days))
    return is_past & (Exists(taken) | Exists(in_a_year)) & ~Exists(may_be_answered)


def _reached() -> QuerySet[Reminder]:
    """Reminders of a ladder to the expert of the outer query, but those that reached nobody."""
    return (
        Reminder.objects.filter(topic=TOPIC, object_id=OuterRef("pk"), step__lt=Reminder.NOTICE)
        .exclude(mail__state__in=_NOT_REACHED)
        .order_by()
    )


def _reminders_of_cycle() -> Coalesce:
    number = (
        _reached()
        .filter(cycle=OuterRef("cycle"))
        .values("object_id")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(number), 0, output_field=IntegerField())


def last_reminder() -> Subquery:
    """When the last reminder of the cycle left or is to leave; for experts with `cycle`."""
    last = (
        _reached()
        .filter(cycle=OuterRef("cycle"))
        .values("object_id")
        .annotate(last=Max(_LEAVES_AT))
        .values("last")
    )
    return Subquery(last)


def _suppressed() -> QuerySet[Suppression]:
    return Suppression.objects.filter(topic__in=["", TOPIC]).order_by().values("address_hash")


class _GroupOfReminded(Func):
    """The group of an expert who is due and had so many reminders in this cycle."""

    template = "(ARRAY['due', 'once', 'twice', 'three'])[least(%(expressions)s, 3) + 1]"
    output_field = CharField()


def silent(now: datetime) -> QuerySet[Expert]:
    """Experts that need the Lead, and whom no Lead took up in this cycle.

    Annotated: `why` (a Why), `since` (when they became an exception), `due_at`, and `cycle`, for
    which who was never asked has the day of the profile. An address that bounced counts at once,
    the rest when the profile is due; who is paused does not count.
    """
    calendar = Calendar.at(now)
    policy = calendar.policy
    suppressed_at = Subquery(
        Suppression.objects.filter(topic__in=["", TOPIC], address_hash=OuterRef("address_hash"))
        .order_by()
        .values("address_hash")
        .annotate(first=Min("since"))
        .values("first")
    )
    over_at = Greatest(  # PostgreSQL leaves a NULL out
        F("due_at") + timedelta(days=policy.due_days),
        F("last_of_cycle") + timedelta(days=policy.days_between),
        output_field=DateTimeField(),
    )
    taken_up = FollowUp.objects.filter(
        expert=OuterRef("pk"), at__gte=OuterRef("cycle"), until__gt=now, answered_at=None
    )
    why = [
        (_bounced(), Why.BOUNCED, suppressed_at),
        (Q(reminders_off_at__isnull=False), Why.OFF, Greatest("due_at", "reminders_off_at")),
        (_wants_none(), Why.STOPPED, Greatest(F("due_at"), suppressed_at)),
        (Q(address=""), Why.NOWHERE, F("due_at")),
    ]
    exceptions = _wants_none() | Q(address="") | _ladder_is_over(calendar)
    return (
        _known(calendar, Expert.objects.all())
        .exclude(_is_paused(calendar))
        .filter(_bounced() | (calendar.is_due & exceptions))
        .annotate(
            why=Case(
                *[When(condition, then=Value(word)) for condition, word, _since in why],
                default=Value(Why.UNCONFIRMED),
                output_field=CharField(),
            ),
            since=Case(
                *[When(condition, then=since) for condition, _word, since in why],
                default=over_at,
                output_field=DateTimeField(),
            ),
            cycle=Coalesce("cycle", "created_at"),
        )
        .exclude(Exists(taken_up))
    )


def numbers(now: datetime) -> dict[Group, int]:
    """How many experts stand in each group; all groups are there, their sum is the list."""
    rows = parted(now).order_by().values_list("group").annotate(number=Count("pk"))
    return dict.fromkeys(Group, 0) | {Group(group): number for group, number in rows}
