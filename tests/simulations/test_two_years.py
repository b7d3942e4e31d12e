"""Years of the list, event by event: what leaves is held against the facts, in plain Python.

`World` keeps the facts beside the portal and says, from them and from the mails that left, what a
scan has to write and what a delivery has to send: exactly that, nothing less and nothing more. The
rules of the partnership are then asked of the list of mails alone (`Rules`).

Two drivers: Hypothesis looks for the shortest story that breaks something; and forty experts live
through two years of daily scans, two schedulers, outages and everything that happens to people.
"""

import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import time_machine
from dateutil.relativedelta import relativedelta
from django.core import mail
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from experts import confirmation, listing, switching_off
from experts import reminders as ladders
from experts.models import Expert, Policy, Round
from mailings import bounces, delivery, reminders
from mailings.models import Bounce, OutgoingMail, Reminder
from partners.models import User
from tests.factories import ExpertFactory, LeadFactory

START = datetime(2026, 1, 5, 5, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
YEAR = relativedelta(months=12)


@dataclass
class Person:
    """What is true of one expert, as the events made it."""

    key: int
    address: str
    confirmed: datetime | None
    created: datetime
    listed_since: datetime
    status: str = "listed"
    left_for_silence: bool = False
    paused_until: datetime | None = None  # midnight of the day
    off: bool = False


@dataclass
class Asked:
    """A round: while it is not cancelled, who has not confirmed since `opened` is due."""

    key: int
    opened: datetime
    ended: datetime | None = None
    cancelled: bool = False


@dataclass
class Numbers:
    """The policy, and the defaults of the issue."""

    fresh_months: int = 12
    lapsed_months: int = 36
    never_months: int = 12
    reminder_days: list[int] = field(default_factory=lambda: [0, 14, 28])
    reminders_a_year: int = 3
    days_between: int = 14
    notice_days: int = 30
    spread_minutes: int = 480
    first_round_ended_on: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """A mail that a scan wrote and that has neither left nor been dropped."""

    key: int  # of the reminder
    person: int
    is_notice: bool
    cycle: datetime
    step: int
    written: datetime
    leaves: datetime  # not before
    at_most: int  # reminders in 12 months, when it was written


@dataclass(frozen=True)
class Left:
    """A mail that really left."""

    person: int
    is_notice: bool
    cycle: datetime
    step: int
    at: datetime


class World:
    def __init__(self, people: list[Expert], lead: User, now: datetime):
        self.clock = time_machine.travel(now, tick=False)
        self.coordinates = self.clock.start()
        self.now = now
        self.lead = lead
        self.numbers = Numbers()
        self.people = {
            one.pk: Person(one.pk, one.email, one.confirmed_at, one.created_at, one.approved_at)
            for one in people
        }
        self.bounced: set[str] = set()
        self.rounds: list[Asked] = []
        self.waiting: list[Waiting] = []
        self.taken: dict[int, set[tuple[datetime, int]]] = {key: set() for key in self.people}
        self.left: dict[int, list[Left]] = {key: [] for key in self.people}
        self.by_hand: list[int] = []
        self.seen = len(mail.outbox)
        self.newest = 0  # key of a reminder that a scan wrote
        self.serial = 0

    def close(self):
        self.clock.stop()

    def go_to(self, moment: datetime):
        self.now = moment
        self.coordinates.move_to(moment)

    # What happens to people; each is one step of the portal and its fact

    def listed(self) -> list[Person]:
        return [one for one in self.people.values() if one.status == "listed"]

    def can_confirm(self) -> list[Person]:
        return [
            one for one in self.people.values() if one.status == "listed" or one.left_for_silence
        ]

    def confirm(self, person: Person):
        confirmation.confirm(person.key, self.now)
        person.confirmed, person.status, person.left_for_silence = self.now, "listed", False

    def pause(self, person: Person, days: int):
        until = (self.now + days * DAY).date()
        listing.pause(person.key, until, self.now)
        person.paused_until = datetime.combine(until, time.min, UTC)

    def end_pause(self, person: Person):
        listing.end_pause(person.key, self.now)
        person.paused_until = None

    def bounce(self, person: Person):
        bounces.note(person.address, Bounce.Kind.HARD, Bounce.Source.REPORT, self.now)
        self.bounced.add(person.address)

    def move(self, person: Person):
        """The Lead corrects the address, which confirms nothing."""
        self.serial += 1
        person.address = f"moved{self.serial}@example.org"
        Expert.objects.filter(pk=person.key).update(email=person.address)

    def switch(self, person: Person):
        (switching_off.switch_on if person.off else switching_off.switch_off)(person.key, self.now)
        person.off = not person.off

    def unlist(self, person: Person):
        listing.unlist(person.key, self.lead, "Reason", self.now)
        person.status = "unlisted"

    def relist(self, person: Person):
        listing.relist(person.key, self.lead, self.now)
        person.status, person.left_for_silence, person.listed_since = "listed", False, self.now

    def remove(self, person: Person):
        listing.remove(person.key, None, self.now)
        person.status, person.left_for_silence, person.paused_until = "withdrawn", False, None

    def write_again(self, person: Person):
        cycle = self.cycle(person)[0] if self.cycle(person) else person.created
        reminders.write_again(
            ladders.ladder(self.now), person.key, cycle, person.address, "en", self.lead, self.now
        )
        self.by_hand.append(person.key)

    def open_round(self):
        made = Round.objects.create(
            opened_at=self.now, opened_by=self.lead, deadline=(self.now + 42 * DAY).date()
        )
        self.rounds.append(Asked(made.pk, self.now))

    def open_now(self) -> Asked | None:
        return next((r for r in self.rounds if r.ended is None and not r.cancelled), None)

    def end_round(self):
        one = self.open_now()
        one.ended = self.now
        Round.objects.filter(pk=one.key).update(ended_at=self.now)
        if self.numbers.first_round_ended_on is None:
            day = datetime.combine(self.now.date(), time.min, UTC)
            self.change_numbers(first_round_ended_on=day)

    def cancel_round(self):
        one = self.open_now()
        one.cancelled = True
        Round.objects.filter(pk=one.key).update(cancelled_at=self.now)

    def change_numbers(self, **numbers):
        for name, value in numbers.items():
            setattr(self.numbers, name, value)
        values = dict(vars(self.numbers))
        if values["first_round_ended_on"]:
            values["first_round_ended_on"] = values["first_round_ended_on"].date()
        Policy.objects.update_or_create(pk=1, defaults=values)

    # What has to follow

    def cycle(self, person: Person) -> tuple[datetime, datetime] | None:
        """(when it began, when it is due), or None for who was never asked."""
        rounds = [one for one in self.rounds if not one.cancelled]
        last = max(rounds, key=lambda one: one.opened, default=None)
        is_asked = last and (last.ended is None or person.created <= last.ended)
        if is_asked and person.confirmed is None:
            return last.opened, max(last.opened, person.created)
        if last and person.confirmed and person.confirmed < last.opened:
            return last.opened, last.opened
        if person.confirmed:
            months = relativedelta(months=self.numbers.fresh_months)
            return person.confirmed, person.confirmed + months
        return None

    def due(self, person: Person) -> tuple[datetime, datetime] | None:
        """The cycle of who is on the list and due at this moment."""
        cycle = self.cycle(person)
        if person.status != "listed" or cycle is None or cycle[1] > self.now:
            return None
        months = relativedelta(months=self.numbers.fresh_months)
        if cycle[0] == person.confirmed and person.confirmed > self.now - months:
            return None  # a leap day
        return cycle

    def silence(self, person: Person) -> tuple[datetime, datetime] | None:
        """(cycle of the notice, when the profile may leave) of who is near the end."""
        numbers = self.numbers
        if person.status != "listed":
            return None
        notice = numbers.notice_days * DAY
        if person.confirmed:
            months = relativedelta(months=numbers.lapsed_months)
            since, leaves = person.confirmed, person.confirmed + months
            if person.confirmed > self.now + notice - months:
                return None
        elif numbers.first_round_ended_on:
            since = max(numbers.first_round_ended_on, person.created)
            leaves = since + relativedelta(months=numbers.never_months)
        else:
            return None
        return (max(since, person.listed_since), leaves) if leaves - notice <= self.now else None

    def may_be_told(self, person: Person, is_notice: bool) -> bool:
        is_paused = person.paused_until is not None and person.paused_until > self.now
        if is_paused and person.paused_until.date() <= self.now.date():
            is_paused = False
        return (
            not is_paused
            and (is_notice or not person.off)
            and person.address != ""
            and person.address not in self.bounced
        )

    def last_left(self, person: int) -> datetime | None:
        return max((one.at for one in self.left[person]), default=None)

    def left_in_a_year(self, person: int) -> int:
        since = self.now - YEAR
        return sum(not one.is_notice and one.at > since for one in self.left[person])

    def to_be_written(self, is_notice: bool) -> dict[int, tuple[datetime, int]]:
        """(cycle, step) by person, of the mails that a scan at this moment has to write."""
        found = {}
        for person in self.people.values():
            if is_notice:
                cycle, step = self.silence(person), Reminder.NOTICE
            elif cycle := self.due(person):
                passed = [
                    day for day in self.numbers.reminder_days if cycle[1] + day * DAY <= self.now
                ]
                step = len(passed) - 1
            if cycle is None or step < 0 or not self.may_be_told(person, is_notice):
                continue
            if any(
                since == cycle[0] and number >= step and (number == Reminder.NOTICE) == is_notice
                for since, number in self.taken[person.key]
            ):
                continue
            if not is_notice and self.left_in_a_year(person.key) >= self.numbers.reminders_a_year:
                continue
            last = self.last_left(person.key)
            if last and last + self.numbers.days_between * DAY > self.now + DAY:
                continue
            if any(not self.is_replaced(one, is_notice, cycle[0]) for one in self.of(person)):
                continue
            found[person.key] = (cycle[0], step)
        return found

    def of(self, person: Person) -> list[Waiting]:
        return [one for one in self.waiting if one.person == person.key]

    def is_replaced(self, old: Waiting, is_notice: bool, cycle: datetime) -> bool:
        is_alike = old.is_notice == is_notice
        is_late = old.leaves <= self.now and old.written < self.now
        return (is_late or (is_alike and old.cycle != cycle)) and (is_alike or not old.is_notice)

    def to_leave_the_list(self) -> set[int]:
        told = {
            (one.person, one.cycle)
            for lot in self.left.values()
            for one in lot
            if one.is_notice and one.at <= self.now - self.numbers.notice_days * DAY
        }
        return {
            person.key
            for person in self.listed()
            if (silence := self.silence(person))
            and silence[1] <= self.now
            and (person.key, silence[0]) in told
            and not (person.paused_until and person.paused_until.date() > self.now.date())
        }

    # What the portal does, held against it

    def scan(self, at_once: int = 1):
        """One scan, or several at the same time, each with a connection of its own."""
        wanted: dict[tuple[int, int], datetime] = {}
        waiting = list(self.waiting)
        for is_notice in (False, True):
            for key, (cycle, step) in self.to_be_written(is_notice).items():
                self.waiting = [
                    one
                    for one in self.waiting
                    if one.person != key or not self.is_replaced(one, is_notice, cycle)
                ]
                wanted[key, step] = cycle
                placeholder = Waiting(0, key, is_notice, cycle, step, self.now, self.now, 0)
                self.waiting.append(placeholder)
        leaving = self.to_leave_the_list()
        self.waiting = [one for one in self.waiting if one.key]
        replaced = [one for one in waiting if one not in self.waiting]

        if at_once == 1:
            ladders.scan(self.now)
        else:
            self._scan_in_threads(at_once)

        made = list(
            Reminder.objects.filter(at=self.now, step__isnull=False, pk__gt=self.newest)
            .select_related("mail")
            .order_by("pk")
        )
        self.newest = made[-1].pk if made else self.newest
        assert {(one.object_id, one.step): one.cycle for one in made} == wanted
        assert len(made) == len(wanted)
        if replaced:
            states = OutgoingMail.objects.filter(reminder__in=[one.key for one in replaced])
            assert set(states.values_list("state", flat=True)) == {"skipped"}
        for one in made:
            self._note(one)
        for key in leaving:
            self.people[key].status, self.people[key].left_for_silence = "unlisted", True
        silent = Expert.objects.filter(unlisted_for="silence").values_list("pk", flat=True)
        assert set(silent) == {p.key for p in self.people.values() if p.left_for_silence}

    def _scan_in_threads(self, number: int):
        start, broken = threading.Barrier(number), []

        def one():
            try:
                start.wait()
                ladders.scan(self.now)
            except Exception as error:
                broken.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=one) for _number in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert broken == []

    def _note(self, one: Reminder):
        is_notice = one.step == Reminder.NOTICE
        leaves = one.mail.next_try
        last = self.last_left(one.object_id)
        assert self.now <= leaves <= self.now + DAY
        assert last is None or leaves >= last + self.numbers.days_between * DAY
        self.taken[one.object_id].add((one.cycle, one.step))
        self.waiting.append(
            Waiting(
                one.pk,
                one.object_id,
                is_notice,
                one.cycle,
                one.step,
                self.now,
                leaves,
                self.numbers.reminders_a_year,
            )
        )

    def deliver(self):
        """Everything that is due leaves, or is dropped because its reason is gone."""
        tried = [one for one in self.waiting if one.leaves <= self.now]
        wanted = {one.key: one for one in tried if self.may_leave(one)}
        delivery.deliver()
        messages, self.seen = mail.outbox[self.seen :], len(mail.outbox)
        by_id = {message.extra_headers["Message-ID"]: message for message in messages}
        rows = OutgoingMail.objects.filter(
            message_id__in=by_id, template__in=(ladders.TEMPLATE, ladders.NOTICE_TEMPLATE)
        ).select_related("reminder")
        fresh = []
        for row in rows:
            person = self.people[row.reminder.object_id]
            assert by_id[row.message_id].to == [person.address]
            if row.reminder.step is None:
                self.by_hand.remove(person.key)
                continue
            one = wanted.pop(row.reminder_id)
            fresh.append(Left(person.key, one.is_notice, one.cycle, one.step, self.now))
            self.check(person, fresh[-1], one.at_most)
        assert wanted == {}, "somebody is missing"
        for one in fresh:
            self.left[one.person].append(one)
        self.waiting = [one for one in self.waiting if one not in tried]
        self.by_hand.clear()
        assert not OutgoingMail.objects.filter(
            next_try__lte=self.now, state__in=("queued", "deferred", "sending")
        ).exists()

    def may_leave(self, one: Waiting) -> bool:
        person = self.people[one.person]
        cycle = self.silence(person) if one.is_notice else self.due(person)
        last = self.last_left(one.person)
        return (
            cycle is not None
            and cycle[0] == one.cycle
            and self.may_be_told(person, one.is_notice)
            and (last is None or last + self.numbers.days_between * DAY <= self.now)
        )

    def check(self, person: Person, new: Left, at_most: int):
        """The rules of the partnership, of one mail that leaves now and those that left before."""
        before = self.left[person.key]
        assert person.status == "listed", "off the list or removed"
        assert person.confirmed is None or person.confirmed <= new.cycle, "confirmed meanwhile"
        assert person.paused_until is None or person.paused_until.date() <= self.now.date()
        assert person.address not in self.bounced
        gap = self.numbers.days_between * timedelta(hours=24)
        assert all(one.at + gap <= new.at for one in before), "too close to the last mail"
        if new.is_notice:
            alike = [one for one in before if one.is_notice and one.cycle == new.cycle]
            assert alike == [], "one notice before a profile leaves the list"
            return
        assert not person.off, "reminders are off"
        year = [one for one in before if not one.is_notice and one.at > new.at - YEAR]
        assert len(year) < at_most, "more reminders in twelve months than allowed"
        same = [one for one in before if not one.is_notice and one.cycle == new.cycle]
        assert all(one.step < new.step for one in same), "a step twice, or out of order"
        rounds = [one.opened for one in self.rounds if not one.cancelled]
        assert all(opened <= new.cycle for opened in rounds), "a round ended this ladder"


# What may happen to somebody, or to all


def confirms(world: World, person: Person):
    if person.status == "listed" or person.left_for_silence:
        world.confirm(person)


def pauses(world: World, person: Person):
    if person.status == "listed":
        world.pause(person, (1, 10, 40, 200)[world.serial % 4])
        world.serial += 1


def comes_back(world: World, person: Person):
    world.end_pause(person)


def bounces_hard(world: World, person: Person):
    world.bounce(person)


def moves(world: World, person: Person):
    world.move(person)


def switches(world: World, person: Person):
    world.switch(person)


def on_or_off_the_list(world: World, person: Person):
    if person.status == "listed":
        world.unlist(person)
    elif person.status == "unlisted":
        world.relist(person)


def is_written_to_again(world: World, person: Person):
    if person.status == "listed":
        world.write_again(person)


def round_begins_or_ends(world: World, person: Person):
    if world.open_now():
        world.end_round()
    elif all(one.opened < world.now for one in world.rounds):
        world.open_round()


def round_is_cancelled(world: World, person: Person):
    if world.open_now():
        world.cancel_round()


EVENTS = (
    confirms,
    pauses,
    comes_back,
    bounces_hard,
    moves,
    switches,
    on_or_off_the_list,
    is_written_to_again,
    round_begins_or_ends,
    round_is_cancelled,
)

# Whatever may happen, in whatever order

AGES = (0, 11, 12, 35, 36, None)  # months since the confirmation
GAPS = (timedelta(0), HOUR, 9 * HOUR, DAY, 3 * DAY, 13 * DAY, 14 * DAY, 30 * DAY, 150 * DAY)
NUMBERS = (
    {"fresh_months": 6},
    {"reminder_days": [3]},
    {"reminder_days": [0, 1, 2, 30]},
    {"reminders_a_year": 1},
    {"days_between": 1},
    {"days_between": 20},
    {"notice_days": 5},
    {"spread_minutes": 0},
    {"spread_minutes": 1440},
)


class Years(RuleBasedStateMachine):
    """Three experts, scans and deliveries whenever, and everything that can happen between."""

    experts: list[Expert]
    lead: User

    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        mail.outbox.clear()

    @initialize(
        ages=st.lists(st.sampled_from(AGES), min_size=3, max_size=3), in_leap_year=st.booleans()
    )
    def begin(self, ages, in_leap_year):
        start = datetime(2028, 2, 29, 12, tzinfo=UTC) if in_leap_year else START
        for expert, age in zip(self.experts, ages, strict=True):
            expert.confirmed_at = None if age is None else start - relativedelta(months=age)
            expert.created_at = expert.approved_at = start - relativedelta(months=48)
            expert.save()
        self.world = World(self.experts, self.lead, start)

    def teardown(self):
        if hasattr(self, "world"):
            self.world.close()
        connection.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @rule(
        gap=st.sampled_from(GAPS),
        events=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 2)), max_size=2),
        numbers=st.none() | st.sampled_from(NUMBERS),
        wait=st.sampled_from(GAPS[:6]),
        delivers=st.booleans(),
    )
    def time_passes(self, gap, events, numbers, wait, delivers):
        """A scan, something that happens before its mails leave, and perhaps their delivery."""
        world = self.world
        world.go_to(world.now + gap)
        world.scan()
        for event, number in events:
            event(world, list(world.people.values())[number])
        if numbers:
            world.change_numbers(**numbers)
        world.go_to(world.now + wait)
        if delivers:
            world.deliver()

    @invariant()
    def nobody_has_two_mails_waiting(self):
        if hasattr(self, "world"):
            waiting = [one.person for one in self.world.waiting]
            assert len(waiting) == len(set(waiting))


def test_no_story_breaks_the_rules(db):
    Years.experts = [ExpertFactory() for _number in range(3)]
    Years.lead = LeadFactory()
    run_state_machine_as_test(
        Years,
        settings=settings(
            max_examples=22,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# Forty experts, two years, every day


def _forty(pick: random.Random) -> list[Expert]:
    """Confirmed up to three years ago, or never; some came with the printed list."""
    return [
        ExpertFactory(
            confirmed_at=None
            if number % 8 == 7
            else START - timedelta(hours=pick.randint(1, 24 * 365 * 3)),
            created_at=START - 1200 * DAY,
            approved_at=START - 1200 * DAY,
            organisation=None,
        )
        for number in range(40)
    ]


#: How often a year each happens to one expert, beside the answers to reminders.
RATES = (
    (confirms, 0.3),
    (pauses, 0.15),
    (comes_back, 0.1),
    (bounces_hard, 0.08),
    (moves, 0.15),
    (switches, 0.2),
    (on_or_off_the_list, 0.15),
    (is_written_to_again, 0.2),
)
NO_SCANS = range(100, 105)  # the fifth outage day ends it
NO_MAIL = range(200, 217)  # the mail server is away, scans go on
ROUNDS = {150: round_begins_or_ends, 192: round_begins_or_ends}
ROUNDS |= {400: round_begins_or_ends, 407: round_is_cancelled}
ROUNDS |= {500: round_begins_or_ends, 542: round_begins_or_ends}


def test_two_years_of_forty_experts(transactional_db):
    pick = random.Random(2026)
    world = World(_forty(pick), LeadFactory(), START)
    try:
        for day in range(731):
            _a_day(world, pick, day)
    finally:
        world.close()

    left = [one for lot in world.left.values() for one in lot]
    assert {one.step for one in left} == {0, 1, 2, Reminder.NOTICE}
    assert (len(left) > 100, max(map(len, world.left.values())) <= 8) == (True, True)


def _a_day(world: World, pick: random.Random, day: int):
    """A scan at five in the morning, on some days another; mail leaves in its second, if at all."""
    for hour in (0, 12):
        world.go_to(START + day * DAY + hour * HOUR)
        if day not in NO_SCANS and (hour == 0 or day % 10 == 5):
            is_crowded = hour == 0 and (day % 30 == 0 or day in (105, 151, 401, 501))
            world.scan(at_once=2 if is_crowded else 1)
        if hour == 0 and day in ROUNDS:  # while the mails of the day wait
            ROUNDS[day](world, next(iter(world.people.values())))
        _things_happen(world, pick)
        if day not in NO_SCANS and day not in NO_MAIL:
            _mail_leaves(world, world.now + 12 * HOUR)


def _mail_leaves(world: World, before: datetime):
    while leaves := [one.leaves for one in world.waiting if one.leaves < before]:
        world.go_to(max(world.now, min(leaves)))
        world.deliver()


def _things_happen(world: World, pick: random.Random):
    for person in world.people.values():
        last = world.last_left(person.key)
        if last and last > world.now - 3 * DAY and pick.random() < 0.06:
            confirms(world, person)
        for event, a_year in RATES:
            if pick.random() < a_year / 365 / 2:
                event(world, person)
    for person in list(world.listed()):
        if pick.random() < 0.02 / 365 / 2:
            world.remove(person)
