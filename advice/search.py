"""What the search of the whole portal finds among the needs of countries."""

from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from advice.models import Need
from partners.directory.facets import country_name
from partners.directory.pages import figure
from partners.search import MOST, Hit, Hits


def find(words: str, user, now: datetime) -> list[Hits]:
    """Needs of the register, the newest first."""
    found = Need.objects.visible_to(user).published().matching(words)
    total = found.count()
    needs = found.newest_first().defer("search")[:MOST] if total else ()
    hits = [
        Hit(
            need.title,
            need.get_absolute_url(),
            need.description,
            [country_name(need.country_id), need.get_status_display()],
        )
        for need in needs
    ]
    heading = ngettext("%(n)s need", "%(n)s needs", total) % {"n": figure(total)}
    address = f"{reverse('need_list')}?{urlencode({'q': words})}"
    return [Hits(_("Needs of countries"), heading, address, total, hits)]
