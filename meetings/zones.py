"""The reader's own time zone beside that of the meeting, and zones in words.

The zone is chosen on a page, or by the browser (static/meeting-times.js), and kept in a cookie; the
country of a person who signed in is a guess until then. Pages that show it depend on the cookie:
they say `Vary: Cookie`, as every page that knows whether somebody is signed in.
"""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import cache

from babel.core import get_global
from babel.dates import get_timezone_location
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from experts.models import Expert
from meetings.models import Meeting
from partners.models import Organisation
from partners.time_zones import COOKIE, offset, zone_names

COOKIE_AGE = 365 * 24 * 60 * 60  # seconds
#: What the cookie says where somebody wants the zone of the meeting alone
NO_ZONE = "none"
NOON = time(12)  # clocks are changed at night


@dataclass(frozen=True)
class Reader:
    """The zone of a reader, None where it is not known or not wanted."""

    zone: zoneinfo.ZoneInfo | None = None
    is_guessed: bool = False  # from the country
    is_chosen: bool = False


def reader(request: HttpRequest) -> Reader:
    """Who reads, as far as the zone goes; asked for once in a request."""
    if not hasattr(request, "meetings_reader"):
        request.meetings_reader = _reader(request)
    return request.meetings_reader


def _reader(request: HttpRequest) -> Reader:
    name = request.COOKIES.get(COOKIE, "")
    if name == NO_ZONE:
        return Reader(is_chosen=True)
    if name in zone_names():
        return Reader(zoneinfo.ZoneInfo(name), is_chosen=True)
    user = getattr(request, "user", None)
    zone = _of_country(user) if user is not None and user.is_authenticated else None
    return Reader(zone, is_guessed=zone is not None)


def of(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    """The zone that this reader chose, or that of the country; None where none is known."""
    return reader(request).zone


def _of_country(user) -> zoneinfo.ZoneInfo | None:
    """The zone of the country of the expert's profile or the organisation, where it has one."""
    countries = {
        *Expert.objects.filter(user=user).values_list("country", flat=True),
        *Organisation.objects.of(user, timezone.now().date()).values_list("country", flat=True),
    } - {None, ""}
    zones = get_global("territory_zones").get(countries.pop(), []) if len(countries) == 1 else []
    return zoneinfo.ZoneInfo(zones[0]) if len(zones) == 1 and zones[0] in zone_names() else None


def keep(response: HttpResponse, name: str):
    """Keep the choice of a reader: the name of a zone, or NO_ZONE. The script reads it, too."""
    response.set_cookie(
        COOKIE, name, COOKIE_AGE, samesite="Lax", secure=bool(settings.SESSION_COOKIE_SECURE)
    )


# In words


def city(zone: tzinfo) -> str:
    """What a zone is called: "Bangkok", "UTC"."""
    return _city(getattr(zone, "key", "UTC"), (get_language() or "en")[:2])


@cache
def _city(name: str, language: str) -> str:
    found = get_timezone_location(name, locale=language, return_city=True)
    return found.rpartition("/")[2]  # of "Argentina/Buenos Aires"


def named(moment: datetime) -> str:
    """The zone of a moment by its name, as it is then: "Bangkok (UTC+7)"."""
    return _with_offset(moment.tzinfo, offset(moment))


def over(zone: tzinfo, days: Iterable[date]) -> str:
    """The zone by its name, on these days: "Vienna (UTC+1, from 28 March UTC+2)"."""
    parts = [
        said if first is None else _("from %(day)s %(zone)s") % {"day": first, "zone": said}
        for first, said in _offsets(zone, days)
    ]
    return _with_offset(zone, ", ".join(parts))


def _with_offset(zone: tzinfo, said: str) -> str:
    name = city(zone)
    return name if name == said else f"{name} ({said})"


def _offsets(zone: tzinfo, days: Iterable[date]) -> list[tuple[str | None, str]]:
    """(day from which it holds, offset); the first holds from the beginning."""
    found: list[tuple[str | None, str]] = []
    for day in days:
        said = offset(datetime.combine(day, NOON, zone))
        if not found or found[-1][1] != said:
            found.append((date_format(day, "j F") if found else None, said))
    return found


def is_same(one: tzinfo, other: tzinfo, days: Iterable[date]) -> bool:
    """Whether clocks of both show the same on all of these days."""
    return all(
        datetime.combine(day, NOON, one).utcoffset()
        == datetime.combine(day, NOON, other).utcoffset()
        for day in days
    )


def days_of(meeting: Meeting) -> list[date]:
    """The days on which offsets are looked at; one of the old ones whose days nobody knows."""
    return meeting.days or [meeting.starts_on]


@dataclass(frozen=True)
class Own:
    """A moment on the reader's clock."""

    at: datetime
    clock: str  # "23:00", with the weekday where the day is another: "Mon 23:00"
    shift: int  # days from the day at the place of the meeting: -2 to 2


def beside(moment: datetime, zone: tzinfo | None) -> Own | None:
    """The moment on the reader's clock; None where it shows the same, or no zone is known."""
    if zone is None or moment.astimezone(zone).utcoffset() == moment.utcoffset():
        return None
    at = moment.astimezone(zone)
    shift = (at.date() - moment.date()).days
    return Own(at, date_format(at, "D H:i" if shift else "H:i"), shift)


def shifts() -> dict[int, str]:
    """Each change of the day in words, by days; two are between ends of the date line."""
    return {
        -2: _("two days before"),
        -1: _("the day before"),
        1: _("the day after"),
        2: _("two days after"),
    }
