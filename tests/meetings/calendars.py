"""Calendar files as two programs read them that did not write them, and agendas to write."""

from datetime import UTC, date, datetime

import vobject
from ical.calendar_stream import IcsCalendarStream

from meetings import agenda
from meetings.models import AgendaVersion, Meeting
from tests.factories import NOW

#: What is read of an event
FIELDS = ("uid", "sequence", "status", "summary", "description", "location", "dtstart", "dtend")


def publish(meeting: Meeting, changes: str = "", is_telling: bool = True) -> AgendaVersion:
    """The agenda as it is now, as the next version."""
    before = agenda.newest(meeting)
    return AgendaVersion.objects.create(
        meeting=meeting,
        number=before.number + 1 if before else 1,
        content=agenda.content(meeting, before.content if before else None),
        changes=changes,
        is_telling=is_telling,
        published_at=NOW,
    )


def read(content: bytes) -> list[dict]:
    """The events of a file; both programs read it the same, and it is written as RFC 5545 says."""
    check_lines(content)
    text = content.decode()
    found, other = _by_vobject(text), _by_ical(text)
    assert found == other
    return found


def check_lines(content: bytes):
    """Lines end with CRLF, have at most 75 octets, and no letter is cut in two."""
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    for line in lines:
        line.decode()


def _by_vobject(text: str) -> list[dict]:
    [calendar] = vobject.readComponents(text)
    found = []
    for event in getattr(calendar, "vevent_list", []):
        row = {name: getattr(event, name, None) for name in FIELDS}
        row = {name: value.value if value is not None else None for name, value in row.items()}
        row["sequence"] = int(row["sequence"])
        row["dtstart"], row["dtend"] = _plain(row["dtstart"]), _plain(row["dtend"])
        found.append(row)
    return found


def _by_ical(text: str) -> list[dict]:
    calendar = IcsCalendarStream.calendar_from_ics(text)
    found = []
    for event in calendar.events:
        row = {name: getattr(event, name) for name in FIELDS}
        row["status"] = event.status.value
        row["dtstart"], row["dtend"] = _plain(row["dtstart"]), _plain(row["dtend"])
        found.append(row)
    return found


def _plain(value: date | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return value.isoformat() if value else None
