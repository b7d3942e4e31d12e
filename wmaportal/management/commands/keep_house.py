from django.core.management.base import BaseCommand
from django.utils import timezone

from wmaportal import housekeeping


class Command(BaseCommand):
    help = "End pauses, erase removed profiles, drop old traces; safe to repeat."

    def handle(self, **options):
        for what, number in housekeeping.keep_house(timezone.now()).items():
            self.stdout.write(f"{number} {what}.")
