"""What meetings know of a country, for its page (wmaportal/countries.py)."""

from datetime import date

from django.db.models import QuerySet

from meetings.models import Statement
from partners.models import Country


def statements_of(country: Country, user, today: date) -> QuerySet[Statement]:
    """The country's statements that this person may see, the newest meeting first; no drafts."""
    seen = Statement.objects.visible_to(user, today).sent().filter(country=country)
    return seen.select_related("meeting").order_by("-meeting__starts_on", "-pk")
