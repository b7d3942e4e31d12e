"""Files for calendars (RFC 5545; docs/decisions/0081): what those of all apps have in common."""

import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpResponse
from icalendar import Calendar, Event

MAKER = "-//UNEP Global Mercury Partnership//Waste Management Area//EN"
#: How often programs may ask for a feed again
REFRESH = timedelta(hours=4)
CONTENT_TYPE = "text/calendar; charset=utf-8"


def feed(name: str, events: Iterable[Event]) -> bytes:
    """A calendar that programs ask for again and again."""
    found = calendar("PUBLISH", events)
    for kind in ("name", "x-wr-calname"):
        add_text(found, kind, name)
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    found.add("x-published-ttl", "PT4H")
    return written(found)


def calendar(method: str, events: Iterable[Event]) -> Calendar:
    found = Calendar()
    found.add("version", "2.0")
    found.add("prodid", MAKER)
    found.add("calscale", "GREGORIAN")
    found.add("method", method)
    for event in events:
        found.add_component(event)
    return found


def written(found: Calendar) -> bytes:
    return found.to_ical(sorted=False)


def add_text(component: Event | Calendar, name: str, text: str):
    component.add(name, clean(text))


def clean(text: str) -> str:
    """Without control characters, which no parser takes, and without marks of byte order, which
    parsers drop; lines end with a line feed alone.
    """
    lines = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").expandtabs(1)
    return "".join(one for one in lines if one == "\n" or unicodedata.category(one) != "Cc")


def response(content: bytes, name: str) -> HttpResponse:
    """The file as an answer, called `name`.ics where it is saved."""
    return HttpResponse(
        content,
        content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}.ics"'},
    )
