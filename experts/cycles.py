"""When a profile is due. Computed from facts: the last confirmation, the round, the policy.

A cycle starts with a confirmation or with a round that the Lead opens; whoever has not confirmed
since the round opened is due from then on, everybody else a year after the confirmation.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.models import Case, DateTimeField, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from experts.models import Expert, Policy, Round


@dataclass(frozen=True)
class Calendar:
    """The policy and the round in force, read once for one moment."""

    now: datetime
    policy: Policy
    round: Round | None

    @classmethod
    def at(cls, now: datetime) -> "Calendar":
        """One query: pages of the Lead ask for it each time, to count what waits."""
        with connection.cursor() as cursor:
            cursor.execute(_POLICY_AND_ROUND, [now])
            (found,) = cursor.fetchall()
        policy, opened = found[: len(_POLICY)], found[len(_POLICY) :]
        return cls(
            now,
            Policy(pk=1) if policy[0] is None else Policy.from_db("default", _POLICY, policy),
            None if opened[0] is None else Round.from_db("default", _ROUND, opened),
        )

    @property
    def first_round_ended(self) -> datetime | None:
        day = self.policy.first_round_ended_on
        return datetime.combine(day, time.min, UTC) if day else None

    def due(self) -> QuerySet[Expert]:
        """Listed experts who have not confirmed in time, with `cycle` and `due_at`.

        Who was never asked is not due: a profile that came onto the list after the last round.
        """
        return self.with_cycle(Expert.objects.listed()).filter(self.is_due)

    @property
    def is_due(self) -> Q:
        """What is true of experts who are due; asked of those with `due_at`."""
        since = self.policy.limits(self.now).fresh_since
        if self.round is None:
            late = Q(confirmed_at__lte=since)
        else:
            late = Q(confirmed_at__lte=max(since, self.round.opened_at)) | self._was_asked
        return late & Q(due_at__lte=self.now)

    @property
    def _was_asked(self) -> Q:
        """Never confirmed, and there when the round asked; in a round only."""
        asked = Q(confirmed_at=None)
        if self.round.ended_at:
            asked &= Q(created_at__lte=self.round.ended_at)
        return asked

    def with_cycle(self, experts: QuerySet[Expert]) -> QuerySet[Expert]:
        """`cycle` (when it began) and `due_at`; both NULL for a profile that was never asked."""
        moment = DateTimeField()
        yearly = Months(F("confirmed_at"), self.policy.fresh_months)
        if self.round is None:
            return experts.annotate(cycle=F("confirmed_at"), due_at=yearly)
        opened = Value(self.round.opened_at, output_field=moment)
        in_round = self._was_asked | Q(confirmed_at__lt=self.round.opened_at)
        return experts.annotate(
            cycle=Case(When(in_round, then=opened), default=F("confirmed_at")),
            due_at=Case(When(in_round, then=Greatest(opened, "created_at")), default=yearly),
        )

    def leaving(self) -> QuerySet[Expert]:
        """Listed experts whose silence is long enough for the notice, with `cycle` and `due_at`.

        `due_at` is when the notice is due: so many days before the profile may leave the list.
        `cycle` begins with the confirmation or, if that is later, with the Lead's putting the
        profile (back) on the list: who comes back that way gets another notice before it goes.
        """
        policy, notice = self.policy, timedelta(days=self.policy.notice_days)
        latest = self.now + notice
        counted = Q(confirmed_at__lte=latest - relativedelta(months=policy.lapsed_months))
        silent_since = F("confirmed_at")
        leaves = Months(silent_since, policy.lapsed_months)
        if ended := self.first_round_ended:
            never = Q(confirmed_at=None)
            counted |= never
            began = Greatest(Value(ended, output_field=DateTimeField()), "created_at")
            leaves = Case(When(never, then=Months(began, policy.never_months)), default=leaves)
            silent_since = Case(When(never, then=began), default=silent_since)
        experts = Expert.objects.listed().filter(counted)
        return experts.annotate(
            cycle=Greatest(silent_since, "approved_at"), due_at=leaves - notice
        ).filter(due_at__lte=self.now)

    def silent(self) -> QuerySet[Expert]:
        """Those of `leaving` whose time is over, be the notice as old as it may."""
        notice = timedelta(days=self.policy.notice_days)
        return self.leaving().filter(due_at__lte=self.now - notice)


_POLICY = [field.attname for field in Policy._meta.concrete_fields]
_ROUND = [field.attname for field in Round._meta.concrete_fields]
_POLICY_AND_ROUND = f"""
SELECT {", ".join(f"policy.{name}" for name in _POLICY)},
    {", ".join(f"latest.{name}" for name in _ROUND)}
FROM (SELECT 1) AS one
LEFT JOIN experts_policy AS policy ON policy.id = 1
LEFT JOIN LATERAL (
    SELECT * FROM experts_round WHERE cancelled_at IS NULL AND opened_at <= %s
    ORDER BY opened_at DESC LIMIT 1) AS latest ON true
"""  # noqa: S608


class Months(Func):
    """A moment and so many months, as PostgreSQL adds them: 31 January and one is 28 February."""

    template = "(%(expressions)s * interval '1 month')"
    arg_joiner = " + "
    output_field = DateTimeField()

    def __init__(self, moment, months: int):
        super().__init__(moment, Value(months))
