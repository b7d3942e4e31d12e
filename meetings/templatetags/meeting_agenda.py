"""What the tables of an agenda depend on beside the agenda itself."""

from django import template

from meetings import zones

register = template.Library()


@register.simple_tag(takes_context=True)
def reader_zone(context) -> str:
    """The name of the reader's own zone; empty where none is known."""
    return str(zones.of(context["request"]) or "")
