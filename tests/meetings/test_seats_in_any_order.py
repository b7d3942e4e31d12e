"""Whatever people and organisers do, in whatever order: no seat too many, nobody overtakes."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from meetings import seats
from meetings.models import Booking, Part, Registration, RegistrationDesk
from partners.models import User
from partners.refusals import Refused
from tests.factories import (
    NOW,
    LeadFactory,
    PartFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
)

pytestmark = pytest.mark.django_db
PEOPLE = 6
HOUR = timedelta(hours=1)
someone, somewhere = st.integers(0, PEOPLE - 1), st.integers(0, 2)


class Seats(RuleBasedStateMachine):
    """Six people, a hall of two seats, one seat online, a visit for one."""

    people: list[Registration]
    parts: list[Part]
    lead: User

    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.now = NOW
        self.waited: dict[int, set[int]] = {}

    def teardown(self):
        connection.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def tried(self, step, *arguments, **named):
        """A step that may be refused, as it often is here."""
        self.waited = {part.pk: self.numbers(part, "waiting") for part in self.parts}
        try:
            step(*arguments, **named)
        except Refused:
            self.waited = {}

    def numbers(self, part: Part, *statuses: str) -> set[int]:
        found = Booking.objects.filter(part=part, status__in=statuses or Booking.Status.values)
        return set(found.values_list("number", flat=True))

    def newest(self, person: int, part: int) -> Booking | None:
        own = Booking.objects.filter(registration=self.people[person], part=self.parts[part])
        return own.order_by("number").last()

    @rule(person=someone, part=somewhere, by_hand=st.booleans())
    def takes(self, person, part, by_hand):
        by = self.lead if by_hand else None
        self.tried(seats.take, self.people[person], self.parts[part].pk, self.now, by)

    @rule(person=someone, part=somewhere, everything=st.booleans())
    def gives_back(self, person, part, everything):
        booking = self.newest(person, part)
        if booking:
            key = None if everything else booking.pk
            self.tried(seats.cancel, self.people[person], self.now, key)

    @rule(person=someone, part=somewhere)
    def accepts(self, person, part):
        if booking := self.newest(person, part):
            self.tried(seats.accept_offer, booking.pk, self.now)

    @rule(person=someone, part=somewhere, agrees=st.booleans())
    def is_decided_on(self, person, part, agrees):
        booking = self.newest(person, part)
        if booking and agrees:
            self.tried(seats.approve, booking.pk, self.lead, self.now)
        elif booking:
            self.tried(seats.decline, booking.pk, "No.", self.lead, self.now)

    @rule(part=somewhere, number=st.none() | st.integers(0, 5))
    def seats_change(self, part, number):
        self.tried(seats.set_seats, self.parts[part].pk, number, self.now)

    @rule(needed=st.booleans())
    def approval_changes(self, needed):
        RegistrationDesk.objects.update(needs_approval=needed)

    @rule(hours=st.integers(1, 50), hourly=st.booleans())
    def time_passes(self, hours, hourly):
        self.now += hours * HOUR
        if hourly:
            self.tried(seats.expire_offers, self.now)

    @invariant()
    def no_seat_is_too_many_or_lost(self):
        for part in Part.objects.all():
            assert part.taken == len(self.numbers(part, *Booking.HOLDING))
            assert part.seats is None or part.taken <= part.seats
            assert part.free == 0 or not self.numbers(part, "waiting")

    @invariant()
    def numbers_have_no_gap(self):
        for part in Part.objects.all():
            assert self.numbers(part) == set(range(1, part.next_number))

    @invariant()
    def nobody_overtakes(self):
        """Who left the line with a seat stood before everybody who still waits."""
        for part in self.parts:
            before = self.waited.get(part.pk, set())
            called = before & self.numbers(part, *Booking.HOLDING)
            still = before & self.numbers(part, "waiting")
            assert not called or not still or max(called) < min(still)

    @invariant()
    def a_person_has_one_seat_and_visits_with_it_alone(self):
        for person in self.people:
            live = list(person.bookings.live().select_related("part"))
            ways = [one for one in live if one.part.is_way and one.status == "confirmed"]
            assert len(ways) <= 1
            assert ways or all(one.part.is_way for one in live)


def test_no_order_of_steps_breaks_the_rules_of_seats():
    hall = PartFactory(meeting=RegistrationDeskFactory().meeting)
    room = PartFactory(meeting=hall.meeting, kind=Part.Kind.ONLINE, seats=1)
    visit = PartFactory(
        meeting=hall.meeting, kind=Part.Kind.VISIT, title="Plant", seats=1, on=date(2027, 3, 8)
    )
    Seats.people = [RegistrationFactory(meeting=hall.meeting) for _number in range(PEOPLE)]
    Seats.parts, Seats.lead = [hall, room, visit], LeadFactory()
    run_state_machine_as_test(
        Seats,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
