"""Registrations a second for one meeting, against bare inserts under the same lock.

Both run in as many threads of one process, over a PostgreSQL of their own which writes every commit
through to the disk, as in production. The bare side does what cannot be left out: it locks the row
of the part, inserts the booking with the next number, counts on, commits. Ours is the whole step as
the page calls it: who registers, what was said, the rules of seats, the mail.

`python -m bench.registration rates` is the child that measures.
"""

import json
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.ground import child, manage
from wmaportal.local import servers

NAMES = ("registration.rate_ratio",)
PEOPLE, SEATS, THREADS, RUNS = 200, 30, 16, 5
VALUES = {
    "name": "Ana Maria Silva",
    "organisation_name": "Ministry of Environment",
    "country_id": "UY",
    "diet": "vegetarian",
    "appearance": "participants",
}


def measure(wanted) -> list[dict]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o711)
        url = stack.enter_context(servers.postgres(folder / "postgres", {}))
        environ = os.environ | {
            "LOCAL_MODE": "true",
            "SECRET_KEY": "for-measuring-" + "0123456789" * 5,
            "DATABASE_URL": url,
            "REDIS_URL": "redis://127.0.0.1:9/0",
            "OUTBOX_RING": "false",
            "DJANGO_SETTINGS_MODULE": "bench.settings",
        }
        manage(environ, "migrate", "--verbosity", "0")
        found = json.loads(child(environ, "bench.registration", "rates"))
    ratio = median(mine / his for mine, his in zip(found["ours"], found["bare"], strict=True))
    print(
        f"  {THREADS} threads, {PEOPLE} people: bare inserts {median(found['bare']):.0f}, "
        f"registrations {median(found['ours']):.0f} a second"
    )
    return [
        {
            "name": "registration.rate_ratio",
            "value": round(ratio, 2),
            "unit": "×",
            "bound": 0.1,
            "better": "higher",
        }
    ]


# The child


def rates():
    from partners.models import User

    users = User.objects.bulk_create(
        User(email=f"person{n}@example.org", name=f"Person {n}") for n in range(PEOPLE)
    )
    found = {"bare": [], "ours": []}
    for _run in range(RUNS):
        found["bare"].append(_bare(users))
        found["ours"].append(_ours(users))
    print(json.dumps(found))


def _hall():
    """A new meeting with a hall, that nobody has registered for."""
    from datetime import timedelta

    from django.utils import timezone

    from meetings.models import Meeting, Part, RegistrationDesk

    now = timezone.now()
    day = now.date() + timedelta(days=60)
    meeting = Meeting.objects.create(
        code=f"bench-{Meeting.objects.count()}",
        title="Bench",
        starts_on=day,
        ends_on=day,
        status=Meeting.Status.ANNOUNCED,
    )
    RegistrationDesk.objects.create(
        meeting=meeting,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=9),
        erase_on=day,
    )
    return Part.objects.create(meeting=meeting, kind=Part.Kind.ON_SITE, seats=SEATS)


def _ours(users) -> float:
    from django.utils import timezone

    from meetings import registering

    hall = _hall()

    def register(user):
        registering.register(hall.meeting_id, user, hall.pk, VALUES, {}, timezone.now())

    rate = _rate(register, users)
    _check(hall)
    return rate


def _bare(users) -> float:
    from django.db import connection, transaction

    from meetings.models import Registration

    hall = _hall()
    rows = Registration.objects.bulk_create(
        Registration(meeting_id=hall.meeting_id, user=user, **VALUES) for user in users
    )

    def insert(row):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT next_number FROM meetings_part WHERE id = %s FOR NO KEY UPDATE", [hall.pk]
            )
            (number,) = cursor.fetchone()
            status = "confirmed" if number <= SEATS else "waiting"
            cursor.execute(
                "INSERT INTO meetings_booking"
                " (part_id, registration_id, number, status, at, reason)"
                " VALUES (%s, %s, %s, %s, now(), '')",
                [hall.pk, row.pk, number, status],
            )
            cursor.execute(
                "UPDATE meetings_part SET next_number = next_number + 1 WHERE id = %s", [hall.pk]
            )

    rate = _rate(insert, rows)
    _check(hall)
    return rate


def _rate(step, things: list) -> float:
    """Steps a second of all threads together, from the moment when each has its connection."""
    from django.db import connection

    ready = threading.Barrier(THREADS + 1)

    def work(own: list):
        connection.ensure_connection()
        ready.wait()
        for one in own:
            step(one)
        connection.close()

    threads = [
        threading.Thread(target=work, args=[things[number::THREADS]]) for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(things) / (time.perf_counter() - began)


def _check(hall):
    states = list(hall.bookings.order_by("number").values_list("status", flat=True))
    if states != ["confirmed"] * SEATS + ["waiting"] * (PEOPLE - SEATS):
        raise RuntimeError("Not everybody got the right place.")


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1:] == ["rates"]:
        rates()
