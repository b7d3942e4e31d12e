"""What the search of the whole portal finds among needs of countries and missions."""

from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from advice.models import Mission, Need
from partners.directory.facets import country_name
from partners.directory.pages import figure
from partners.search import MOST, Hit, Hits


def find(words: str, user, now: datetime) -> list[Hits]:
    """Needs of the register and missions that this person may see, with all words."""
    return [_needs(words, user), _missions(words, user)]


def _needs(words: str, user) -> Hits:
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
    return Hits(_("Needs of countries"), heading, address, total, hits)


def _missions(words: str, user) -> Hits:
    found = Mission.objects.visible_to(user).matching(words)
    total = found.count()
    hits = [
        Hit(
            one.title,
            one.get_absolute_url(),
            one.summary,
            [fact for fact in (str(one.country), one.when, one.get_status_display()) if fact],
        )
        for one in found.select_related("country")[:MOST]
    ]
    heading = ngettext("%(n)s mission or project", "%(n)s missions and projects", total)
    address = f"{reverse('mission_list')}?{urlencode({'q': words})}"
    return Hits(_("Missions"), heading % {"n": figure(total)}, address, total, hits)
