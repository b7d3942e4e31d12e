"""Celery is the bell: it says that there may be mail, PostgreSQL says which."""

from celery import shared_task

from mailings import delivery


@shared_task(time_limit=120)
def deliver():
    delivery.deliver(seconds=45)
