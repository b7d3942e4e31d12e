"""What the search of the whole portal finds among missions."""

from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from advice.models import Mission
from partners.directory.pages import figure
from partners.search import MOST, Hit, Hits


def find(words: str, user, now: datetime) -> list[Hits]:
    """Missions that this person may see, with all words."""
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
    return [Hits(_("Missions"), heading % {"n": figure(total)}, address, total, hits)]
