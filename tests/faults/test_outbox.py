"""Mail while workers are killed, servers go away and the mail server misbehaves.

Each test has a PostgreSQL, a Valkey, a mail server (bench/sink.py) and Celery's worker and beat as
processes of its own. What must hold whatever happens: everybody gets the mail once, but for those
whose row says 'uncertain', and those are few.
"""

import contextlib
import os
import random
import subprocess
import sys
import threading
from collections import Counter

import psutil
import psycopg2
import pytest
import redis
from celery import Celery

from bench.sink import Sink
from wmaportal.local import migrated, servers

RECIPIENTS = 600
IN_TIME = 90  # seconds

POST = f"""
import django; django.setup()
from django.db import transaction
from mailings import outbox
context = {{"code": "123456", "why": "You change your address.", "minutes": 15}}
with transaction.atomic():
    for n in range({RECIPIENTS}):
        kind = outbox.Kind.REMINDER if n % 2 else outbox.Kind.MODERATION
        outbox.post("partners/mail/code", f"person{{n}}@example.org", context, kind)
"""


class Portal:
    """All processes that mail needs, and what happened to them."""

    def __init__(self, folder, environ, postgres, valkey, sink):
        self.folder, self.environ = folder, environ
        self.postgres, self.valkey, self.sink = postgres, valkey, sink
        self.children: list[subprocess.Popen] = []
        self.killed = 0

    def start(self, *words: str) -> subprocess.Popen:
        """celery -A wmaportal … with its output in a file."""
        command = [sys.executable, "-m", "celery", "-A", "wmaportal", *words]
        with (self.folder / f"celery-{len(self.children)}.log").open("wb") as log:
            child = subprocess.Popen(
                servers.dies_with_us(command),
                cwd=servers.ROOT,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.children.append(child)
        return child

    def start_worker(self) -> subprocess.Popen:
        name = f"--hostname=worker{len(self.children)}@%h"
        return self.start("worker", "--concurrency=1", name, "--loglevel=INFO")

    def start_beat(self):
        self.start("beat", "--schedule", str(self.folder / "schedule"), "--pidfile=")

    def kill(self, worker: subprocess.Popen, whole: bool):
        """kill -9 of the process that delivers; with `whole`, of its master too."""
        master = psutil.Process(worker.pid)
        if whole:  # the master first, or it would start another
            pool = master.children(recursive=True)
            worker.kill()
            worker.wait()
        else:
            pool = master.children(recursive=True)[:1]
        for process in pool:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.killed += 1

    def close(self):
        for child in self.children:
            if child.poll() is None:
                for process in psutil.Process(child.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                child.kill()
            child.wait()

    def ask(self, statement: str) -> list[tuple]:
        connection = self.postgres.connect(servers.DATABASE)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def states(self) -> dict[str, int]:
        return dict(self.ask("SELECT state, count(*) FROM mailings_outgoingmail GROUP BY state"))

    def taken(self) -> int:
        return self.sink.tell()["count"]

    def hurry(self):
        """As if the waits of mails and servers were over."""
        self.ask("UPDATE mailings_outgoingmail SET next_try = now() WHERE state = 'deferred'")
        self.ask("UPDATE mailings_throttle SET away_until = NULL, slowed_until = NULL")

    def said(self) -> str:
        """The last words of all, for a test that failed."""
        logs = sorted(self.folder.glob("celery-*.log"))
        words = [f"{log.name}: {log.read_text()[-1500:]}" for log in logs]
        return "\n".join([str(self.states()), *words])

    def wait_until_over(self):
        def is_over():
            self.hurry()
            return not set(self.states()) & {"queued", "deferred", "sending"}

        assert servers.wait_until(is_over, IN_TIME), self.said()

    def check(self):
        """Nobody is missing, nobody twice, and few are uncertain."""
        rows = self.ask('SELECT "to", message_id, state, claimed_by FROM mailings_outgoingmail')
        told = self.sink.tell()
        times = Counter(to for _, to in told["taken"])
        states = {to: state for to, _, state, _ in rows}
        assert len(states) == RECIPIENTS
        assert set(states.values()) <= {"sent", "uncertain"}, self.said()
        assert {owner for *_, owner in rows} == {None}
        missing = [to for to, state in states.items() if state == "sent" and not times[to]]
        twice = [to for to, number in times.items() if number > 1]
        assert (missing, twice) == ([], []), self.said()
        assert {tuple(one) for one in told["taken"]} <= {(key, to) for to, key, *_ in rows}
        uncertain = sum(state == "uncertain" for state in states.values())
        print(f"{self.killed} killed, {told['broken']} broken off: {uncertain} uncertain")
        assert uncertain <= self.killed + told["broken"], self.said()


@contextlib.contextmanager
def running(tmp_path, lease: int, script: str):
    """A portal after this script, with beat and nobody to deliver mail yet."""
    migrated.copy_to(tmp_path / "postgres")
    # Synchronous commits: what was committed must be there after a kill
    postgres = servers.Postgres(tmp_path / "postgres", {"fsync": "off"})
    valkey = servers.Valkey(tmp_path / "valkey")
    portal = None
    try:
        postgres.start()
        valkey.start()
        with Sink() as sink:
            environ = os.environ | {
                "DJANGO_SETTINGS_MODULE": "wmaportal.settings",
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "DELIVERY_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
                "EMAIL_TIMEOUT": "1.5",
                "OUTBOX_LEASE": str(lease),
                "MAIL_RATE": "100",
            }
            subprocess.run(
                [sys.executable, "-c", script],
                env=environ | {"OUTBOX_RING": "false"},
                cwd=servers.ROOT,
                check=True,
            )
            portal = Portal(tmp_path, environ, postgres, valkey, sink)
            portal.start_beat()
            yield portal
    finally:
        if portal:
            portal.close()
        valkey.close()
        postgres.close()


@pytest.fixture
def portal(tmp_path, request):
    """A portal with 600 mails in its outbox and nobody to deliver them yet."""
    with running(tmp_path, getattr(request, "param", 30), POST) as found:
        yield found


@contextlib.contextmanager
def impatient(portal):
    """Ring all the time, and let no wait of minutes pass: so that a test takes seconds."""
    ended = threading.Event()

    def ring():
        with Celery(broker=portal.valkey.url) as app:
            while not ended.wait(0.5):
                app.send_task("mailings.tasks.deliver", expires=1)
                with contextlib.suppress(psycopg2.OperationalError):
                    portal.hurry()

    thread = threading.Thread(target=ring)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("portal", [4], indirect=True, ids=["short lease"])
@pytest.mark.parametrize("number", [1, 2], ids=["one worker", "two workers"])
def test_workers_that_are_killed_leave_one_uncertain_mail_each_at_most(portal, number):
    seed = random.SystemRandom().randrange(10**6)
    pick = random.Random(seed)
    print(f"seed {seed}")
    points = sorted(pick.sample(range(5, RECIPIENTS - 50), 5))
    workers = [portal.start_worker() for _ in range(number)]
    with impatient(portal):
        for point in points:
            assert servers.wait_until(lambda p=point: portal.taken() >= p, IN_TIME), portal.said()
            which, whole = pick.randrange(number), pick.random() < 0.5
            portal.kill(workers[which], whole)
            if whole:
                workers[which] = portal.start_worker()
        portal.wait_until_over()
    portal.check()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_mail_goes_on_after_postgres_was_away(portal, how):
    for _ in range(2):
        portal.start_worker()
    with impatient(portal):
        for point in (50, 300):
            assert servers.wait_until(lambda p=point: portal.taken() >= p, IN_TIME), portal.said()
            getattr(portal.postgres, how)()
            portal.postgres.start()
        portal.wait_until_over()
    portal.check()
    assert portal.states() == {"sent": RECIPIENTS}, portal.said()


@pytest.mark.parametrize("how", ["emptied", "stop", "kill"])
def test_nothing_is_lost_with_redis(portal, how):
    portal.start_worker()
    for point in (50, 300):
        assert servers.wait_until(lambda p=point: portal.taken() >= p, IN_TIME), portal.said()
        if how == "emptied":
            with redis.Redis.from_url(portal.valkey.url) as client:
                client.flushall()
        else:
            getattr(portal.valkey, how)()
            portal.valkey.start()
    portal.wait_until_over()
    portal.check()
    assert portal.states() == {"sent": RECIPIENTS}


#: What the mail server does wrong, for how many messages each.
MISCHIEF = {
    "later": 30,
    "patience": 10,
    "later_at_the_end": 30,
    "closing": 5,
    "break_before_data": 4,
    "break_in_data": 2,
    "break_after_dot": 2,
    "break_after_answer": 20,
    "hang": 2,
    "hang_after_dot": 2,
}


def test_mail_goes_on_after_the_mail_server_misbehaved(portal):
    for _ in range(2):
        portal.start_worker()
    with impatient(portal):
        for how, times in MISCHIEF.items():
            enough = portal.taken() + 10
            assert servers.wait_until(lambda n=enough: portal.taken() >= n, IN_TIME), portal.said()
            portal.sink.behave(how, times)
            used_up = servers.wait_until(lambda: portal.sink.tell()["left"] == 0, IN_TIME)
            assert used_up, (how, portal.said())
        portal.wait_until_over()
    portal.check()
    assert portal.sink.tell()["broken"] == 6
