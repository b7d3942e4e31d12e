"""What the page of a meeting shows of its participants: ways to the list and to one's letters."""

from datetime import datetime

from meetings import own_letters, participants
from meetings.models import Meeting


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_participants.html`."""
    own = None
    if user.is_authenticated:
        own = meeting.registrations.select_related("meeting").filter(user=user).first()
    return {
        "participants_shown": participants.is_shown_to(meeting, user, now),
        "has_letters": own is not None and own_letters.of(own, now)["has_letters"],
    }
