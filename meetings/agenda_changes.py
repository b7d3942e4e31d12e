"""What is different between two versions of an agenda, in words for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings import agenda
from meetings.agenda import ShownItem, ShownSession
from meetings.models import Item, Meeting


@dataclass(frozen=True)
class Change:
    """One line. `is_noticed`: time, place or status, which registrants are told of."""

    words: str
    is_noticed: bool = False


@dataclass
class _Place:
    """An item with the session in which it stands, as stored and as shown."""

    session: dict
    item: dict
    shown: ShownItem

    @property
    def title(self) -> str:
        return quoted(self.item["title"])


def compare(before: list[dict], after: list[dict], meeting: Meeting) -> list[Change]:
    """Each difference between two contents, sessions first; empty where they say the same."""
    old, new = _places(before, meeting), _places(after, meeting)
    shifts = _shifts(before, after, meeting)
    moved = _moved(before, after)
    found = list(_of_sessions(before, after, meeting))
    for uid, place in new.items():
        if uid not in old:
            found.append(Change(_("Added: %(title)s.") % _where(place), True))
            continue
        found += _of_item(old[uid], place)
        if uid in moved and not place.item["is_cancelled"]:
            found.append(Change(_("Moved: %(title)s.") % _where(place), True))
    still = {uid: place for uid, place in new.items() if uid in old and uid not in moved}
    found += _retimed(old, still, shifts)
    found += [
        Change(_("Removed: %(title)s.") % {"title": place.title}, True)
        for uid, place in old.items()
        if uid not in new
    ]
    return found


def quoted(title: str) -> str:
    return _("“%(title)s”") % {"title": title}


def moment_in_words(moment: datetime) -> str:
    return date_format(moment, "l j F, H:i")


def _places(rows: list[dict], meeting: Meeting) -> dict[str, _Place]:
    return {
        item["uid"]: _Place(row, item, shown)
        for row, session in zip(rows, agenda.read(rows, meeting), strict=True)
        for item, shown in zip(row["items"], session.items, strict=True)
    }


def _where(place: _Place) -> dict:
    """A title with when or where it stands now, for a line that ends with it."""
    if place.shown.begins:
        at = moment_in_words(place.shown.begins)
    else:
        at = _("session %(number)s") % {"number": place.session["number"]}
    return {"title": f"{place.title}, {at}"}


# Sessions


def _of_sessions(before: list[dict], after: list[dict], meeting: Meeting) -> Iterable[Change]:
    old = {row["id"]: (row, shown) for row, shown in _sessions(before, meeting)}
    new = {row["id"]: (row, shown) for row, shown in _sessions(after, meeting)}
    for key, (row, shown) in new.items():
        name = {"number": row["number"], "title": quoted(row["title"])}
        if key not in old:
            yield Change(_("New session %(number)s: %(title)s.") % name, True)
        else:
            yield from _of_session(*old[key], row, shown)
    for key, (row, _shown) in old.items():
        if key not in new:
            name = {"number": row["number"], "title": quoted(row["title"])}
            yield Change(_("Session %(number)s is removed: %(title)s.") % name, True)


def _sessions(rows: list[dict], meeting: Meeting) -> Iterable[tuple[dict, ShownSession]]:
    return zip(rows, agenda.read(rows, meeting), strict=True)


def _of_session(
    row: dict, shown: ShownSession, now: dict, now_shown: ShownSession
) -> Iterable[Change]:
    name = {"number": row["number"]}
    if (row["day"], row["begins_at"]) != (now["day"], now["begins_at"]):
        at = {"new": _begins(now_shown), "old": _begins(shown)}
        said = _("Session %(number)s begins %(new)s instead of %(old)s.")
        yield Change(said % (name | at), True)
    if row["room"] != now["room"]:
        rooms = {"new": now["room"] or _("no room"), "old": row["room"] or _("no room")}
        yield Change(
            _("Room of session %(number)s: %(new)s instead of %(old)s.") % (name | rooms), True
        )
    if row["chair"] != now["chair"]:
        chairs = {"new": now["chair"] or _("nobody"), "old": row["chair"] or _("nobody")}
        yield Change(
            _("Chair of session %(number)s: %(new)s instead of %(old)s.") % (name | chairs)
        )
    if row["number"] != now["number"]:
        said = _("Session %(old)s is now session %(number)s.")
        yield Change(said % {"old": row["number"], "number": now["number"]})
    if row["title"] != now["title"]:
        said = _("Session %(number)s is now called %(title)s.")
        yield Change(said % {"number": now["number"], "title": quoted(now["title"])})
    if _translations(row) != _translations(now):
        said = _("Title of session %(number)s in other languages.")
        yield Change(said % {"number": now["number"]})


def _begins(session: ShownSession) -> str:
    if session.begins:
        return moment_in_words(session.begins)
    return date_format(session.day, "l j F") if session.day else _("at a time not known")


def _shifts(before: list[dict], after: list[dict], meeting: Meeting) -> dict[int, timedelta]:
    """By how much each session begins later: its items follow, and are not named one by one."""
    old = {session.id: session.begins for session in agenda.read(before, meeting)}
    return {
        session.id: session.begins - old[session.id]
        for session in agenda.read(after, meeting)
        if session.begins and old.get(session.id)
    }


# Items


def _of_item(old: _Place, new: _Place) -> Iterable[Change]:
    before, after, name = old.item, new.item, {"title": new.title}
    if after["is_cancelled"] and not before["is_cancelled"]:
        because = f" ({after['cancelled_because']})" if after["cancelled_because"] else ""
        yield Change(_("Cancelled: %(title)s.") % {"title": new.title + because}, True)
    elif before["is_cancelled"] and not after["is_cancelled"]:
        yield Change(_("Takes place after all: %(title)s.") % _where(new), True)
    elif before["cancelled_because"] != after["cancelled_because"]:
        why = {"why": after["cancelled_because"] or _("no reason given")}
        yield Change(_("Why %(title)s is cancelled: %(why)s.") % (name | why))
    if before["title"] != after["title"]:
        said = _("%(old)s is now called %(title)s.")
        yield Change(said % (name | {"old": old.title}))
    if before["duration"] != after["duration"] and not after["is_cancelled"]:
        lengths = {"new": _length(after["duration"]), "old": _length(before["duration"])}
        yield Change(_("%(title)s takes %(new)s instead of %(old)s.") % (name | lengths), True)
    if before["presenters"] != after["presenters"]:
        people = {"new": _names(after), "old": _names(before)}
        if people["new"] != people["old"]:
            yield Change(_("%(title)s: %(new)s instead of %(old)s.") % (name | people))
        else:
            yield Change(_("%(title)s: links to the profiles of presenters.") % name)
    if before["kind"] != after["kind"]:
        kind = {"kind": Item.Kind(after["kind"]).label}
        yield Change(_("%(title)s: %(kind)s.") % (name | kind))
    if before["text"] != after["text"]:
        yield Change(_("%(title)s: what it is about is said in other words.") % name)
    if _translations(before) != _translations(after):
        yield Change(_("%(title)s: title in other languages.") % name)


def _length(minutes: int | None) -> str:
    if minutes is None:
        return _("a time not known")
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}


def _names(item: dict) -> str:
    return ", ".join(one["name"] for one in item["presenters"]) or _("nobody")


def _translations(row: dict) -> tuple:
    return row["title_fr"], row["title_es"]


def _moved(before: list[dict], after: list[dict]) -> set[str]:
    """Items that stand in another session, or passed others of their own."""
    old = {row["id"]: [item["uid"] for item in row["items"]] for row in before}
    session_of = {uid: key for key, uids in old.items() for uid in uids}
    moved = set()
    for row in after:
        uids = [item["uid"] for item in row["items"] if item["uid"] in session_of]
        moved |= {uid for uid in uids if session_of[uid] != row["id"]}
        here = [uid for uid in uids if uid not in moved]
        there = [uid for uid in old.get(row["id"], []) if uid in here]
        blocks = SequenceMatcher(None, there, here, autojunk=False).get_matching_blocks()
        kept = {uid for block in blocks for uid in here[block.b : block.b + block.size]}
        moved |= set(here) - kept
    return moved


def _retimed(
    old: dict[str, _Place], still: dict[str, _Place], shifts: dict[int, timedelta]
) -> Iterable[Change]:
    """Items that begin at another time because something before them did, together in a line."""
    groups: dict[int, list[str]] = {}
    for uid, place in still.items():
        was, now = old[uid].shown.begins, place.shown.begins
        if place.item["is_cancelled"] or was is None or now is None:
            continue
        by = now - was - shifts.get(place.session["id"], timedelta())
        if by:
            groups.setdefault(int(by.total_seconds() // 60), []).append(place.title)
    for minutes, titles in groups.items():
        words = {"n": _length(abs(minutes)), "titles": "; ".join(titles)}
        said = _("%(n)s later: %(titles)s.") if minutes > 0 else _("%(n)s earlier: %(titles)s.")
        yield Change(said % words, True)
