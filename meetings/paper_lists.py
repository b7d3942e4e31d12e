"""Papers as lists: by session for the pages, by item for the agenda."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from meetings import agenda
from meetings.models import Meeting, Paper


@dataclass
class Group:
    """The papers of a session; of session 0, those of the whole meeting.

    `title` is empty where the agenda does not know the session any more.
    """

    number: int
    title: str
    papers: list[Paper]


def readable(meeting: Meeting, user) -> list[Paper]:
    """What this person may read, in the order of the labels, with all that a list says of each.

    Read once for each meeting object and person: the agenda and the list on a page share it.
    """
    known = meeting.__dict__.setdefault("_readable_papers", {})
    if user.pk not in known:
        found = Paper.objects.visible_to(user).filter(meeting=meeting).with_newest()
        known[user.pk] = list(found.order_by("session_number", "number"))
    return known[user.pk]


def has_something(paper: Paper) -> bool:
    """Whether there is anything to read, or a name at least; organisers see awaited papers too."""
    return bool(paper.newest or paper.document_id or paper.is_only_named)


def by_published_session(meeting: Meeting, papers: Iterable[Paper]) -> list[Group]:
    """For readers: sessions are called as in the agenda that was published last."""
    version = agenda.newest(meeting)
    rows = version.content if version else []
    return _grouped(papers, {row["id"]: agenda.in_language(row, "title") for row in rows})


def by_session(meeting: Meeting, papers: Iterable[Paper]) -> list[Group]:
    """For organisers: sessions are called as they are now."""
    return _grouped(papers, {one.pk: one.title for one in meeting.sessions.all()})


def _grouped(papers: Iterable[Paper], titles: dict[int, str]) -> list[Group]:
    groups: dict[int, Group] = {}
    for paper in papers:
        group = groups.setdefault(paper.session_number, Group(paper.session_number, "", []))
        group.papers.append(paper)
        group.title = group.title or titles.get(paper.session_id, "")
    return [groups[number] for number in sorted(groups)]


def of_items(meeting: Meeting, user) -> dict[int, list[Paper]]:
    """{key of an agenda item: its papers that this person may read}, for pages of the agenda."""
    found = defaultdict(list)
    for paper in readable(meeting, user):
        if paper.item_id and has_something(paper):
            found[paper.item_id].append(paper)
    return dict(found)


def have_files(papers: Iterable[Paper]) -> bool:
    """Whether the ZIP of these holds more than its list of contents."""
    return any(one.newest or one.library_file for one in papers)
