"""The contact person of a partner follows the meetings in a calendar of the own."""

from datetime import datetime

from meetings import calendar_feeds
from meetings.models import Meeting
from partners import demonstration as people
from partners.models import User


def load(meeting: Meeting, now: datetime):
    calendar_feeds.make(User.objects.get(email=people.PARTNER).pk, now)
