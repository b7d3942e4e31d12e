"""What the page of a meeting shows of its calendar."""

from datetime import datetime

from meetings.models import Meeting


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_calendar.html`."""
    return {"has_calendar": bool(meeting.days)}
