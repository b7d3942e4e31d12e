"""The agenda as people read it: what a version keeps, and the times that follow from it.

A version keeps the wall clock of each session and the minutes of each item; moments follow from
these and from the zone that the meeting has now. So a meeting that moves to another zone keeps
"09:00", and a change to summer time moves nothing on the page.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Prefetch
from django.utils.translation import get_language

from meetings.models import AgendaVersion, Item, Meeting, Presenter, Session


@dataclass
class ShownItem:
    """One point of a published agenda. Moments are aware, in the zone of the meeting, or None."""

    id: int
    uid: str
    sequence: int  # of its event in calendars
    number: int | None  # over all sessions; breaks have none
    title: str
    kind: str
    duration: int | None  # minutes
    text: str
    is_cancelled: bool
    cancelled_because: str
    carries_actions: bool
    presenters: list[dict]  # name; expert, key or None; url, where a profile is shown
    begins: datetime | None
    ends: datetime | None
    other_titles: list[tuple[str, str]] = field(default_factory=list)  # language, title
    #: Filled in by meetings/showing/agenda.py: what belongs to it today, for this reader
    papers: list = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """ "3. Situation of countries"; of a break the title alone."""
        return self.title if self.number is None else f"{self.number}. {self.title}"

    @property
    def is_break(self) -> bool:
        return self.kind == Item.Kind.BREAK


@dataclass
class ShownSession:
    id: int
    number: int
    title: str
    day: date | None
    begins: datetime | None
    ends: datetime | None
    room: str
    chair: str
    items: list[ShownItem] = field(default_factory=list)
    other_titles: list[tuple[str, str]] = field(default_factory=list)  # language, title


def content(meeting: Meeting, before: list[dict] | None = None) -> list[dict]:
    """The sessions and items as they are now, for `AgendaVersion.content`.

    `before` is the content of the version before: the sequence of an item rises where its time,
    room or status is another than there.
    """
    presenters = Prefetch("presenters", Presenter.objects.order_by("number", "pk"))
    items = Prefetch("items", Item.objects.order_by("position", "pk").prefetch_related(presenters))
    found, number = [], 0
    for session in Session.objects.filter(meeting=meeting).prefetch_related(items):
        row = {
            "id": session.pk,
            "number": session.number,
            "title": session.title,
            "title_fr": session.title_fr,
            "title_es": session.title_es,
            "day": session.day.isoformat() if session.day else None,
            "begins_at": session.begins_at.isoformat("minutes") if session.begins_at else None,
            "room": session.room,
            "chair": session.chair,
            "items": [],
        }
        offset = 0
        for item in session.items.all():
            if item.kind != Item.Kind.BREAK:
                number += 1
            row["items"].append(
                {
                    "id": item.pk,
                    "uid": str(item.uid),
                    "sequence": 0,
                    "number": None if item.kind == Item.Kind.BREAK else number,
                    "title": item.title,
                    "title_fr": item.title_fr,
                    "title_es": item.title_es,
                    "kind": item.kind,
                    "duration": item.duration,
                    "offset": offset if item.duration is not None else None,
                    "text": item.text,
                    "is_cancelled": item.is_cancelled,
                    "cancelled_because": item.cancelled_because,
                    "carries_actions": item.carries_actions,
                    "presenters": [
                        {"name": one.name, "expert": one.expert_id} for one in item.presenters.all()
                    ],
                }
            )
            if not item.is_cancelled:
                offset += item.duration or 0
        found.append(row)
    _raise_sequences(found, before or [])
    return found


def _raise_sequences(rows: list[dict], before: list[dict]):
    """Let the sequence of each item rise by one where calendars must notice."""
    old = {item["uid"]: (_noticed(row, item), item["sequence"]) for row, item in _pairs(before)}
    for row, item in _pairs(rows):
        noticed, sequence = old.get(item["uid"], (None, -1))
        item["sequence"] = sequence + (noticed != _noticed(row, item))


def _pairs(rows: list[dict]) -> Iterable[tuple[dict, dict]]:
    return ((row, item) for row in rows for item in row["items"])


def _noticed(row: dict, item: dict) -> tuple:
    """What another sequence is given for: when, where, and whether it takes place."""
    return (
        *(row["day"], row["begins_at"], row["room"]),
        *(item["offset"], item["duration"], item["is_cancelled"]),
    )


def shown(version: AgendaVersion, meeting: Meeting) -> list[ShownSession]:
    """A version as people read it, titles in the reader's language where there is one."""
    return read(version.content, meeting)


def read(rows: list[dict], meeting: Meeting) -> list[ShownSession]:
    """Content, as `content` writes it, with the moments that follow."""
    return [_session(row, meeting) for row in rows]


def _session(row: dict, meeting: Meeting) -> ShownSession:
    day = date.fromisoformat(row["day"]) if row["day"] else None
    clock = time.fromisoformat(row["begins_at"]) if row["begins_at"] else None
    # Minutes are added to the moment, not to the clock: an hour is an hour on the night of a change
    begins = datetime.combine(day, clock, meeting.zone) if day and clock else None
    items = [_item(one, begins, meeting) for one in row["items"]]
    ends = [one.ends for one in items if one.ends]
    return ShownSession(
        id=row["id"],
        number=row["number"],
        title=in_language(row, "title"),
        day=day,
        begins=begins,
        ends=max(ends, default=begins),
        room=row["room"],
        chair=row["chair"],
        items=items,
        other_titles=other_titles(row, meeting),
    )


def _item(row: dict, begins: datetime | None, meeting: Meeting) -> ShownItem:
    start = end = None
    if begins is not None and row["offset"] is not None:
        start = later(begins, row["offset"])
        end = later(begins, row["offset"] + row["duration"])
    return ShownItem(
        id=row["id"],
        uid=row["uid"],
        sequence=row["sequence"],
        number=row["number"],
        title=in_language(row, "title"),
        kind=row["kind"],
        duration=row["duration"],
        text=row["text"],
        is_cancelled=row["is_cancelled"],
        cancelled_because=row["cancelled_because"],
        carries_actions=row["carries_actions"],
        presenters=row["presenters"],
        begins=start,
        ends=end,
        other_titles=other_titles(row, meeting),
    )


def later(moment: datetime, minutes: int) -> datetime:
    """So many minutes later, in the same zone: real minutes, also where clocks are changed."""
    zone = moment.tzinfo
    return (moment.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(zone)


def in_language(row: dict, name: str) -> str:
    """The reader's language of a text, or the text itself."""
    return row.get(f"{name}_{(get_language() or 'en')[:2]}") or row[name]


def other_titles(row: dict, meeting: Meeting) -> list[tuple[str, str]]:
    """(language, title) in the meeting's languages, beside the one that the reader is shown."""
    shown_one = in_language(row, "title")
    titles = {"en": row["title"], "fr": row["title_fr"], "es": row["title_es"]}
    return [
        (code, title)
        for code, title in titles.items()
        if title and title != shown_one and code in meeting.languages
    ]


def newest(meeting: Meeting) -> AgendaVersion | None:
    return meeting.versions.order_by("-number").first()


def published_heading(item: Item, meeting: Meeting) -> str:
    """ "3. Situation of countries", as the newest version has it; empty where it has not."""
    version = newest(meeting)
    sessions = shown(version, meeting) if version else []
    items = (one for session in sessions for one in session.items)
    return next((one.heading for one in items if one.id == item.pk), "")
