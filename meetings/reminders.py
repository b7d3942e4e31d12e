"""The daily reminders of the floor, for wmaportal/reminding.py."""

from datetime import datetime

from meetings import action_reminders, calendar_mails


def scan(now: datetime) -> dict[str, int]:
    """Write what is due at this moment; returns how many of each sort."""
    return action_reminders.scan(now) | calendar_mails.scan(now)
