"""What the page of a meeting shows of its statements."""

from datetime import datetime

from meetings import stating
from meetings.models import Meeting, Statement


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_statements.html`."""
    stated_by = []
    if "statements" in meeting.holds:
        seen = Statement.objects.visible_to(user, now.date()).filter(meeting=meeting).sent()
        stated_by = list(seen.select_related("country").order_by("country__sort_name"))
    return {
        "stated_by": stated_by,
        "takes_statements": stating.takes_statements(meeting, now),
        "to_write": stating.to_write(meeting, user, now),
    }
