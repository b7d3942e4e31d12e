"""The daily reminders of the floor, for wmaportal/reminding.py."""

from datetime import datetime


def scan(now: datetime) -> dict[str, int]:
    """Write what is due at this moment; returns how many of each sort."""
    return {}
