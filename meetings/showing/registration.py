"""What the page of a meeting shows of its registration."""

from datetime import datetime

from meetings import own_places, registering
from meetings.models import Booking, Meeting
from meetings.moments import in_words


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of the parts shown_registration, shown_own_place and shown_states."""
    desk = getattr(meeting, "desk", None)
    if desk is None:
        return {}
    own = own_places.of(user, meeting)
    closed = registering.why_not(meeting, now)
    return {
        "desk": desk,
        "desk_parts": meeting.parts.with_waiting(),
        "desk_closes": in_words(desk.closes_at, meeting),
        "desk_days_left": None if closed else (desk.closes_at - now).days,
        "registration_open": not closed,
        "registration_closed": closed,
        "meeting_is_over": registering.is_over(meeting, now),
        "own_places": own,
        "own_offered": own is not None
        and any(one.status == Booking.Status.OFFERED for one in own.live),
    }
