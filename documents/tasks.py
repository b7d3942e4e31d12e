"""What the library does in a Celery worker."""

from celery import shared_task
from django.utils import timezone

from documents import address_check, compiling, extracting


@shared_task(time_limit=300)
def extract(translation_id: int):
    extracting.extract(translation_id, timezone.now())


# Both shorter than compiling.LOST_AFTER; the soft limit lets the edition say that it failed
@shared_task(soft_time_limit=780, time_limit=840)
def compile_edition(number: int):
    """An edition of the living document; nothing where none of this number waits."""
    compiling.make(number, timezone.now())


@shared_task
def check_addresses():
    address_check.check(timezone.now())
