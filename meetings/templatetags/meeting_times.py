"""Times of a meeting, at its place and where the reader is."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html

from meetings import zones

register = template.Library()


@register.simple_tag(takes_context=True)
def clock(context, moment: datetime | None):
    """The inside of a cell: a moment in its own zone, below it in that of the reader."""
    if moment is None:
        return ""
    here = format_html("<strong>{}</strong>", moment.strftime("%H:%M"))
    zone = zones.of(context["request"])
    if zone is None:
        return here
    there = moment.astimezone(zone)
    day = f"{date_format(there, 'D')} " if there.date() != moment.date() else ""
    return format_html("{}<small>{}{}</small>", here, day, there.strftime("%H:%M"))
