"""A mailing while workers are killed, people change their mind and the Lead pauses it.

The processes are those of test_outbox.py; the 600 mails are one mailing here.
"""

import random
import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.faults.test_outbox import IN_TIME, RECIPIENTS, Portal, impatient, running
from wmaportal.local import servers

PEOPLE = f"""
import django; django.setup()
from bench.campaign import announce
announce({RECIPIENTS})
"""
#: A process that is ready before the mailing begins: it does each line that it is told
MODERATOR = """
import sys
import django; django.setup()
from django.utils import timezone
from mailings import campaigning, outbox, subscribing
from mailings.models import Announcement, Campaign, Subscription
from partners.models import User
author = User.objects.first()
print("ready", flush=True)
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""
START = "campaigning.start(Announcement.objects.get().pk, author, timezone.now())"
CODE = (
    'outbox.post("partners/mail/code", "code@example.org", '
    '{"code": "123456", "why": "You sign in.", "minutes": 15}, outbox.Kind.TRANSACTIONAL)'
)
EVEN = r"[02468]@"  # of the numbers in addresses
#: Half of the readers, each in a transaction of their own, as one click does it
STOP_FOR_EVEN = (
    "[subscribing.stop(pk, timezone.now()) for pk in "
    f"Subscription.objects.filter(user__email__regex={EVEN!r}).values_list('pk', flat=True)]"
)


def step(name: str) -> str:
    return f"campaigning.{name}(Campaign.objects.get().pk, author, timezone.now())"


class Moderator:
    """Somebody who takes steps in a process of their own."""

    def __init__(self, portal: Portal):
        self.process = subprocess.Popen(
            servers.dies_with_us([sys.executable, "-c", MODERATOR]),
            env=portal.environ,
            cwd=servers.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._said() == "ready"

    def _said(self) -> str:
        return self.process.stdout.readline().strip()

    def begin(self, what: str):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()

    def end(self):
        assert self._said() == "done"

    def do(self, what: str):
        self.begin(what)
        self.end()

    def close(self):
        self.process.stdin.close()
        self.process.wait(IN_TIME)
        self.process.stdout.close()


@pytest.fixture
def moderators(portal):
    """Call it for one more moderator."""
    found = []

    def one() -> Moderator:
        found.append(Moderator(portal))
        return found[-1]

    yield one
    for moderator in found:
        moderator.close()


IN_HAND = {"queued", "deferred", "sending"}


@pytest.fixture
def portal(tmp_path, request):
    """Six hundred partners who want a topic at once, and an announcement that nobody has sent."""
    with running(tmp_path, getattr(request, "param", 30), PEOPLE) as found:
        yield found


def even(addresses: list[str]) -> int:
    return sum(re.search(EVEN, one) is not None for one in addresses)


def wait_for(portal: Portal, number: int):
    assert servers.wait_until(lambda: portal.taken() >= number, IN_TIME), portal.said()


def check_nobody_twice(portal: Portal):
    """Whoever has a row that says 'sent' got it once, whoever has another got nothing.

    An uncertain one may have got it.
    """
    rows = portal.ask('SELECT "to", state FROM mailings_outgoingmail WHERE campaign_id IS NOT NULL')
    times = Counter(portal.sink.taken())
    assert len(rows) == RECIPIENTS
    for to, state in rows:
        most = 0 if state in ("skipped", "paused") else 1
        least = 1 if state == "sent" else 0
        assert least <= times[to] <= most, (to, state, times[to])


@pytest.mark.parametrize("portal", [4], indirect=True, ids=["short lease"])
@pytest.mark.parametrize("number", [1, 2], ids=["one worker", "two workers"])
def test_each_reader_gets_it_once_however_workers_are_killed(portal, moderators, number):
    """But for the one mail of each killed worker of which nobody knows."""
    seed = random.SystemRandom().randrange(10**6)
    pick = random.Random(seed)
    print(f"seed {seed}")
    points = sorted(pick.sample(range(5, RECIPIENTS - 50), 10))
    workers = [portal.start_worker() for _ in range(number)]
    lead = moderators()
    lead.do(START)
    with impatient(portal):
        for point in points:
            wait_for(portal, point)
            which, whole = pick.randrange(number), pick.random() < 0.5
            portal.kill(workers[which], whole)
            if whole:
                workers[which] = portal.start_worker()
        portal.wait_until_over()
    portal.check()
    check_nobody_twice(portal)


def test_two_moderators_at_once_start_one_mailing(portal, moderators):
    both = [moderators() for _ in range(2)]
    for moderator in both:
        moderator.begin(START)
    for moderator in both:
        moderator.end()
    portal.start_worker()
    with impatient(portal):
        portal.wait_until_over()

    assert portal.ask("SELECT size FROM mailings_campaign") == [(RECIPIENTS,)]
    portal.check()
    assert portal.states() == {"sent": RECIPIENTS}
    is_done = "SELECT status FROM mailings_campaign"
    assert servers.wait_until(lambda: portal.ask(is_done) == [("done",)], IN_TIME), portal.said()


def test_a_mailing_that_is_paused_under_load_stands_still_and_loses_nothing(portal, moderators):
    for _ in range(2):
        portal.start_worker()
    lead = moderators()
    lead.do(START)
    with impatient(portal):
        for point in (100, 300):
            wait_for(portal, point)
            lead.do(step("pause"))
            assert servers.wait_until(lambda: not set(portal.states()) & IN_HAND, IN_TIME)
            before = len(portal.sink.taken())
            lead.do(CODE)
            wait_for(portal, before + 1)
            assert portal.sink.taken()[before:] == ["code@example.org"], portal.said()
            assert portal.states()["paused"] >= RECIPIENTS - before
            lead.do(step("resume"))
        portal.wait_until_over()
    check_nobody_twice(portal)
    assert portal.states() == {"sent": RECIPIENTS + 2}, portal.said()


def test_a_mailing_that_is_stopped_under_load_never_goes_on(portal, moderators):
    for _ in range(2):
        portal.start_worker()
    lead = moderators()
    lead.do(START)
    with impatient(portal):
        wait_for(portal, 100)
        lead.do(step("stop"))
        portal.wait_until_over()
    check_nobody_twice(portal)
    found = portal.states()
    assert set(found) == {"sent", "skipped"}
    assert found["skipped"] > 0


def test_who_stops_the_topic_in_mid_campaign_gets_nothing_more(portal, moderators):
    """One mail may be in each worker's hand; that is all."""
    workers = 2
    for _ in range(workers):
        portal.start_worker()
    lead = moderators()
    lead.do(START)
    with impatient(portal):
        wait_for(portal, 100)
        lead.do(STOP_FOR_EVEN)
        before = even(portal.sink.taken())
        portal.wait_until_over()
    check_nobody_twice(portal)
    assert even(portal.sink.taken()) <= before + workers
    rows = portal.ask('SELECT "to", state FROM mailings_outgoingmail')
    assert {state for to, state in rows if not even([to])} == {"sent"}
    skipped = sum(state == "skipped" for to, state in rows if even([to]))
    assert skipped > 100, "most of them had not left"
