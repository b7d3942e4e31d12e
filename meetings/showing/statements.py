"""What the page of a meeting shows of its statements."""

from datetime import datetime

from meetings import stating
from meetings.models import Meeting, Statement


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_statements.html`."""
    seen = Statement.objects.visible_to(user, now.date()).filter(meeting=meeting).sent()
    return {
        "stated_by": list(seen.select_related("country").order_by("country__sort_name")),
        "takes_statements": stating.takes_statements(meeting, now),
        "to_write": stating.to_write(meeting, user, now),
    }
