"""The daily reminders of the floor, for wmaportal/reminding.py."""

from datetime import datetime

from meetings import action_reminders


def scan(now: datetime) -> dict[str, int]:
    """Write what is due at this moment; returns how many of each sort."""
    return action_reminders.scan(now)
