"""Deliver what waits in the outbox, without Celery."""

import signal
import threading

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from mailings import campaigning, delivery

PAUSE = 2  # seconds
AT_ONE_GO = 20  # seconds


class Command(BaseCommand):
    help = (
        "Deliver what waits in the outbox. With --keep-on, stay and look every two seconds. "
        "SIGTERM and Ctrl-C end it after the mail in hand."
    )

    def add_arguments(self, parser):
        parser.add_argument("--keep-on", action="store_true")

    def handle(self, keep_on, **options):
        """Raises CommandError where PostgreSQL is away; with --keep-on it waits for it."""
        ended = threading.Event()
        before = {
            number: signal.signal(number, lambda *_: ended.set())
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            self._run(keep_on, ended)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self, keep_on: bool, ended: threading.Event):
        total = 0
        while not ended.is_set():
            try:
                done = delivery.deliver(seconds=AT_ONE_GO, stop=ended.is_set)
                campaigning.look_after(timezone.now())
            except delivery.DATABASE_AWAY as error:
                if not keep_on:
                    raise CommandError(f"PostgreSQL is away: {error}") from error
                self.stderr.write(f"PostgreSQL is away: {error}")
                connection.close()
                ended.wait(PAUSE)
                continue
            total += done.total()
            if done.total():
                said = ", ".join(f"{number} {state}" for state, number in done.items() if number)
                self.stdout.write(said)
            elif keep_on:
                ended.wait(PAUSE)
            else:
                break
        if not keep_on and not total:
            self.stdout.write("Nothing was due.")
