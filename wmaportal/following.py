"""A country can be followed (mailings/following.py): what every floor has about it."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mailings import following
from mailings.following import Followable, Item, Thing
from partners.models import Country
from wmaportal import countries


def register():
    """Name it to the mailings; called when the app is ready."""
    following.register(Followable("country", _("A country"), _country, _items, str.upper))


def _country(code: str, user) -> Thing | None:
    country = Country.objects.filter(pk=code).first()
    if country is None:
        return None
    return Thing(str(country), reverse("country_detail", args=[country.pk.lower()]))


def _items(code: str, user) -> Iterable[Item]:
    for kind, rows in countries.things(code, user).items():
        for one in rows.order_by("-pk"):
            yield Item(f"{kind}-{one.pk}", str(one), one.get_absolute_url())
