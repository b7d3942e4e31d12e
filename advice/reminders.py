"""The daily reminders of the floor: questions to experts, what came of the advice, surveys."""

from datetime import datetime

from advice import request_reminders, survey_reminders


def scan(now: datetime) -> dict[str, int]:
    """Write the reminders that are due at this moment; returns how many of each sort."""
    return request_reminders.scan(now) | survey_reminders.scan(now)
