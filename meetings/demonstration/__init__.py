"""Demonstration data of the floor: the true meetings of the area, and two invented ones.

Called by `manage.py loaddemo` alone. True meetings stand in data/meetings.json with their sources;
what is known of them is shown and no more. The last meeting and the next one are invented and say
so: days count from the moment of loading.
"""

from datetime import datetime

from meetings.demonstration import (
    agenda,
    calendar,
    history,
    invented,
    letters,
    outcomes,
    papers,
    questions,
    registration,
    statements,
)
from meetings.demonstration.invented import LAST, NEXT
from meetings.models import Meeting

__all__ = ["LAST", "NEXT", "load"]


def load(now: datetime):
    """In the caller's transaction."""
    history.load(now)
    invented.load(now)
    outcomes.load(Meeting.objects.get(code=LAST), now)
    meeting = Meeting.objects.get(code=NEXT)
    for subject in (agenda, papers, registration, letters, statements, questions, calendar):
        subject.load(meeting, now)
