"""What the search of the whole portal finds among meetings."""

from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings import search_papers
from meetings.models import Meeting
from partners.directory.pages import figure
from partners.search import MOST, Hit, Hits


def find(words: str, user, now: datetime) -> list[Hits]:
    """Meetings and papers that this person may see, with all words in what they say."""
    return [_meetings(words, user), _papers(words, user)]


def _meetings(words: str, user) -> Hits:
    found = Meeting.objects.visible_to(user).matching(words)
    total = found.count()
    hits = [
        Hit(
            one.title,
            one.get_absolute_url(),
            one.summary,
            [fact for fact in (one.when, one.where, one.get_kind_display()) if fact],
        )
        for one in found.select_related("country").order_by("-starts_on", "-pk")[:MOST]
    ]
    heading = ngettext("%(n)s meeting", "%(n)s meetings", total) % {"n": figure(total)}
    address = f"{reverse('meeting_list')}?{urlencode({'q': words})}"
    return Hits(_("Meetings"), heading, address, total, hits)


def _papers(words: str, user) -> Hits:
    found = search_papers.find_papers(words, user)
    total = found.count()
    hits = [
        Hit(str(one), reverse("paper_list", args=[one.meeting.code]), facts=[str(one.meeting)])
        for one in found[:MOST]
    ]
    heading = ngettext("%(n)s paper of a meeting", "%(n)s papers of meetings", total)
    return Hits(
        _("Papers of meetings"),
        heading % {"n": figure(total)},
        reverse("meeting_list"),
        total,
        hits,
    )
