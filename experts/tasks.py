"""What the Resource Persons List does in a Celery worker."""

from celery import shared_task
from django.utils import timezone

from experts.importing import runs


@shared_task
def read_import(run_id: int):
    runs.read(run_id, timezone.now())


@shared_task
def write_import(run_id: int, by_id: int):
    runs.write(run_id, by_id, timezone.now())
