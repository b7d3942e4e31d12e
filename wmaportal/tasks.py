"""What runs without a request, for all apps."""

from celery import shared_task
from django.utils import timezone

from partners import file_check
from wmaportal import housekeeping, reminding


@shared_task
def remind():
    reminding.scan(timezone.now())


@shared_task
def keep_house():
    housekeeping.keep_house(timezone.now())


@shared_task
def check_files():
    file_check.check(timezone.now())
