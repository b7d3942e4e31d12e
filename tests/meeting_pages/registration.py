"""Addresses of meetings: registration. The letters and roles are those of tests/pages.py."""

from datetime import datetime

from partners.models import User

OURS = """
"""

MODELS = """
"""

FILES: set[str] = set()
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """What the demonstration lacks."""


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    return {}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
