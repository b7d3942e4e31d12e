"""The daily reminders without Celery beat: `manage.py remind`."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from wmaportal import reminding


class Command(BaseCommand):
    help = "Write the reminders that are due; safe to repeat. send_outbox delivers them."

    def handle(self, **options):
        for what, number in reminding.scan(timezone.now()).items():
            self.stdout.write(f"{what}: {number}")
