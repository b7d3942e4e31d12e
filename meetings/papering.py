"""Papers of a meeting: added, numbered, edited, removed, and their new versions.

A number is given under the lock of the meeting and belongs to one paper of a session; the label
("S4-1") stays what people cite, also when the agenda gives a session another number.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from meetings.models import Item, Meeting, Paper, PaperVersion, Session, UploadLink
from partners import decisions
from partners.files import Checked
from partners.models import User
from partners.refusals import Refused

WHOLE_MEETING = 0  # the session that is no row


@dataclass(frozen=True)
class Values:
    """What is said of a paper. `number` None: the next free one of its session."""

    title: str
    audience: str
    session_id: int | None = None
    item_id: int | None = None
    number: int | None = None


@transaction.atomic
def add(
    meeting_id: int,
    values: Values,
    by: User,
    now: datetime,
    *,
    document_id: int | None = None,
    checked: Checked | None = None,
) -> Paper:
    """A paper: a document of the library, a file as its first version, or one that is awaited.

    Raises Refused for a number that is taken, and where session or item are gone.
    """
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    session, item = _place(meeting, values)
    session_number = session.number if session else WHOLE_MEETING
    paper = Paper.objects.create(
        meeting=meeting,
        session=session,
        session_number=session_number,
        number=_number(meeting, session_number, values.number),
        item=item,
        title=values.title,
        audience=values.audience,
        document_id=document_id,
        created_at=now,
    )
    if checked:
        _store(paper, checked, PaperVersion(added_by=by, approved_by=by, approved_at=now), now)
    return paper


@transaction.atomic
def edit(paper_id: int, values: Values) -> Paper:
    """Other words, audience, number or place; in another session a paper gets a new number.

    The number that it had counts as none there. Raises Refused as `add` does.
    """
    meeting_id = Paper.objects.values_list("meeting", flat=True).get(pk=paper_id)
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    paper = Paper.objects.select_for_update().get(pk=paper_id)
    session, item = _place(meeting, values)
    is_new_number = values.number not in (None, paper.number)
    if (session and session.pk) != paper.session_id:
        session_number = session.number if session else WHOLE_MEETING
        wanted = values.number if is_new_number else None
        paper.number = _number(meeting, session_number, wanted)
        paper.session, paper.session_number = session, session_number
    elif is_new_number:
        paper.number = _number(meeting, paper.session_number, values.number)
    paper.item = item
    paper.title, paper.audience = values.title, values.audience
    paper.save()
    return paper


@transaction.atomic
def remove(paper_id: int, by: User, now: datetime):
    """Delete a paper with its versions, files and links. A document stays in the library."""
    paper = Paper.objects.select_for_update().get(pk=paper_id)
    files = [(one.file.storage, one.file.name) for one in paper.versions.all()]
    decisions.record(by, "removed", paper, now)
    paper.delete()
    transaction.on_commit(lambda: _delete_files(files), robust=True)


def _delete_files(files: list):
    for storage, name in files:
        storage.delete(name)


@transaction.atomic
def add_version(paper_id: int, checked: Checked, by: User, now: datetime) -> PaperVersion:
    """A new version from the organisers, read at once; older ones stay.

    Raises Refused for a document of the library, which has its versions there.
    """
    paper = Paper.objects.select_for_update().get(pk=paper_id)
    return _store(paper, checked, PaperVersion(added_by=by, approved_by=by, approved_at=now), now)


def receive(paper: Paper, checked: Checked, link: UploadLink, now: datetime) -> PaperVersion:
    """What came through a link: a version that nobody but the organisers reads.

    In the caller's transaction, which has locked the paper. Raises Refused as `add_version` does.
    """
    return _store(paper, checked, PaperVersion(link=link, added_by_name=link.name), now)


def check_takes_files(paper: Paper):
    """Raise Refused for a document of the library."""
    if paper.document_id:
        raise Refused(_("This paper is a document of the library. Its versions are added there."))


def _store(paper: Paper, checked: Checked, version: PaperVersion, now: datetime) -> PaperVersion:
    check_takes_files(paper)
    last = paper.versions.aggregate(last=Max("number", default=0))["last"]
    version.paper, version.number, version.added_at = paper, last + 1, now
    version.name, version.media_type = checked.name, checked.media_type
    version.size, version.sha256 = checked.size, checked.sha256
    version.file.save(checked.name, checked.content, save=False)
    version.save()
    if paper.is_only_named:
        paper.is_only_named = False
        paper.save(update_fields=["is_only_named"])
    return version


def _place(meeting: Meeting, values: Values) -> tuple[Session | None, Item | None]:
    """Session and item of a paper. Raises Refused where the agenda has lost them meanwhile."""
    session = item = None
    if values.session_id:
        session = Session.objects.filter(meeting=meeting, pk=values.session_id).first()
    if values.item_id:
        item = Item.objects.filter(session=session, pk=values.item_id).first()
    if (values.session_id and session is None) or (values.item_id and item is None):
        raise Refused(_("The agenda has changed meanwhile. Choose again where it belongs."))
    return session, item


def _number(meeting: Meeting, session_number: int, wanted: int | None) -> int:
    """The number that a paper gets in this session. Raises Refused for one that is taken."""
    papers = Paper.objects.filter(meeting=meeting, session_number=session_number)
    if wanted is None:
        return papers.aggregate(last=Max("number", default=0))["last"] + 1
    taken = papers.filter(number=wanted).first()
    if taken:
        raise Refused(
            _("“%(paper)s” has this number. Choose another one, or none for the next free one.")
            % {"paper": taken}
        )
    return wanted
