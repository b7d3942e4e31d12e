"""Three schedulers, each a process of its own, write the digests of 500 people in the week in which
the clocks change: 500 weekly digests, whoever is killed on the way.
"""

import contextlib
import os
import subprocess
import sys
from collections import Counter

import pytest

from wmaportal.local import migrated, servers

PEOPLE = 500
ZONES = ("Europe/Vienna", "America/New_York", "Asia/Tokyo", "America/Santiago", "Africa/Nairobi")

#: Partners of five zones who want projects once a week, and one announcement of the week before
MAKE = f"""
import django; django.setup()
from datetime import UTC, date, datetime
from django.db import transaction
from mailings.models import Announcement, AnnouncementTopic, Preferences, Subscription
from partners.models import Partner, User
before = datetime(2027, 3, 20, tzinfo=UTC)
zones = {ZONES!r}
with transaction.atomic():
    people = User.objects.bulk_create(
        [User(email=f"person{{n}}@example.org", name=f"Person {{n}}") for n in range({PEOPLE})]
    )
    author = User.objects.create_user("author@example.org", name="Author")
    Partner.objects.bulk_create([Partner(person=one, status="approved") for one in people])
    topic = AnnouncementTopic.objects.get(code="projects")
    Subscription.objects.bulk_create(
        [
            Subscription(
                user=one, topic=topic, frequency="weekly", since=before, changed_at=before
            )
            for one in people
        ]
    )
    Preferences.objects.bulk_create(
        [Preferences(user=one, time_zone=zones[n % 5]) for n, one in enumerate(people)]
    )
    Announcement.objects.create(
        topic=topic, title="Lamps", text="Two plants.", author=author, status="published",
        published_at=datetime(2027, 3, 24, tzinfo=UTC),
    )
"""

#: Digests of which something is said; the week before there was nothing, and no mail
WITH_MAIL = "digest WHERE mail_id IS NOT NULL"

#: Every hour from the Saturday before to the Monday after summer time began in Vienna
SCHEDULE = """
import django; django.setup()
from datetime import UTC, datetime, timedelta
from mailings import digesting
moment = datetime(2027, 3, 27, tzinfo=UTC)
print("begun", flush=True)
while moment < datetime(2027, 3, 30, tzinfo=UTC):
    digesting.write_due(moment)
    moment += timedelta(hours=1)
"""


class Portal:
    """PostgreSQL and the environment of processes that use it."""

    def __init__(self, postgres, environ):
        self.postgres, self.environ = postgres, environ
        self.started: list[subprocess.Popen] = []

    def schedule(self) -> subprocess.Popen:
        """A scheduler in a process of its own, which has begun."""
        process = subprocess.Popen(
            [sys.executable, "-c", SCHEDULE],
            env=self.environ,
            cwd=servers.ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        assert process.stdout.readline() == "begun\n"
        return process

    def ask(self, statement: str) -> list[tuple]:
        connection = self.postgres.connect(servers.DATABASE)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def number(self, rows: str) -> int:
        return self.ask(f"SELECT count(*) FROM mailings_{rows}")[0][0]


@pytest.fixture
def portal(tmp_path):
    migrated.copy_to(tmp_path / "postgres")
    postgres = servers.Postgres(tmp_path / "postgres", {"fsync": "off"})
    found = None
    try:
        postgres.start()
        environ = os.environ | {
            "DJANGO_SETTINGS_MODULE": "wmaportal.settings",
            "DATABASE_URL": postgres.url,
            "OUTBOX_RING": "false",
        }
        subprocess.run([sys.executable, "-c", MAKE], env=environ, cwd=servers.ROOT, check=True)
        found = Portal(postgres, environ)
        yield found
    finally:
        for process in found.started if found else ():
            process.kill()
            process.communicate()
        postgres.close()


def counted(portal) -> tuple[int, int, int]:
    return portal.number(WITH_MAIL), portal.number("digestentry"), portal.number("outgoingmail")


def test_three_schedulers_write_500_digests_for_500_people(portal):
    schedulers = [portal.schedule() for _n in range(3)]
    assert [one.wait(120) for one in schedulers] == [0, 0, 0]

    assert counted(portal) == (PEOPLE, PEOPLE, PEOPLE)
    found = portal.ask(
        "SELECT period, count(*), count(mail_id) FROM mailings_digest GROUP BY 1 ORDER BY 1"
    )
    assert [(str(day), *numbers) for day, *numbers in found] == [
        ("2027-03-22", PEOPLE, 0),
        ("2027-03-29", PEOPLE, PEOPLE),
    ]
    to = Counter(address for (address,) in portal.ask('SELECT "to" FROM mailings_outgoingmail'))
    assert set(to.values()) == {1}


def test_a_scheduler_that_is_killed_leaves_no_half_of_a_digest(portal):
    killed = portal.schedule()
    servers.wait_until(lambda: portal.number(WITH_MAIL) > 0, 60)
    killed.kill()
    killed.wait(20)
    assert portal.number("outgoingmail") == portal.number("digestentry") == portal.number(WITH_MAIL)

    assert portal.schedule().wait(120) == 0
    assert counted(portal) == (PEOPLE, PEOPLE, PEOPLE)
