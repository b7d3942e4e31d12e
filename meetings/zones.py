"""The reader's own time zone: chosen on a page, kept in a cookie, beside that of the meeting."""

import zoneinfo
from datetime import date, datetime

from django.http import HttpRequest

from meetings.models import Meeting, zone_names

COOKIE = "zone"


def of(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    """The zone that this reader chose; None where none is known."""
    name = request.COOKIES.get(COOKIE, "")
    return zoneinfo.ZoneInfo(name) if name in zone_names() else None


def day_at(meeting: Meeting, now: datetime) -> date:
    """The day that it is at the place of the meeting."""
    return now.astimezone(meeting.zone).date()
