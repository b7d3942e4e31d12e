"""Minutes beside the agenda, saved item by item: of two who type at once, neither loses a word."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meetings import agenda, agenda_editing
from meetings.agenda import ShownItem
from meetings.models import Item, Meeting, Minutes, MinutesText
from partners.models import User
from partners.refusals import Refused


class Conflict(Refused):
    """Somebody saved other minutes since the page was shown; `saved` is what stands there now."""

    def __init__(self, saved: Minutes):
        super().__init__(
            _("Somebody saved other minutes meanwhile. Both texts are below: choose what stays.")
        )
        self.saved = saved


@transaction.atomic
def save(item_id: int, text: str, seen: int, by: User, now: datetime) -> Minutes:
    """Keep what was said under an item. `seen` is the version that the writer's page showed (0).

    Each text that is saved stays, also when another takes its place. Raises Conflict where another
    text was saved since.
    """
    # The meeting, as every step on its agenda does first; the first minutes of an item are no row
    agenda_editing.lock(Item.objects.values_list("session__meeting", flat=True).get(pk=item_id))
    item = Item.objects.select_related("session").get(pk=item_id)
    minutes = Minutes.objects.filter(item=item).first()
    if minutes is None:
        minutes = Minutes(meeting_id=item.session.meeting_id, item=item, version=0)
    if text == minutes.text:
        if minutes.pk is None:
            raise Refused(_("Write the minutes before you save them."))
        return minutes
    if seen != minutes.version:
        raise Conflict(minutes)
    minutes.text, minutes.changed_by, minutes.changed_at = text, by, now
    minutes.version += 1
    minutes.save()
    MinutesText.objects.create(minutes=minutes, version=minutes.version, text=text, by=by, at=now)
    return minutes


@dataclass
class Place:
    """An item of the agenda, and what was said under it so far."""

    item: ShownItem
    minutes: Minutes | None


@dataclass
class Part:
    """A session with its items; without a title: items that left the agenda meanwhile."""

    title: str
    number: int | None
    places: list[Place] = field(default_factory=list)


def parts(meeting: Meeting) -> list[Part]:
    """The agenda with its minutes: the newest published version, the draft where there is none.

    Breaks are left out, and so is an item that no row is left of: it has no minutes. What was
    written under an item that left the agenda comes last.
    """
    version = agenda.newest(meeting)
    sessions = agenda.read(version.content if version else agenda.content(meeting), meeting)
    minutes = Minutes.objects.filter(meeting=meeting).select_related("changed_by")
    written = {one.item_id: one for one in minutes}
    known = set(Item.objects.filter(session__meeting=meeting).values_list("pk", flat=True))
    found = []
    for session in sessions:
        places = [
            Place(item, written.pop(item.id, None))
            for item in session.items
            if item.id in known and not item.is_break
        ]
        if places:
            found.append(Part(session.title, session.number, places))
    if left := [one for one in written.values() if one.text]:
        found.append(Part("", None, _left_over(meeting, left)))
    return found


def _left_over(meeting: Meeting, written: Iterable[Minutes]) -> list[Place]:
    by_item = {one.item_id: one for one in written}
    draft = agenda.read(agenda.content(meeting), meeting)
    items = [item for session in draft for item in session.items if item.id in by_item]
    for item in items:
        item.number = None
    return [Place(item, by_item[item.id]) for item in items]
