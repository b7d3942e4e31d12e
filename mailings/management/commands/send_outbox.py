"""Deliver what waits in the outbox, without Celery."""

import time

from django.core.management.base import BaseCommand

from mailings import delivery

PAUSE = 2  # seconds


class Command(BaseCommand):
    help = "Deliver what waits in the outbox. With --keep-on, stay and look every two seconds."

    def add_arguments(self, parser):
        parser.add_argument("--keep-on", action="store_true")

    def handle(self, keep_on, **options):
        while True:
            done = delivery.deliver(seconds=600)
            if any(done.values()) or not keep_on:
                words = ", ".join(f"{number} {state}" for state, number in done.items() if number)
                self.stdout.write(words or "Nothing was due.")
            if not keep_on:
                return
            time.sleep(PAUSE)
