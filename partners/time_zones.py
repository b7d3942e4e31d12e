"""Time zones of the IANA database: names, how far they are from UTC, and all to choose from."""

import zoneinfo
from datetime import datetime
from functools import cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

#: In which a browser keeps the zone of its reader (meetings/zones.py)
COOKIE = "zone"


@cache
def zone_names() -> frozenset[str]:
    """Zones of the IANA time zone database."""
    return frozenset(zoneinfo.available_timezones())


def validate_zone(name: str):
    """Raise ValidationError unless it is the name of a zone of the IANA time zone database."""
    if name not in zone_names():
        raise ValidationError(_("“%(name)s” is not a time zone.") % {"name": name})


def offset(moment: datetime) -> str:
    """How far its zone is from UTC then: "UTC+7", "UTC+5:30", "UTC"; with a true minus sign."""
    minutes = round(moment.utcoffset().total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    if not minutes:
        return "UTC"
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


#: Areas of the IANA database; what stands outside of them are old names and offsets
AREAS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic"),
    *("Australia", "Europe", "Indian", "Pacific"),
)


def choices(now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """All zones by area: (area, [(name, words)]), each with its offset of today."""
    by_area: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for name in sorted(zone_names()):
        area, _slash, rest = name.partition("/")
        if rest and area in by_area:
            place = rest.replace("_", " ").replace("/", ", ")
            words = f"{place} ({offset(now.astimezone(zoneinfo.ZoneInfo(name)))})"
            by_area[area].append((name, words))
    return [(str(_area_names()[area]), zones) for area, zones in by_area.items()]


def _area_names() -> dict[str, str]:
    return {
        "Africa": pgettext("area of time zones", "Africa"),
        "America": pgettext("area of time zones", "America"),
        "Antarctica": pgettext("area of time zones", "Antarctica"),
        "Arctic": pgettext("area of time zones", "Arctic"),
        "Asia": pgettext("area of time zones", "Asia"),
        "Atlantic": pgettext("area of time zones", "Atlantic Ocean"),
        "Australia": pgettext("area of time zones", "Australia"),
        "Europe": pgettext("area of time zones", "Europe"),
        "Indian": pgettext("area of time zones", "Indian Ocean"),
        "Pacific": pgettext("area of time zones", "Pacific Ocean"),
    }
