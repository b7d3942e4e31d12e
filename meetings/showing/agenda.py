"""What the page of a meeting shows of its agenda."""

from datetime import date, datetime
from functools import partial

from django.urls import reverse

from experts.models import Expert
from meetings import agenda, paper_lists
from meetings.agenda import ShownSession
from meetings.agenda_editing import fingerprint
from meetings.models import AgendaVersion, Meeting, Question


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_agenda.html`: as many queries for 60 items as for 1.

    Tables with 60 rows take most of the time of the page, so they are kept under `agenda_key`,
    which is another one as soon as anything in them is. Until then `agenda_days` is not called.
    """
    version = agenda.newest(meeting)
    if version is None:
        return {"agenda": None}
    papers, questions = paper_lists.of_items(meeting, user), _questions(meeting)
    listed = listed_experts(version)
    key = [
        *(meeting.code, meeting.time_zone, meeting.languages, version.pk, version.published_at),
        {item: paper_lists.said(those) for item, those in papers.items()},
        *(questions, sorted(listed)),
    ]
    return {
        "agenda": version,
        "agenda_key": fingerprint(key),
        "agenda_days": partial(_filled_days, version, meeting, papers, questions, listed),
        "is_timed": is_timed(version),
        "agenda_changes": version.changes.splitlines(),
        "older_versions": range(version.number - 1, 0, -1),
    }


def days(sessions: list[ShownSession]) -> list[tuple[date | None, list[ShownSession]]]:
    """[(day, its sessions)], in the order of the agenda."""
    found: dict[date | None, list[ShownSession]] = {}
    for session in sessions:
        found.setdefault(session.day, []).append(session)
    return list(found.items())


def is_timed(version: AgendaVersion) -> bool:
    """Whether any time is known: of old meetings none is."""
    return any(row["day"] and row["begins_at"] for row in version.content)


def listed_experts(version: AgendaVersion) -> set[int]:
    """Keys of the presenters whose profiles are on the list today."""
    keys = {
        one["expert"]
        for row in version.content
        for item in row["items"]
        for one in item["presenters"]
        if one["expert"]
    }
    if not keys:
        return set()
    return set(Expert.objects.listed().filter(pk__in=keys).order_by().values_list("pk", flat=True))


def link_presenters(sessions: list[ShownSession], listed: set[int]):
    """Give presenters the address of their profile, `url`."""
    for session in sessions:
        for item in session.items:
            for one in item.presenters:
                if one["expert"] in listed:
                    one["url"] = reverse("expert_detail", args=[one["expert"]])


def _filled_days(
    version: AgendaVersion, meeting: Meeting, papers: dict, questions: dict, listed: set[int]
) -> list[tuple[date | None, list[ShownSession]]]:
    sessions = agenda.shown(version, meeting)
    link_presenters(sessions, listed)
    for session in sessions:
        for item in session.items:
            item.papers = papers.get(item.id, [])
            item.questions = questions.get(item.id, [])
    return days(sessions)


def _questions(meeting: Meeting) -> dict[int, list[str]]:
    """The questions of each item that are for discussion."""
    rows = Question.objects.filter(
        meeting=meeting, item__isnull=False, kind=Question.Kind.DISCUSSION
    ).order_by("number")
    found: dict[int, list[str]] = {}
    for row in rows.values("item_id", "text", "text_fr", "text_es"):
        found.setdefault(row["item_id"], []).append(agenda.in_language(row, "text"))
    return found
