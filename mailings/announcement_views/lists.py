"""The archive of announcements, its feeds, and its dates for calendars."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page, require_safe

from mailings import announcement_dates, announcement_feeds, permissions, presenting
from mailings.filters import AnnouncementFilter
from mailings.models import Announcement, AnnouncementTopic
from partners import calendars
from partners.pages import page_or_404

PER_PAGE = 20


@require_safe
def announcement_list(request):
    """Published ones that this person may see, the newest first."""
    today = timezone.now().date()
    with_names = permissions.sees_names(request.user)
    seen = Announcement.objects.published().visible_to(request.user)
    found = AnnouncementFilter(request.GET, seen, today=today, with_names=with_names)
    unknown = found.unknown()
    page = page_or_404(found.qs.with_all_of_a_row(), request, PER_PAGE)
    topics = found.by_topic()
    context = {
        "filter": found,
        "unknown": unknown,
        "topics": topics,
        "topic": found.form.cleaned_data.get("topic"),
        "total": sum(number for _topic, number in topics),
        "tabs": _tabs(request, found),
        "page": page,
        "rows": presenting.rows(page, today, with_names),
        "can_write": permissions.can_write(request.user, today),
    }
    return render(request, "mailings/announcement_list.html", context)


def _tabs(request, found: AnnouncementFilter) -> list[dict]:
    """Open, past and all, as parts/tabs.html takes them; the other filters are kept."""
    numbers, chosen = found.numbers(), found.form.cleaned_data.get("time") or ""
    names = (
        (found.OPEN, _("Open (%(n)s)"), numbers["open"]),
        (found.PAST, _("Past (%(n)s)"), numbers["past"]),
        ("", _("All (%(n)s)"), numbers["all"]),
    )
    tabs = []
    for value, name, number in names:
        query = request.GET.copy()
        for gone in ("page", "time"):
            query.pop(gone, None)
        if value:
            query["time"] = value
        url = f"{request.path}?{query.urlencode()}".rstrip("?")
        tabs.append({"name": name % {"n": number}, "url": url, "current": value == chosen})
    return tabs


@require_safe
@conditional_page
def announcement_feed(request):
    """The newest that everybody may see, as Atom."""
    return announcement_feeds.Announcements()(request)


@require_safe
@conditional_page
def announcement_topic_feed(request, topic: str):
    """Those of one topic."""
    return announcement_feeds.Announcements()(
        request, topic=get_object_or_404(AnnouncementTopic, code=topic)
    )


@require_safe
def announcement_calendar(request):
    """Events and closing days that everybody may see, as a calendar that programs ask for again."""
    events = announcement_dates.events(timezone.now())
    name = _("Announcements of the Waste Management Area")
    return calendars.response(calendars.feed(name, events), "announcements")
