"""Times of meetings: the clock at the place, the reader's own beside it (meetings/zones.py)."""

from datetime import datetime, tzinfo

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from meetings import zones
from meetings.models import Meeting

register = template.Library()


@register.simple_tag(takes_context=True)
def clock(context, moment: datetime | None, zone: tzinfo | None = None) -> SafeString | str:
    """`{% clock item.begins %}`: "09:00", and below it the reader's own "Mon 23:00".

    `zone` is that of the meeting where the moment is in another. The script of the page finds the
    element by `data-clock` and fills the empty one beside it where the reader's zone is not known.
    """
    if moment is None:
        return ""
    moment = moment.astimezone(zone) if zone else moment
    own = zones.beside(moment, _zone(context))
    return format_html(
        '<strong><time datetime="{}" data-clock>{}</time></strong><small>{}</small>',
        moment.isoformat(timespec="minutes"),
        date_format(moment, "H:i"),
        "" if own is None else format_html("{}{}", own.clock, _hidden(own.shift)),
    )


def _hidden(shift: int) -> SafeString | str:
    """The change of the day for those who do not see that a weekday stands there."""
    if not shift:
        return ""
    return format_html('<span class="sr"> ({})</span>', zones.shifts()[shift])


@register.simple_tag(takes_context=True)
def moment(context, moment: datetime | None, zone: tzinfo | None = None) -> SafeString | str:
    """A moment in words, with its zone by name, and the reader's own.

    "9 March 2027, 05:00 Bangkok (UTC+7); 8 March, 23:00 Vienna (UTC+1)". `zone` as for clock.
    """
    if moment is None:
        return ""
    moment = moment.astimezone(zone) if zone else moment
    said = format_html(
        '<time datetime="{}">{} {}</time>',
        moment.isoformat(timespec="minutes"),
        date_format(moment, "j F Y, H:i"),
        zones.named(moment),
    )
    own = zones.beside(moment, _zone(context))
    if own is None:
        return said
    day = "" if not own.shift else "j F, " if own.at.year == moment.year else "j F Y, "
    return format_html("{}; {} {}", said, date_format(own.at, f"{day}H:i"), zones.named(own.at))


@register.simple_tag(takes_context=True)
def zones_of(context, meeting: Meeting) -> dict:
    """What `meetings/parts/zone_line.html` says: the zone of the meeting, and the reader's."""
    reader, days = zones.reader(context["request"]), zones.days_of(meeting)
    own = reader.zone
    return {
        "there": zones.over(meeting.zone, days),
        "own": zones.over(own, days) if own else "",
        "is_same": own is not None and zones.is_same(meeting.zone, own, days),
        "is_guessed": reader.is_guessed,
        "is_chosen": reader.is_chosen,
        "shifts": zones.shifts(),
    }


def _zone(context) -> tzinfo | None:
    """The reader's zone; None in what is no page, such as a mail."""
    request = context.get("request")
    return zones.of(request) if request is not None else None
