"""What the search of the whole portal finds among announcements."""

from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings import permissions, presenting
from mailings.models import Announcement
from partners.directory.pages import figure
from partners.search import MOST, Hit, Hits


def find(words: str, user, now: datetime) -> list[Hits]:
    """Published announcements that this person may see, with all words in what they say."""
    found = Announcement.objects.published().visible_to(user).matching(words)
    total = found.count()
    with_names = permissions.sees_names(user)
    first = presenting.rows(found.with_all_of_a_row()[:MOST], now.date(), with_names)
    hits = [
        Hit(
            one.announcement.title,
            one.announcement.get_absolute_url(),
            one.words,
            [
                fact
                for fact in (str(one.announcement.topic), one.state, one.days, one.author)
                if fact
            ],
        )
        for one in first
    ]
    heading = ngettext("%(n)s announcement", "%(n)s announcements", total) % {"n": figure(total)}
    address = f"{reverse('announcement_list')}?{urlencode({'q': words})}"
    return [Hits(_("Announcements"), heading, address, total, hits)]
