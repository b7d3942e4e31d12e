"""Meetings and their items as events of a calendar (RFC 5545; docs/decisions/0081).

Moments are written in UTC, which every program reads the same; days at the place of a meeting are
days without a time. A file is about what its reader may see: who that is, the caller has decided.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from icalendar import Event
from icalendar.prop import vCalAddress, vText

from meetings import agenda, zones
from meetings.agenda import ShownItem, ShownSession
from meetings.models import AgendaVersion, Meeting, Part, Registration
from partners import calendars, mail


@dataclass(frozen=True)
class Published:
    """What is published of an agenda: the newest version, and of how many people were told."""

    newest: AgendaVersion | None = None
    told: int = 0


def published(meetings: Iterable[Meeting]) -> dict[int, Published]:
    """By the key of the meeting, for all of them."""
    keys = [meeting.pk for meeting in meetings]
    versions = AgendaVersion.objects.filter(meeting__in=keys)
    told = Counter(versions.filter(is_telling=True).values_list("meeting", flat=True))
    newest = {
        one.meeting_id: one
        for one in versions.order_by("meeting_id", "-number").distinct("meeting_id")
    }
    return {key: Published(newest.get(key), told[key]) for key in keys}


def sequence(meeting: Meeting, known: Published, registration: Registration | None = None) -> int:
    """The SEQUENCE of the meeting's event.

    It rises with days, place and status of the meeting, with each version of the agenda of which
    people are told, and for one person with each invitation that is taken back or sent anew.
    """
    return meeting.sequence + known.told + (registration.own_sequence if registration else 0)


def of_meeting(
    meeting: Meeting,
    known: Published,
    now: datetime,
    *,
    registration: Registration | None = None,
    is_sure: bool = True,
    tells_address: bool = False,
) -> Event:
    """The meeting as one event: its days, or the hours of its agenda where all is on one day.

    `registration` is that of the reader; `is_sure` is false while a seat is waited for;
    `tells_address`: the reader is a confirmed participant.
    """
    sessions = agenda.shown(known.newest, meeting) if known.newest else []
    found = _event(meeting, str(meeting.uid), meeting.title, now, is_sure)
    found.add("sequence", sequence(meeting, known, registration))
    found.add("last-modified", _changed_at(meeting, known.newest))
    hours = _hours(meeting, sessions)
    if hours:
        _add_moments(found, *hours)
    else:
        found.add("dtstart", meeting.starts_on)
        found.add("dtend", meeting.ends_on + timedelta(days=1))  # the first day after it
    if "transp" not in found:
        found.add("transp", "OPAQUE" if hours or registration else "TRANSPARENT")
    if meeting.where:
        calendars.add_text(found, "location", meeting.where)
    programme = "\n".join(_times(one) for one in sessions if one.begins)
    _describe(
        found,
        meeting,
        [meeting.summary, programme and _in_zone(meeting, programme)],
        mail.absolute(meeting.get_absolute_url()),
        tells_address,
    )
    return found


def of_session(
    session: ShownSession,
    version: AgendaVersion,
    meeting: Meeting,
    now: datetime,
    tells_address: bool = False,
) -> Event | None:
    """A session with its items in words; None while its time is not known."""
    if session.begins is None or not _lasts(session.begins, session.ends):
        return None
    title = _("%(session)s: %(meeting)s") % {"session": session.title, "meeting": meeting.title}
    found = _event(meeting, f"session-{session.id}", title, now)
    found.add("sequence", meeting.sequence + version.number)
    found.add("last-modified", _changed_at(meeting, version))
    _add_moments(found, session.begins, session.ends)
    _add_place(found, meeting, session.room)
    items = "\n".join(_item_in_words(one) for one in session.items if one.begins)
    page = mail.absolute(meeting.get_absolute_url())
    _describe(found, meeting, [_in_zone(meeting, items)], page, tells_address)
    return found


def of_item(
    item: ShownItem,
    session: ShownSession,
    version: AgendaVersion,
    meeting: Meeting,
    now: datetime,
    *,
    is_gone: bool = False,
    tells_address: bool = False,
) -> Event | None:
    """One item; None while its time is not known.

    `is_gone`: it stood in `version` and no longer stands in the newest: it is cancelled.
    """
    if item.begins is None:
        return None
    title = _("%(item)s: %(meeting)s") % {"item": item.title, "meeting": meeting.title}
    found = _event(meeting, item.uid, title, now, is_cancelled=item.is_cancelled or is_gone)
    found.add("sequence", meeting.sequence + item.sequence + is_gone)
    found.add("last-modified", _changed_at(meeting, version))
    _add_moments(found, item.begins, item.ends)
    _add_place(found, meeting, session.room)
    presenters = ", ".join(one["name"] for one in item.presenters)
    reason = _("Cancelled: %(what)s") % {"what": item.cancelled_because}
    texts = [
        f"{_clocks(item.begins, item.ends)} {zones.named(item.begins)}",
        presenters,
        item.text,
        reason if item.cancelled_because else "",
    ]
    page = mail.absolute(meeting.get_absolute_url())
    _describe(found, meeting, texts, page, tells_address)
    return found


def of_visit(part: Part, meeting: Meeting, now: datetime, is_sure: bool) -> Event | None:
    """A site visit from when it begins; nobody says when it ends. None without its day."""
    if part.on is None:
        return None
    title = _("%(visit)s: %(meeting)s") % {"visit": part.title, "meeting": meeting.title}
    found = _event(meeting, f"part-{part.pk}", title, now, is_sure)
    found.add("sequence", meeting.sequence)
    found.add("last-modified", meeting.changed_at.astimezone(UTC))
    if part.begins_at:
        begins = datetime.combine(part.on, part.begins_at, meeting.zone)
        found.add("dtstart", begins.astimezone(UTC))
        hour = f"{date_format(begins, 'H:i')} {zones.named(begins)}"
    else:
        found.add("dtstart", part.on)
        found.add("dtend", part.on + timedelta(days=1))
        hour = ""
    _describe(found, meeting, [hour, part.text], mail.absolute(meeting.get_absolute_url()), False)
    return found


# A file of events


def single(event: Event) -> bytes:
    """A file of one event, which programs add to a calendar of the reader.

    It has no name: Outlook makes a calendar of its own out of a file with one.
    """
    return calendars.written(calendars.calendar("PUBLISH", [event]))


def message(method: str, event: Event, name: str, address: str) -> str:
    """An invitation by mail to one person (RFC 5546): "REQUEST", or "CANCEL" which takes it back.

    The portal is the organizer, and the person who registered has said yes: nothing is answered.
    """
    organizer = vCalAddress(f"mailto:{mail.sender_address()}")
    organizer.params["CN"] = vText(calendars.clean(_("Waste Management Area")))
    event.add("organizer", organizer)
    attendee = vCalAddress(f"mailto:{address}")
    attendee.params["CN"] = vText(_parameter(name))
    for parameter, value in (
        ("CUTYPE", "INDIVIDUAL"),
        ("ROLE", "REQ-PARTICIPANT"),
        ("PARTSTAT", "ACCEPTED"),
        ("RSVP", "FALSE"),
    ):
        attendee.params[parameter] = vText(value)
    event.add("attendee", attendee)
    if method == "CANCEL":
        event["status"] = vText("CANCELLED")
    return calendars.written(calendars.calendar(method, [event])).decode()


# What is common to events


def _event(
    meeting: Meeting,
    uid: str,
    title: str,
    now: datetime,
    is_sure: bool = True,
    is_cancelled: bool = False,
) -> Event:
    status = "CANCELLED" if is_cancelled else _status(meeting, is_sure)
    found = Event()
    found.add("uid", f"{uid}@{urlsplit(settings.SITE_URL).hostname}")
    found.add("dtstamp", now.astimezone(UTC))
    if status == "CANCELLED":  # which not each program shows
        title = _("Cancelled: %(what)s") % {"what": title}
        found.add("transp", "TRANSPARENT")
    calendars.add_text(found, "summary", title)
    found.add("status", status)
    found.add("categories", [str(meeting.get_kind_display())])
    return found


def _status(meeting: Meeting, is_sure: bool) -> str:
    if meeting.status == Meeting.Status.CANCELLED:
        return "CANCELLED"
    return "CONFIRMED" if is_sure and meeting.status != Meeting.Status.DRAFT else "TENTATIVE"


def _hours(meeting: Meeting, sessions: list[ShownSession]) -> tuple[datetime, datetime] | None:
    """From the first session to the last, where the meeting is on one day and all are known."""
    if meeting.starts_on != meeting.ends_on or not sessions:
        return None
    if any(one.begins is None for one in sessions):
        return None
    begins = min((one.begins for one in sessions), key=datetime.timestamp)
    ends = max((one.ends for one in sessions), key=datetime.timestamp)
    return (begins, ends) if _lasts(begins, ends) else None


def _lasts(begins: datetime, ends: datetime) -> bool:
    """In real time: Python compares the clocks of two moments of one zone, also at a change."""
    return begins.timestamp() < ends.timestamp()


def _add_moments(event: Event, begins: datetime, ends: datetime):
    event.add("dtstart", begins.astimezone(UTC))
    event.add("dtend", ends.astimezone(UTC))


def _add_place(event: Event, meeting: Meeting, room: str):
    place = ", ".join(filter(None, (room, meeting.where)))
    if place:
        calendars.add_text(event, "location", place)


def _describe(event: Event, meeting: Meeting, texts: list[str], page: str, tells_address: bool):
    """The description, with the address of the page in it too: not each program shows URL."""
    reason = meeting.status_reason if meeting.status == Meeting.Status.CANCELLED else ""
    cancelled = _("This meeting is cancelled: %(reason)s") % {"reason": reason} if reason else ""
    online = ""
    if tells_address and meeting.online_address:
        online = _("Online: %(address)s") % {"address": meeting.online_address}
    calendars.add_text(
        event, "description", "\n\n".join(filter(None, (cancelled, *texts, online, page)))
    )
    event.add("url", page)


def _in_zone(meeting: Meeting, times: str) -> str:
    """Times of the day are those of the place: a description stays as it is in every zone."""
    zone = zones.over(meeting.zone, zones.days_of(meeting))
    return "\n".join((_("Times in %(zone)s:") % {"zone": zone}, times))


def _times(session: ShownSession) -> str:
    clocks = _clocks(session.begins, session.ends)
    return f"{date_format(session.begins, 'j F')}, {clocks} {session.title}"


def _clocks(begins: datetime, ends: datetime) -> str:
    return f"{date_format(begins, 'H:i')}–{date_format(ends, 'H:i')}"


def _item_in_words(item: ShownItem) -> str:
    words = f"{date_format(item.begins, 'H:i')} {item.title}"
    return _("%(item)s (cancelled)") % {"item": words} if item.is_cancelled else words


def _changed_at(meeting: Meeting, version: AgendaVersion | None) -> datetime:
    found = meeting.changed_at
    return max(found, version.published_at).astimezone(UTC) if version else found.astimezone(UTC)


def _parameter(text: str) -> str:
    """The same for the value of a parameter, which holds no quotation marks and no lines."""
    return " ".join(calendars.clean(text).replace('"', "'").split())
