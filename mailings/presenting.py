"""Announcements in the words of pages, feeds and the search."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from mailings import markdown
from mailings.models import Announcement, AnnouncementTopic
from partners.models import Role

BEGINNING = 2000  # characters of a text in which its first words are looked for


@dataclass(frozen=True)
class Row:
    """One announcement as lists show it; `state` is empty where nothing need be said."""

    announcement: Announcement
    words: str
    state: str
    kind: str  # colour of the badge with the state
    days: str
    money: str
    author: str


def rows(announcements: Iterable[Announcement], today: date, with_names: bool) -> list[Row]:
    """One query beside those of the announcements, which come `with_all_of_a_row()`."""
    leads = leads_on(today)
    found = []
    for one in announcements:
        state, kind = state_on(one, today)
        found.append(
            Row(
                one,
                markdown.first_words(one.text[:BEGINNING]),
                state,
                kind,
                days(one),
                money(one),
                author(one, leads, with_names),
            )
        )
    return found


_Status = Announcement.Status
#: Colours of the badge with the status, where it asks for more than grey
_LOOKS = {
    _Status.SUBMITTED: "info",
    _Status.RETURNED: "warn",
    _Status.EDITED: "warn",
    _Status.SCHEDULED: "info",
    _Status.PUBLISHED: "good",
}


def look(announcement: Announcement) -> str:
    """The colour of the badge with its status; empty for a grey one."""
    return _LOOKS.get(announcement.status, "")


def leads_on(today: date) -> set[int]:
    """Keys of the Lead and co-leads of that day, for `author`."""
    held = Role.objects.held_on(today).filter(kind__in=Role.LEADS)
    return set(held.values_list("user", flat=True))


def author(announcement: Announcement, leads: set[int], with_names: bool) -> str:
    """Who wrote it: people are named to partners alone, others read the organisation."""
    if announcement.author_id in leads:
        return _("the Lead")
    names = [announcement.author.name] if with_names else []
    if announcement.organisation:
        names.append(announcement.organisation.name)
    return ", ".join(names) or _("a partner")


def state_on(announcement: Announcement, today: date) -> tuple[str, str]:
    """Until when it holds, in words for a badge, and the badge's colour."""
    closes_on = announcement.closes_on
    if closes_on:
        day = {"day": date_format(closes_on)}
        if closes_on < today:
            return _("Closed %(day)s") % day, ""
        return _("Closes %(day)s") % day, "warn"
    if announcement.is_past(today):
        return _("Past"), ""
    if (
        announcement.topic.dates == AnnouncementTopic.Dates.CLOSING
        and announcement.topic.asks_money
    ):
        return _("No closing date"), ""
    return "", ""


def days(announcement: Announcement) -> str:
    """The days of an event; empty where it is none."""
    first, last = announcement.begins_on, announcement.ends_on
    if first is None:
        return ""
    if last is None or last == first:
        return date_format(first)
    return _("%(first)s to %(last)s") % {"first": date_format(first), "last": date_format(last)}


def money(announcement: Announcement) -> str:
    """ "USD 12,000,000" as the language that is active writes numbers; cents only where there are
    any; empty where no amount is known.
    """
    amount = announcement.amount
    if amount is None:
        return ""
    cents = 0 if amount == int(amount) else 2
    return f"{announcement.currency} {number_format(amount, cents, force_grouping=True)}".strip()
