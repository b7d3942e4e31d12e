"""Days of announcements as events of a calendar: what everybody may see, whoever asks."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Event

from mailings import markdown
from mailings.models import Announcement
from partners import calendars, mail

KEPT = timedelta(days=366)  # after its last day
LENGTH = 500  # characters of a description


def events(now: datetime) -> list[Event]:
    """The days of each event, and each closing date, as days without a time; the first one first.

    What is withdrawn is not there any more, and programs that ask again take it away.
    """
    found = (
        Announcement.objects.public()
        .open_on((now - KEPT).date())
        .exclude(last_day=None)
        .select_related("topic")
        .defer("search")
        .order_by("last_day", "pk")
    )
    return [event for one in found for event in _of(one, now)]


def _of(announcement: Announcement, now: datetime) -> list[Event]:
    found = []
    if announcement.begins_on:
        last = announcement.ends_on or announcement.begins_on
        found.append(
            _event(announcement, "", announcement.title, announcement.begins_on, last, now)
        )
    if announcement.closes_on:
        title = _("Closes: %(announcement)s") % {"announcement": announcement}
        day = announcement.closes_on
        found.append(_event(announcement, "-closes", title, day, day, now))
    return found


def _event(
    announcement: Announcement, which: str, title: str, first: date, last: date, now: datetime
) -> Event:
    page = mail.absolute(announcement.get_absolute_url())
    words = markdown.first_words(announcement.text, LENGTH)
    found = Event()
    host = urlsplit(settings.SITE_URL).hostname
    found.add("uid", f"announcement-{announcement.pk}{which}@{host}")
    found.add("dtstamp", now.astimezone(UTC))
    found.add("last-modified", announcement.published_at.astimezone(UTC))
    found.add("dtstart", first)
    found.add("dtend", last + timedelta(days=1))  # the first day after it
    found.add("transp", "TRANSPARENT")
    calendars.add_text(found, "summary", title)
    calendars.add_text(found, "description", f"{words}\n\n{page}")  # not each program shows URL
    found.add("categories", [calendars.clean(str(announcement.topic))])
    found.add("url", page)
    return found
