"""Whatever partners and moderators do, in whatever order: nothing leaves that was not approved."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from mailings import announcing
from mailings.models import Announcement, Campaign, TrustedAuthor
from partners.models import User
from partners.refusals import Refused
from tests.factories import NOW, AnnouncementFactory, LeadFactory, PartnerUserFactory
from tests.mailings.test_announcing import accept, values

pytestmark = pytest.mark.django_db
Status = Announcement.Status
PARTNERS, LEADS, WRITTEN = 3, 2, 4
HOUR = timedelta(hours=1)
partner, lead = st.integers(0, PARTNERS - 1), st.integers(0, LEADS - 1)
anyone = st.integers(0, PARTNERS + LEADS - 1)
which = st.integers(0, WRITTEN - 1)
words = st.sampled_from(["Lamps", "Batteries", "Thermometers"])


class Announcements(RuleBasedStateMachine):
    """Three partners, two moderators, four announcements; each Lead decides on what a page showed.

    `agreed` holds, for each announcement, the words that a Lead said yes to while they waited.
    """

    partners: list[User]
    leads: list[User]
    keys: list[int]

    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.now = NOW
        self.agreed: dict[int, set[tuple[str, str]]] = {key: set() for key in self.keys}
        self.shown = {key: self.look(key) for key in self.keys}

    def teardown(self):
        connection.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def look(self, key: int) -> Announcement:
        return Announcement.objects.get(pk=key)

    def person(self, number: int) -> User:
        return [*self.partners, *self.leads][number]

    def tried(self, step, *arguments, **named) -> bool:
        """Whether it was done: a step may be refused, as it often is here."""
        try:
            with transaction.atomic():
                step(*arguments, **named)
        except Refused:
            return False
        return True

    def is_trusted(self, author: User) -> bool:
        return TrustedAuthor.objects.filter(user=author).exists()

    # What a Lead has on the screen may be old by the time of the click

    @rule(number=which)
    def a_page_is_opened(self, number):
        self.shown[self.keys[number]] = self.look(self.keys[number])

    @rule(person=anyone, number=which, title=words, text=words)
    def writes(self, person, number, title, text):
        key, by = self.keys[number], self.person(person)
        seen = self.look(key).version
        self.tried(announcing.save, key, values(title=title, text=text), seen, by, self.now)

    @rule(person=anyone, number=which)
    def submits(self, person, number):
        key, by = self.keys[number], self.person(person)
        before = self.look(key)
        if self.tried(announcing.submit, key, by, self.now) and self.is_trusted(by):
            assert before.author == by
            self.agreed[key].add((before.title, before.text))

    @rule(by=lead, number=which, later=st.booleans())
    def approves(self, by, number, later):
        key, page = self.keys[number], self.shown[self.keys[number]]
        at = self.now + HOUR if later else None
        step = (key, self.leads[by], self.now, at)
        if self.tried(announcing.approve, *step, seen=page.version):
            self.agreed[key].add((page.title, page.text))

    @rule(by=lead, number=which)
    def lets_through(self, by, number):
        key, page = self.keys[number], self.shown[self.keys[number]]
        if self.tried(announcing.let_through, key, self.leads[by], self.now, seen=page.version):
            self.agreed[key].add((page.title, page.text))

    @rule(person=partner)
    def is_let_through_no_more(self, person):
        TrustedAuthor.objects.filter(user=self.partners[person]).delete()

    @rule(by=lead, number=which, title=words, text=words)
    def proposes_words(self, by, number, title, text):
        key, page = self.keys[number], self.shown[self.keys[number]]
        step = (key, title, text, self.leads[by], self.now)
        if self.tried(announcing.edit_for_author, *step, seen=page.version):
            self.agreed[key].add((title, text))

    @rule(person=anyone, number=which, is_agreed=st.booleans())
    def answers(self, person, number, is_agreed):
        step = announcing.agree if is_agreed else announcing.disagree
        self.tried(step, self.keys[number], self.person(person), self.now)

    @rule(by=lead, number=which)
    def gives_back(self, by, number):
        key = self.keys[number]
        if self.tried(announcing.give_back, key, self.leads[by], "Why?", self.now):
            self.agreed[key].clear()

    @rule(by=st.none() | lead, number=which)
    def publishes(self, by, number):
        person = None if by is None else self.leads[by]
        self.tried(announcing.publish, self.keys[number], person, self.now)

    @rule(person=anyone, number=which)
    def withdraws(self, person, number):
        self.tried(announcing.withdraw, self.keys[number], self.person(person), "Why", self.now)

    @rule(hours=st.integers(1, 4), works=st.booleans())
    def time_passes(self, hours, works):
        self.now += hours * HOUR
        if works:
            announcing.publish_due(self.now)

    @invariant()
    def nothing_leaves_but_words_that_a_lead_agreed_to(self):
        for one in Announcement.objects.filter(status__in=[Status.PUBLISHED, Status.SCHEDULED]):
            assert (one.title, one.text) in self.agreed[one.pk]
            assert one.decided_by is not None

    @invariant()
    def each_mailing_is_of_one_that_was_published(self):
        published = Announcement.objects.exclude(published_at=None)
        found = Campaign.objects.values_list("announcement", flat=True)
        assert sorted(found) == sorted(published.values_list("pk", flat=True))
        assert not published.exclude(status__in=[Status.PUBLISHED, Status.WITHDRAWN]).exists()


def test_no_order_of_steps_lets_anything_leave_that_no_lead_approved():
    Announcements.partners = [PartnerUserFactory() for _number in range(PARTNERS)]
    Announcements.leads = [LeadFactory() for _number in range(LEADS)]
    for person in (*Announcements.partners, *Announcements.leads):
        accept(person)
    Announcements.keys = [
        AnnouncementFactory(
            status=Status.DRAFT,
            decided_at=None,
            published_at=None,
            author=Announcements.partners[number % PARTNERS],
        ).pk
        for number in range(WRITTEN)
    ]
    run_state_machine_as_test(
        Announcements,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
