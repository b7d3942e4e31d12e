"""The daily reminders of the floor: comment rounds that close, practices whose review is due."""

from datetime import datetime

from documents import practice_reminders, round_reminders


def scan(now: datetime) -> dict[str, int]:
    """Write the reminders that are due at this moment; returns how many of each sort."""
    return round_reminders.scan(now) | practice_reminders.scan(now)
