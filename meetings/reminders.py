"""The daily reminders of the floor, for wmaportal/reminding.py."""

from datetime import datetime

from meetings import calendar_mails


def scan(now: datetime) -> dict[str, int]:
    """Write what is due at this moment; returns how many of each sort."""
    return calendar_mails.scan(now)
