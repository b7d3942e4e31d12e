"""What the page of a meeting shows of its agenda."""

from collections.abc import Iterable
from datetime import date, datetime

from django.urls import reverse

from experts.models import Expert
from meetings import agenda
from meetings.agenda import ShownItem, ShownSession
from meetings.models import Meeting, Paper, Question


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_agenda.html`: as many queries for 60 items as for 1."""
    version = agenda.newest(meeting)
    if version is None:
        return {"agenda": None}
    sessions = agenda.shown(version, meeting)
    link_presenters(sessions)
    _add_papers(sessions, meeting, user)
    _add_questions(sessions, meeting)
    return {
        "agenda": version,
        "agenda_days": days(sessions),
        "is_timed": is_timed(sessions),
        "agenda_changes": version.changes.splitlines(),
        "older_versions": range(version.number - 1, 0, -1),
    }


def days(sessions: list[ShownSession]) -> list[tuple[date | None, list[ShownSession]]]:
    """[(day, its sessions)], in the order of the agenda."""
    found: dict[date | None, list[ShownSession]] = {}
    for session in sessions:
        found.setdefault(session.day, []).append(session)
    return list(found.items())


def is_timed(sessions: list[ShownSession]) -> bool:
    """Whether any time is known: of old meetings none is."""
    return any(session.begins for session in sessions)


def link_presenters(sessions: list[ShownSession]):
    """Give presenters the address of their profile, `url`, while it is on the list."""
    people = [one for item in _items(sessions) for one in item.presenters]
    keys = {one["expert"] for one in people if one["expert"]}
    if not keys:
        return
    listed = set(Expert.objects.listed().filter(pk__in=keys).values_list("pk", flat=True))
    for one in people:
        if one["expert"] in listed:
            one["url"] = reverse("expert_detail", args=[one["expert"]])


def _items(sessions: list[ShownSession]) -> Iterable[ShownItem]:
    return (item for session in sessions for item in session.items)


def _add_papers(sessions: list[ShownSession], meeting: Meeting, user):
    """Give each item the papers that this reader may see, in one query."""
    found = Paper.objects.visible_to(user).filter(meeting=meeting, item__isnull=False)
    by_item: dict[int, list[Paper]] = {}
    for paper in found.select_related("document"):
        paper.meeting = meeting  # its address names it
        paper.address = paper.document.get_absolute_url() if paper.document else ""
        by_item.setdefault(paper.item_id, []).append(paper)
    for item in _items(sessions):
        item.papers = by_item.get(item.id, [])


def _add_questions(sessions: list[ShownSession], meeting: Meeting):
    """Give each item its questions for discussion."""
    found = Question.objects.filter(
        meeting=meeting, item__isnull=False, kind=Question.Kind.DISCUSSION
    )
    by_item: dict[int, list[str]] = {}
    for row in found.order_by("number").values("item_id", "text", "text_fr", "text_es"):
        by_item.setdefault(row["item_id"], []).append(agenda.in_language(row, "text"))
    for item in _items(sessions):
        item.questions = by_item.get(item.id, [])
