"""Invitations to people's calendars by mail (iTIP): REQUEST, its updates, CANCEL."""

from datetime import datetime

from meetings.models import Registration


def send_request(registration: Registration, now: datetime):
    """Put the meeting into the calendar of somebody whose seat was confirmed, or change it there.

    In the caller's transaction.
    """


def send_cancel(registration: Registration, now: datetime):
    """Take it out again: the seat was given back, or the meeting is cancelled."""
