"""Addresses of meetings, for the table of tests/pages.py: one file a subject, as for advice.

Each has the same names; `other` is another listed expert. The meeting that most of them are about
is the next one of the demonstration: `meeting()`.
"""

from datetime import datetime

from partners.models import User
from tests.meeting_pages import (
    agenda,
    calendar,
    detail,
    letters,
    outcomes,
    papers,
    questions,
    registration,
    statements,
)

_SUBJECTS = (
    detail,
    agenda,
    papers,
    registration,
    letters,
    calendar,
    outcomes,
    statements,
    questions,
)

OURS = "".join(one.OURS for one in _SUBJECTS)
MODELS = "".join(one.MODELS for one in _SUBJECTS)
FILES = set().union(*(one.FILES for one in _SUBJECTS))
ALIKE = set().union(*(one.ALIKE for one in _SUBJECTS))
QUERIES = {name: query for one in _SUBJECTS for name, query in one.QUERIES.items()}


def furnish(partner: User, other: User, lead: User, now: datetime):
    for one in _SUBJECTS:
        one.furnish(partner, other, lead, now)


def arguments(now: datetime) -> dict[str, list]:
    return {name: value for one in _SUBJECTS for name, value in one.arguments(now).items()}


def keys() -> dict[str, object]:
    return {name: value for one in _SUBJECTS for name, value in one.keys().items()}
