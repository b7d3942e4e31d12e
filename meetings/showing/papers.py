"""What the page of a meeting shows of its papers."""

from datetime import datetime

from meetings import paper_lists
from meetings.agenda_editing import fingerprint
from meetings.models import Meeting


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_papers.html`, which keeps the list by `papers_key`."""
    papers = [one for one in paper_lists.readable(meeting, user) if paper_lists.has_something(one)]
    return {
        "papers": papers,
        "papers_key": fingerprint([meeting.code, paper_lists.said(papers)]),
        "papers_have_files": paper_lists.have_files(papers),
    }
