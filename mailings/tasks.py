"""Celery is the bell: it says that there may be mail, PostgreSQL says which."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from mailings import announcing, campaigning, delivery

logger = logging.getLogger(__name__)

#: Of a task, seconds. One that was begun twice does no harm, but a short one is never handed out
#: again by Redis, leaves room for other tasks and lets a worker stop soon.
LONGEST = max(60.0, settings.EMAIL_TIMEOUT + 20)
#: No mail is begun later: the last one may take EMAIL_TIMEOUT, its outcome a moment.
BEGINS = LONGEST - settings.EMAIL_TIMEOUT - 10


@shared_task(time_limit=LONGEST)
def deliver():
    try:
        delivery.deliver(seconds=BEGINS)
        campaigning.look_after(timezone.now())
    except delivery.DATABASE_AWAY as error:
        logger.warning("Mail waits until PostgreSQL is back: %s", str(error).strip())


@shared_task
def publish_announcements():
    """Those whose moment has come."""
    announcing.publish_due(timezone.now())
