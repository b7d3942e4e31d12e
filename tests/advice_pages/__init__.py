"""Addresses of needs, requests, missions and the use of the list, for the table of tests/pages.py.

One file for each subject, each with the same names; `other` is another listed expert.
"""

from datetime import datetime

from partners.models import User
from tests.advice_pages import missions, needs, requests, use

_SUBJECTS = (needs, requests, missions, use)

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
