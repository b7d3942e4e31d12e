"""Every listed expert stands in exactly one group, and the exceptions are the Lead's."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experts import freshness, reminders
from experts.cycles import Calendar
from experts.freshness import Group
from experts.models import Expert, FollowUp, Policy, Round
from mailings import suppression
from mailings.models import OutgoingMail, Reminder, Suppression
from mailings.reminders import Verdict
from tests.factories import NOW, TODAY, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db
DAY, TINY = timedelta(days=1), timedelta(microseconds=1)
YEAR = NOW - relativedelta(months=12)
LATE = YEAR - 60 * DAY  # confirmed so long ago that the ladder is over
State = OutgoingMail.State


def reminded(expert, *days_ago, cycle=None, state=State.SENT):
    """Steps 0, 1, … of this cycle, so many days before NOW."""
    for step, days in enumerate(days_ago):
        at = NOW - days * DAY
        reminder = Reminder.objects.create(
            topic="profile",
            object_id=expert.pk,
            cycle=cycle or expert.confirmed_at,
            step=step,
            at=at,
        )
        OutgoingMail.objects.create(
            kind="reminder",
            state=state,
            to=expert.email,
            reminder=reminder,
            created_at=at,
            next_try=at,
            finished_at=None if state == State.QUEUED else at,
        )


def suppress(expert, reason, since=NOW, topic=""):
    suppression.suppress(suppression.hash_of(expert.email), topic, reason, since)


def open_round(days_ago, ended_days_ago=None, cancelled=False):
    at = NOW - days_ago * DAY
    return Round.objects.create(
        opened_at=at,
        opened_by=LeadFactory(),
        deadline=at.date() + 60 * DAY,
        ended_at=None if ended_days_ago is None or cancelled else NOW - ended_days_ago * DAY,
        cancelled_at=at + DAY if cancelled else None,
    )


def group_of(expert) -> str:
    return freshness.parted(NOW).get(pk=expert.pk).group


def exceptions(now=NOW) -> dict:
    """Name → why."""
    return dict(freshness.silent(now).values_list("name", "why"))


# One by one


@pytest.mark.parametrize(
    ("confirmed_at", "group"),
    [
        (NOW, Group.FRESH),
        (YEAR + TINY, Group.FRESH),
        (YEAR, Group.DUE),
        (YEAR - 400 * DAY, Group.DUE),  # nobody was written to so far: the next scan does it
        (None, Group.NOT_ASKED),
    ],
)
def test_without_reminders_the_confirmation_decides(confirmed_at, group):
    assert group_of(ExpertFactory(confirmed_at=confirmed_at)) == group


@pytest.mark.parametrize(
    ("days_ago", "group"),
    [
        ((1,), Group.ONCE),
        ((15, 1), Group.TWICE),
        ((29, 15, 1), Group.THREE),
        ((43, 29, 15, 1), Group.THREE),
    ],
)
def test_reminders_of_this_cycle_are_counted(days_ago, group):
    expert = ExpertFactory(confirmed_at=YEAR - days_ago[0] * DAY)
    reminded(expert, *days_ago)

    assert group_of(expert) == group


def test_a_reminder_that_reached_nobody_is_not_counted():
    failed = ExpertFactory(confirmed_at=YEAR - DAY)
    reminded(failed, 1, state=State.FAILED)
    skipped = ExpertFactory(confirmed_at=YEAR - DAY)
    reminded(skipped, 1, state=State.SKIPPED)
    waiting = ExpertFactory(confirmed_at=YEAR - DAY)
    reminded(waiting, 1, state=State.QUEUED)

    assert [group_of(one) for one in (failed, skipped, waiting)] == ["due", "due", "once"]


def test_reminders_of_an_older_cycle_and_those_by_hand_are_not_counted():
    expert = ExpertFactory(confirmed_at=YEAR - DAY)
    reminded(expert, 400, 386, cycle=YEAR - 500 * DAY)
    Reminder.objects.create(
        topic="profile", object_id=expert.pk, cycle=expert.confirmed_at, step=None, at=NOW
    )

    assert group_of(expert) == "due"


@pytest.mark.parametrize(
    ("past_due", "last", "group"),
    [
        (42 * DAY, 14 * DAY, Group.UNCONFIRMED),
        (42 * DAY - TINY, 14 * DAY, Group.THREE),
        (42 * DAY, 14 * DAY - TINY, Group.THREE),
        (400 * DAY, 300 * DAY, Group.UNCONFIRMED),
    ],
)
def test_the_ladder_is_over_42_days_past_due_and_14_after_the_last_mail(past_due, last, group):
    expert = ExpertFactory(confirmed_at=YEAR - past_due)
    reminded(expert, *[(last + (2 - step) * 14 * DAY) / DAY for step in range(3)])

    assert group_of(expert) == group
    assert exceptions() == ({expert.name: "unconfirmed"} if group == "unconfirmed" else {})


def test_while_a_reminder_has_not_left_yet_the_ladder_is_not_over():
    """The mail server was away for weeks."""
    expert = ExpertFactory(confirmed_at=YEAR - 60 * DAY)
    reminded(expert, 60, 46, 30, state=State.QUEUED)

    assert group_of(expert) == "three"

    OutgoingMail.objects.update(state=State.SENT, finished_at=NOW - 14 * DAY)
    assert group_of(expert) == "unconfirmed"


def test_whom_the_yearly_limit_keeps_from_the_last_step_is_unconfirmed_all_the_same():
    """A round after a ladder: three mails in 12 months, so none more is written."""
    expert = ExpertFactory(confirmed_at=YEAR - 100 * DAY)
    reminded(expert, 100, 86, 72)
    open_round(days_ago=43)

    assert [one.verdict for _ladder, one in reminders.plan(NOW)] == [Verdict.ENOUGH]
    assert group_of(expert) == "unconfirmed"


def test_who_cannot_be_reached_is_unconfirmed_once_the_time_is_over():
    expert = ExpertFactory(confirmed_at=YEAR - 43 * DAY)
    reminded(expert, 43, 29, 15, state=State.FAILED)

    assert group_of(expert) == "unconfirmed"
    assert freshness.silent(NOW).get().since == NOW - DAY  # 42 days past due


def test_who_has_no_address_needs_the_lead_when_due_and_not_before():
    due = ExpertFactory(confirmed_at=YEAR - DAY, email="")
    ExpertFactory(email="")
    by_sign_in = ExpertFactory(confirmed_at=YEAR - DAY, claimed=True)
    Expert.objects.filter(pk=by_sign_in.pk).update(email="")

    assert exceptions() == {due.name: "nowhere"}
    assert freshness.silent(NOW).get().since == NOW - DAY


def test_a_bounced_address_needs_the_lead_at_once():
    expert = ExpertFactory()
    suppress(expert, Suppression.Reason.BOUNCED, since=NOW - 3 * DAY)
    never = ExpertFactory(confirmed_at=None)
    suppress(never, Suppression.Reason.BOUNCED, since=NOW - 2 * DAY)

    assert [group_of(one) for one in (expert, never)] == ["bounced", "bounced"]
    rows = freshness.silent(NOW).order_by("since").values_list("name", "why", "since", "cycle")
    assert list(rows) == [
        (expert.name, "bounced", NOW - 3 * DAY, expert.confirmed_at),
        (never.name, "bounced", NOW - 2 * DAY, never.created_at),
    ]


def test_reminders_off_shows_when_the_profile_is_due():
    off = ExpertFactory(confirmed_at=YEAR - DAY, reminders_off_at=NOW - 100 * DAY)
    stopped = ExpertFactory(confirmed_at=YEAR - 3 * DAY)
    suppress(stopped, Suppression.Reason.STOPPED, since=NOW - 2 * DAY, topic="profile")
    unwanted = ExpertFactory(confirmed_at=YEAR - DAY)
    suppress(unwanted, Suppression.Reason.COMPLAINT, since=NOW - 9 * DAY)
    fresh = ExpertFactory(reminders_off_at=NOW - 100 * DAY)
    other_topic = ExpertFactory(confirmed_at=YEAR - DAY)
    suppress(other_topic, Suppression.Reason.STOPPED, topic="digest")

    assert group_of(fresh) == "fresh"
    assert group_of(other_topic) == "due"
    assert {group_of(one) for one in (off, stopped, unwanted)} == {"off"}
    assert exceptions() == {off.name: "off", stopped.name: "stopped", unwanted.name: "stopped"}
    since = dict(freshness.silent(NOW).values_list("name", "since"))
    assert since == {
        off.name: NOW - DAY,
        stopped.name: NOW - 2 * DAY,
        unwanted.name: NOW - DAY,
    }


def test_who_is_paused_is_no_exception_until_the_pause_ends():
    expert = ExpertFactory(confirmed_at=LATE, paused_until=TODAY + DAY)
    suppress(expert, Suppression.Reason.BOUNCED)

    assert group_of(expert) == "paused"
    assert exceptions() == {}
    assert exceptions(NOW + DAY) == {expert.name: "bounced"}


def test_a_round_makes_everybody_due_who_has_not_confirmed_since():
    before = ExpertFactory(confirmed_at=NOW - 30 * DAY)
    since = ExpertFactory(confirmed_at=NOW - 10 * DAY)
    never = ExpertFactory(confirmed_at=None, created_at=NOW - 90 * DAY)
    open_round(days_ago=20)

    assert [group_of(one) for one in (before, since, never)] == ["due", "fresh", "due"]


def test_what_a_lead_took_up_in_this_cycle_leaves_the_queue_until_its_day():
    expert = ExpertFactory(confirmed_at=LATE, reminders_off_at=NOW)
    lead = LeadFactory()

    def took_up(at, until, answered_at=None):
        FollowUp.objects.all().delete()
        FollowUp.objects.create(
            expert=expert, action="leave", by=lead, at=at, until=until, answered_at=answered_at
        )
        return exceptions() == {}

    assert took_up(NOW - DAY, NOW + TINY)
    assert not took_up(NOW - DAY, NOW)
    assert not took_up(expert.confirmed_at - TINY, NOW + DAY)  # of the cycle before
    assert took_up(expert.confirmed_at, NOW + DAY)
    assert not took_up(NOW - DAY, NOW + DAY, answered_at=NOW)


def test_who_is_not_listed_stands_in_no_group():
    for status in set(Expert.Status) - {Expert.Status.LISTED}:
        ExpertFactory(status=status, confirmed_at=LATE, email="")

    assert freshness.parted(NOW).count() == 0
    assert sum(freshness.numbers(NOW).values()) == 0
    assert exceptions() == {}


@pytest.mark.parametrize("number", [4, 40])
def test_the_numbers_take_two_queries_whatever_the_list(number, django_assert_num_queries):
    for place in range(number):
        expert = ExpertFactory(confirmed_at=YEAR - (place % 50) * DAY)
        reminded(expert, *[20, 6][: place % 3])

    with django_assert_num_queries(2):  # policy, round, numbers
        found = freshness.numbers(NOW)
    with django_assert_num_queries(2):
        list(freshness.silent(NOW))

    assert sum(found.values()) == number


# All together: random lists against the same rules in plain Python


@dataclass
class Facts:
    """What is true of one expert; moments as days before NOW."""

    confirmed: float | None
    created: float
    paused_for: int | None = None
    off: bool = False
    address: str = "works"  # or none, bounced, stopped
    reminders: list[tuple] = field(default_factory=list)  # days ago, state, of this cycle


@dataclass
class Asked:
    opened: float
    ended: float | None
    cancelled: bool


days_ago = st.one_of(
    st.sampled_from([0, (NOW - YEAR) / DAY, (NOW - YEAR) / DAY + 42, 1200]), st.integers(0, 900)
)
facts = st.builds(
    Facts,
    confirmed=st.one_of(st.none(), days_ago),
    created=st.integers(0, 1300),
    paused_for=st.sampled_from([None, None, None, -1, 0, 1]),
    off=st.sampled_from([False, False, False, True]),
    address=st.sampled_from(["works", "works", "works", "none", "bounced", "stopped"]),
    reminders=st.lists(
        st.tuples(
            st.one_of(st.sampled_from([13, 14, 15]), st.integers(0, 400)),
            st.sampled_from([State.SENT, State.SENT, State.FAILED, State.SKIPPED]),
            st.booleans(),
        ),
        max_size=4,
    ),
)
rounds = st.lists(
    st.builds(
        Asked,
        opened=st.integers(0, 500),
        ended=st.one_of(st.none(), st.integers(0, 500)),
        cancelled=st.booleans(),
    ),
    max_size=2,
)


def expected(one: Facts, expert: Expert, asked: list[Asked]) -> str:
    """The group, as the rules of the partnership say it."""
    if one.paused_for is not None and one.paused_for > 0:
        return "paused"
    if one.address == "bounced":
        return "bounced"
    _cycle, due_at = cycle_of(expert, asked)
    if due_at is None:
        return "new"
    if due_at > NOW:
        return "fresh"
    if one.off or one.address == "stopped":
        return "off"
    if one.address == "none":
        return "unconfirmed"
    reached = [days for days, state, now in one.reminders if now and state == State.SENT]
    in_a_year = sum(
        NOW - days * DAY > YEAR for days, state, _now in one.reminders if state == State.SENT
    )
    no_more = sum(now for _days, _state, now in one.reminders) >= 3 or in_a_year >= 3
    silent_for_14 = not reached or min(reached) >= 14
    if NOW - due_at >= 42 * DAY and silent_for_14 and no_more:
        return "unconfirmed"
    return ["due", "once", "twice", "three"][min(len(reached), 3)]


def cycle_of(expert: Expert, asked: list[Asked]) -> tuple[datetime | None, datetime | None]:
    held = [one for one in asked if not one.cancelled]
    last = min(held, key=lambda one: one.opened, default=None)
    if last:
        opened = NOW - last.opened * DAY
        if expert.confirmed_at and expert.confirmed_at < opened:
            return opened, max(opened, expert.created_at)
        ended = None if last.ended is None else NOW - last.ended * DAY
        if not expert.confirmed_at and (ended is None or expert.created_at <= ended):
            return opened, max(opened, expert.created_at)
    if not expert.confirmed_at:
        return None, None
    return expert.confirmed_at, expert.confirmed_at + relativedelta(months=12)


def make(number: int, one: Facts, asked: list[Asked]) -> Expert:
    expert = Expert.objects.create(
        name=f"Expert {number:02} (example)",
        status=Expert.Status.LISTED,
        country_id="JP",
        email="" if one.address == "none" else f"expert{number}@example.org",
        approved_at=NOW - one.created * DAY,
        created_at=NOW - one.created * DAY,
        confirmed_at=None if one.confirmed is None else NOW - one.confirmed * DAY,
        paused_until=None if one.paused_for is None else TODAY + one.paused_for * DAY,
        reminders_off_at=NOW if one.off else None,
    )
    if one.address in ("bounced", "stopped"):
        suppress(expert, one.address)
    cycle, _due_at = cycle_of(expert, asked)
    steps = Counter()
    for days, state, is_now in one.reminders:
        of = (cycle or NOW) if is_now else NOW - 2000 * DAY
        reminder = Reminder.objects.create(
            topic="profile", object_id=expert.pk, cycle=of, step=steps[of], at=NOW - days * DAY
        )
        steps[of] += 1
        OutgoingMail.objects.create(
            kind="reminder", state=state, reminder=reminder, finished_at=NOW - days * DAY
        )
    return expert


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(list_of=st.lists(facts, min_size=1, max_size=6), asked=rounds)
def test_random_lists_are_parted_as_the_rules_say(db, list_of, asked):
    asked = [Asked(one.opened, min(one.opened, one.ended or 0), one.cancelled) for one in asked]
    with transaction.atomic():
        for one in asked:
            open_round(one.opened, one.ended, one.cancelled)
        made = [(one, make(number, one, asked)) for number, one in enumerate(list_of)]

        groups = dict(freshness.parted(NOW).values_list("pk", "group"))
        numbers = freshness.numbers(NOW)
        silent = dict(freshness.silent(NOW).values_list("pk", "why"))
        due = set(Calendar.at(NOW).due().values_list("pk", flat=True))
        written = {
            one.object_id
            for ladder, one in reminders.plan(NOW)
            if ladder.first_step != Reminder.NOTICE and one.verdict == Verdict.WRITE
        }

        assert groups == {expert.pk: expected(one, expert, asked) for one, expert in made}
        assert numbers == {group: list(groups.values()).count(group) for group in Group}
        assert silent.keys() == {
            key for key, group in groups.items() if group in ("unconfirmed", "bounced", "off")
        }
        assert not written & silent.keys()
        beside = ("paused", "bounced")
        assert {key for key in due if groups[key] not in beside} == {
            key for key, group in groups.items() if group not in (*beside, "fresh", "new")
        }
        transaction.set_rollback(True)


def test_the_policy_moves_the_groups():
    expert = ExpertFactory(confirmed_at=NOW - 200 * DAY)
    assert group_of(expert) == "fresh"

    Policy(pk=1, fresh_months=6).save()

    assert group_of(expert) == "due"
