"""The reader's own time zone: chosen on a page, kept in a cookie, beside that of the meeting."""

import zoneinfo

from django.http import HttpRequest

from meetings.models import zone_names

COOKIE = "zone"


def of(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    """The zone that this reader chose; None where none is known."""
    name = request.COOKIES.get(COOKIE, "")
    return zoneinfo.ZoneInfo(name) if name in zone_names() else None
