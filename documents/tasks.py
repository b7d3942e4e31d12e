"""What the library does in a Celery worker."""

from celery import shared_task
from django.utils import timezone

from documents import extracting


@shared_task(time_limit=300)
def extract(translation_id: int):
    extracting.extract(translation_id, timezone.now())
