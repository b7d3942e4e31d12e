"""Papers as lists: by session for the pages, by item for the agenda."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects

from documents.models import Document
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
    """What this person, who sees the meeting, may read: in the order of the labels, with all that a
    list says of each.

    Read once for each meeting object and person: the agenda and the list on a page share it.
    """
    known = meeting.__dict__.setdefault("_readable_papers", {})
    if "papers" not in meeting.holds:
        return []
    if user.pk not in known:
        found = meeting.papers.readable_by(user).with_newest()
        known[user.pk] = list(found.order_by("session_number", "number"))
        _read_documents([one for one in known[user.pk] if one.document_id])
    return known[user.pk]


def _read_documents(papers: list[Paper]):
    """What lists say of documents of the library: two queries, none where there are no such."""
    if papers:
        documents = Document.objects.defer("search").select_related("current")
        read = (Prefetch("document", documents), "document__current__translations")
        prefetch_related_objects(papers, *read)


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


def said(papers: Iterable[Paper]) -> list[list]:
    """What the links of these papers say, in plain values: another one as soon as a link is."""
    found = []
    for one in papers:
        file, where = one.newest, ""
        if one.document_id:
            file, where = one.library_file, one.document.get_absolute_url()
        found.append([one.pk, str(one), one.is_only_named, where, file and [file.pk, file.size]])
    return found


def have_files(papers: Iterable[Paper]) -> bool:
    """Whether the ZIP of these holds more than its list of contents."""
    return any(one.newest or one.library_file for one in papers)
