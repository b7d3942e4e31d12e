"""A country can be followed (mailings/following.py): what every floor has about it."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from advice.models import Mission, Need
from documents.models import Document, Practice
from mailings import following
from mailings.following import Followable, Item, Thing
from mailings.models import Announcement
from meetings.models import Meeting
from partners.models import Country


def register():
    """Name it to the mailings; called when the app is ready."""
    following.register(Followable("country", _("A country"), _country, _items, str.upper))


def _country(code: str, user) -> Thing | None:
    country = Country.objects.filter(pk=code).first()
    if country is None:
        return None
    return Thing(str(country), reverse("country_detail", args=[country.pk.lower()]))


def _items(code: str, user) -> Iterable[Item]:
    open_ones = (Document.Status.OPEN, Document.Status.PUBLISHED)
    things = {
        "need": Need.objects.visible_to(user).published().filter(country=code).defer("search"),
        "practice": Practice.objects.published()
        .filter(current__country=code)
        .select_related("current"),
        "document": Document.objects.visible_to(user)
        .filter(status__in=open_ones, countries__contains=[code])
        .defer("search"),
        "mission": Mission.objects.visible_to(user).filter(country=code),
        "meeting": Meeting.objects.visible_to(user).announced().filter(country=code),
        "announcement": Announcement.objects.visible_to(user).published().filter(countries=code),
    }
    for kind, rows in things.items():
        for one in rows.order_by("-pk"):
            yield Item(f"{kind}-{one.pk}", str(one), one.get_absolute_url())
