"""The daily reminders of all apps: each offers `scan(now)` in its `reminders.py`.

`remind` runs once a day (settings, CELERY_BEAT_SCHEDULE); it may run twice or a week late.
"""

from datetime import datetime

from advice import reminders as advice
from documents import reminders as documents
from experts import reminders as experts
from meetings import reminders as meetings

SCANS = (experts.scan, documents.scan, advice.scan, meetings.scan)


def scan(now: datetime) -> dict[str, int]:
    """Write the reminders that are due at this moment; returns how many of each sort."""
    done = {}
    for one in SCANS:
        done |= one(now)
    return done
