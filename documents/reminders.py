"""The daily reminders of the floor: rounds that close, practices and documents to be reviewed."""

from datetime import datetime

from documents import document_reminders, practice_reminders, round_reminders


def scan(now: datetime) -> dict[str, int]:
    """Write the reminders that are due at this moment; returns how many of each sort."""
    return round_reminders.scan(now) | practice_reminders.scan(now) | document_reminders.scan(now)
