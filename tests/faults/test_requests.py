"""Requests for advice while what moves them on is killed in the middle, again and again.

What must hold: each request has one expert who is asked, each expert was asked once, each requester
was told once, and nothing is half done.
"""

import contextlib
import os
import random
import subprocess
import sys
import time

import pytest

from wmaportal.local import migrated, servers

REQUESTS = 150
KILLS = 12

#: A partner with requests whose first expert has been silent for eight days.
MAKE = f"""
import django; django.setup()
from datetime import timedelta
from django.db import transaction
from django.utils import timezone
from advice import drafting
from advice.models import AdviceRequest, Choice
from experts.models import Expert
from partners.models import User
now = timezone.now()
asked_at = now - timedelta(days=8)
with transaction.atomic():
    requester = User.objects.create_user("requester@example.org", name="Requester")
    experts = [
        Expert.objects.create(
            name=f"Expert {{n}}", email=f"expert{{n}}@example.org", status="listed",
            country_id="JP", approved_at=now, confirmed_at=now,
        )
        for n in range({REQUESTS} + 1)
    ]
    for n in range({REQUESTS}):
        request = AdviceRequest.objects.create(
            requester=requester, country_id="UY", text="Words", languages=["en"],
            status="asking", sent_at=asked_at, asking_since=asked_at, since=asked_at,
        )
        place = request.places.create(number=1)
        Choice.objects.create(
            place=place, expert=experts[n], order=1, status="asked", asked_at=asked_at
        )
        Choice.objects.create(place=place, expert=experts[n + 1], order=2)
"""
MOVE_ON = """
import django; django.setup()
from django.utils import timezone
from advice import asking
print("begins", flush=True)
asking.move_on(timezone.now())
"""


@pytest.fixture
def database(tmp_path):
    migrated.copy_to(tmp_path / "postgres")
    postgres = servers.Postgres(tmp_path / "postgres", {"fsync": "off"})
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.close()


def run(postgres, words: str) -> subprocess.Popen:
    environ = os.environ | {
        "DJANGO_SETTINGS_MODULE": "wmaportal.settings",
        "DATABASE_URL": postgres.url,
        "OUTBOX_RING": "false",
    }
    return subprocess.Popen(
        servers.dies_with_us([sys.executable, "-c", words]),
        env=environ,
        cwd=servers.ROOT,
        stdout=subprocess.PIPE,
    )


def ask(postgres, statement: str) -> list[tuple]:
    connection = postgres.connect(servers.DATABASE)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_a_killed_worker_leaves_no_request_half_done(database):
    assert run(database, MAKE).wait() == 0
    moved = "SELECT count(*) FROM advice_choice WHERE status = 'no_answer'"
    cut_short = 0
    for _ in range(KILLS):
        before = ask(database, moved)[0][0]
        worker = run(database, MOVE_ON)
        assert worker.stdout.readline() == b"begins\n"
        # Killed once it has begun, after a part of the work that differs each time
        wanted = before + random.randrange(1, REQUESTS // KILLS)
        started = time.monotonic()
        while ask(database, moved)[0][0] < wanted and worker.poll() is None:
            assert time.monotonic() - started < 60
        if worker.poll() is None:
            worker.kill()
            cut_short += 1
        worker.wait()
        worker.stdout.close()
    last = run(database, MOVE_ON)
    assert last.wait() == 0
    last.stdout.close()

    assert cut_short >= 3, "the worker was too quick to be killed in the middle"
    states = dict(ask(database, "SELECT status, count(*) FROM advice_choice GROUP BY status"))
    assert states == {"no_answer": REQUESTS, "asked": REQUESTS}
    mails = "SELECT template, count(*) FROM mailings_outgoingmail GROUP BY template"
    assert dict(ask(database, mails)) == {
        "advice/mail/request_asked": REQUESTS,
        "advice/mail/expert_news": REQUESTS,
        "advice/mail/request_news": REQUESTS,
    }
    twice = """SELECT context->'choice'->>'pk' FROM mailings_outgoingmail
        WHERE template = 'advice/mail/request_asked' GROUP BY 1 HAVING count(*) > 1"""
    assert ask(database, twice) == []
    log = "SELECT new, count(*) FROM advice_choicechange GROUP BY new"
    assert dict(ask(database, log)) == {"no_answer": REQUESTS, "asked": REQUESTS}
