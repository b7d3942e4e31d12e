"""What the page of a meeting shows of its questions."""

from datetime import datetime

from meetings.models import Meeting


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_questions.html`."""
    return {}
