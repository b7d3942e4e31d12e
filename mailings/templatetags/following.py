"""Whether the reader follows what a page shows."""

from django import template

from mailings import following
from mailings.models import Follow, Frequency

register = template.Library()


@register.simple_tag(takes_context=True)
def followed(context, kind: str, key) -> Follow | None:
    """`{% followed "country" country.pk as follow %}`: None where it is not followed."""
    user, sort = context["user"], following.kind_of(kind)
    if sort is None or not user.is_authenticated:
        return None
    rows = user.follows.exclude(frequency=Frequency.NEVER)
    return rows.filter(kind=kind, key=sort.normal(str(key))).first()
