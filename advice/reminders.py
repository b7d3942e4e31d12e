"""The daily reminders of the floor: questions to experts, and what came of the advice."""

from datetime import datetime

from advice import request_reminders


def scan(now: datetime) -> dict[str, int]:
    """Write the reminders that are due at this moment; returns how many of each sort."""
    return request_reminders.scan(now)
