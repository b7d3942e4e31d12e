"""Compare stored files with the rows that point at them: `check_files`."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from partners import file_check
from partners.models import FileFinding


class Command(BaseCommand):
    help = "Report rows whose file is gone, and files that no row points at; changes neither."

    def handle(self, **options):
        for what, number in file_check.check(timezone.now()).items():
            self.stdout.write(f"{what}: {number}")
        for finding in FileFinding.objects.all():
            self.stdout.write(f"  {finding} {finding.about}".rstrip())
