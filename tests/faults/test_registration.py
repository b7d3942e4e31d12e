"""200 people register at once for 30 seats; a worker is killed while one seat is given back.

Two web workers with 16 threads each under gunicorn, as in production, over PostgreSQL and Valkey of
their own. The people's sessions are written into the database, so that each sends one form.
"""

import contextlib
import http.client
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlencode

import psutil
import pytest

from wmaportal.local import migrated, servers

PEOPLE, SEATS = 200, 30
CODE = "crowd-example"
TOKEN = "a" * 32  # of Cross-Site Request Forgery: the same in cookie and form

#: A meeting with 30 seats, and 200 people who are signed in: their sessions are printed.
MAKE = f"""
import django; django.setup()
import json
from datetime import timedelta
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from importlib import import_module
from meetings.models import Meeting, Part, RegistrationDesk
from partners.models import User
now = timezone.now()
day = now.date() + timedelta(days=60)
with transaction.atomic():
    meeting = Meeting.objects.create(
        code="{CODE}", title="Crowd", starts_on=day, ends_on=day, status="announced"
    )
    RegistrationDesk.objects.create(
        meeting=meeting, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=9),
        erase_on=day,
    )
    part = Part.objects.create(meeting=meeting, kind="on_site", seats={SEATS})
    sessions = []
    for n in range({PEOPLE}):
        user = User.objects.create_user(f"person{{n}}@example.org", name=f"Person {{n}}")
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        sessions.append(session.session_key)
print(json.dumps({{"part": part.pk, "sessions": sessions}}))
"""


class Portal:
    """Servers, the sessions of the people, and what is in the database."""

    def __init__(self, postgres, web, environ):
        self.postgres, self.web, self.environ = postgres, web, environ
        made = subprocess.run(
            [sys.executable, "-c", MAKE],
            env=environ,
            cwd=servers.ROOT,
            check=True,
            stdout=subprocess.PIPE,
        )
        found = json.loads(made.stdout)
        self.part, self.sessions = found["part"], found["sessions"]

    def post(self, session: str, path: str, form: dict) -> int:
        """The status of the answer; raises OSError or HTTPException when the worker is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=120)
        with contextlib.closing(connection):
            body = urlencode(form | {"csrfmiddlewaretoken": TOKEN})
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            }
            connection.request("POST", f"/meetings/{CODE}/{path}", body, headers)
            return connection.getresponse().status

    def register(self, number: int) -> int:
        form = {"way": self.part, "name": f"Person {number}", "appearance": "nobody"}
        return self.post(self.sessions[number], "register/", form)

    def cancel(self, number: int) -> int:
        return self.post(self.sessions[number], "registration/mine/cancel/", {})

    def ask(self, statement: str) -> list[tuple]:
        connection = self.postgres.connect(servers.DATABASE)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def states(self) -> dict[str, list[int]]:
        """State → numbers in the line."""
        rows = self.ask(
            "SELECT status, array_agg(number ORDER BY number) FROM meetings_booking GROUP BY status"
        )
        return dict(rows)

    def holder(self, booking: int) -> int:
        """Which of the people has this number in the line."""
        rows = self.ask(
            "SELECT r.name FROM meetings_booking b JOIN meetings_registration r"
            f" ON r.id = b.registration_id WHERE b.number = {booking}"
        )
        return int(rows[0][0].removeprefix("Person "))

    def kill_workers(self):
        """kill -9 for both web workers; gunicorn's master starts others."""
        workers = psutil.Process(self.web.process.pid).children()
        for worker in workers:
            worker.kill()
        psutil.wait_procs(workers, 20)


@pytest.fixture
def portal(tmp_path):
    migrated.copy_to(tmp_path / "postgres")
    postgres = servers.Postgres(tmp_path / "postgres", {"fsync": "off"})
    valkey = servers.Valkey(tmp_path / "valkey", keep=False)
    web = None
    try:
        postgres.start()
        valkey.start()
        environ = os.environ | {
            "DJANGO_SETTINGS_MODULE": "wmaportal.settings",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "MEDIA_ROOT": str(tmp_path / "files"),
            "OUTBOX_RING": "false",
        }
        web = servers.Web(environ, tmp_path / "web.log", workers=2, threads=16)
        web.start()
        yield Portal(postgres, web, environ)
    finally:
        if web:
            web.stop()
        valkey.close()
        postgres.close()


def everybody_at_once(portal):
    """All forms are sent at the same moment; the statuses of the answers."""
    ready = Barrier(PEOPLE)

    def send(number: int) -> int:
        ready.wait()
        return portal.register(number)

    with ThreadPoolExecutor(PEOPLE) as threads:
        return list(threads.map(send, range(PEOPLE)))


def test_of_200_at_once_30_have_a_seat_and_170_wait_in_order_and_one_goes_when_one_comes(portal):
    assert everybody_at_once(portal) == [302] * PEOPLE

    first, waiting = list(range(1, SEATS + 1)), list(range(SEATS + 1, PEOPLE + 1))
    assert portal.states() == {"confirmed": first, "waiting": waiting}
    assert portal.ask("SELECT taken, next_number FROM meetings_part") == [(SEATS, PEOPLE + 1)]
    mails = "SELECT template, count(*) FROM mailings_outgoingmail GROUP BY 1 ORDER BY 1"
    assert portal.ask(mails) == [
        ("meetings/mail/calendar_request", SEATS),
        ("meetings/mail/registered", PEOPLE - SEATS),
    ]

    # One of them gives the seat back with every button pressed at once
    one = portal.holder(7)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(portal.cancel, [one] * 8)) == {302}
    assert portal.states() == {
        "cancelled": [7],
        "confirmed": [n for n in first if n != 7],
        "offered": [SEATS + 1],
        "waiting": waiting[1:],
    }

    # Killed in between: given back, and not yet offered to the next, who is told by mail
    other = portal.holder(9)
    before = portal.states()
    blocker = portal.postgres.connect(servers.DATABASE)
    blocker.autocommit = False
    cursor = blocker.cursor()
    cursor.execute("LOCK TABLE mailings_outgoingmail IN SHARE MODE")
    stuck = """SELECT count(*) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO "mailings_outgoingmail"%'"""
    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(portal.cancel, other)
        assert servers.wait_until(lambda: portal.ask(stuck) == [(1,)], 30)
        portal.kill_workers()
        with pytest.raises((OSError, http.client.HTTPException)):
            sent.result()
    blocker.rollback()
    blocker.close()
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%\"mailings_outgoingmail\"%'"
    gone = f"{busy} AND pid <> pg_backend_pid()"
    assert servers.wait_until(lambda: portal.ask(gone) == [(0,)], 30)
    assert portal.states() == before
    assert servers.wait_until(lambda: servers.answers(portal.web.url), 30)
    assert portal.cancel(other) == 302
    after = {
        "cancelled": [7, 9],
        "confirmed": [n for n in first if n not in (7, 9)],
        "offered": [SEATS + 1, SEATS + 2],
        "waiting": waiting[2:],
    }
    assert portal.states() == after

    # Killed as soon as it is written: one was promoted, and asking again promotes nobody else
    last = portal.holder(11)
    given_back = "SELECT status FROM meetings_booking WHERE number = 11"
    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(portal.cancel, last)
        assert servers.wait_until(lambda: portal.ask(given_back) == [("cancelled",)], 30)
        portal.kill_workers()
        with contextlib.suppress(OSError, http.client.HTTPException):
            sent.result()
    assert servers.wait_until(lambda: servers.answers(portal.web.url), 30)
    assert portal.cancel(last) == 302
    assert portal.states() == {
        "cancelled": [7, 9, 11],
        "confirmed": [n for n in first if n not in (7, 9, 11)],
        "offered": [SEATS + 1, SEATS + 2, SEATS + 3],
        "waiting": waiting[3:],
    }
    assert portal.ask("SELECT taken FROM meetings_part") == [(SEATS,)]
