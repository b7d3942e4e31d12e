"""All papers of a meeting that a person may read, as one ZIP that is made while it is sent.

No file is read whole and none of the whole is kept: memory stays the same for any size. What is
packed already is stored as it is. CONTENTS.txt stands last, so that it can say of each file whether
it arrived.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZIP_STORED

from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _
from zipstream import ZipStream

from meetings import paper_lists
from meetings.models import Meeting, Paper
from meetings.moments import in_words
from partners import mail
from partners.files import BLOCK, FORMATS, safe_name

log = logging.getLogger(__name__)

CONTENTS = "CONTENTS.txt"
#: All others are packed by themselves
PLAIN = ("txt", "csv")
#: What the contents say of a file: it is there, the store has lost it, it broke off on the way
THERE, LOST, BROKEN = "there", "lost", "broken"


@dataclass
class Entry:
    """A paper in the ZIP under `name`, or in CONTENTS.txt alone, with `where` it is else."""

    title: str
    where: str
    name: str = ""
    kind: str = ""  # a key of partners.files.MEDIA_TYPES
    file: FieldFile | None = None
    state: str = THERE


def entries(meeting: Meeting, user) -> list[Entry]:
    """What this person gets: newest approved versions, and documents of the library."""
    papers = paper_lists.readable(meeting, user)
    return [_entry(one) for one in papers if paper_lists.has_something(one)]


def _entry(paper: Paper) -> Entry:
    if paper.document_id:
        where = _("In the library: %(address)s") % {
            "address": mail.absolute(paper.document.get_absolute_url())
        }
        found = paper.library_file
    else:
        where = _("Known by its name alone.") if paper.is_only_named else ""
        found = paper.newest
    if found is None:
        return Entry(str(paper), where)
    kind = FORMATS.get(found.media_type, "PDF").lower()
    return Entry(str(paper), where, name_of(paper, kind), kind, found.file)


def name_of(paper: Paper, kind: str) -> str:
    """ "S1-2 Title.pdf", for any file system. Unique, as the label is."""
    return safe_name(re.sub(r"\s*[/\\]\s*", "-", str(paper)), kind)


def stream(meeting: Meeting, found: list[Entry], now: datetime) -> Iterator[bytes]:
    """The bytes of the ZIP, block by block. A file that cannot be read is named in the contents."""
    # All words now: what is sent later is written outside of the request and its language
    head = _head(meeting, now)
    words = {
        THERE: _("File: %(name)s"),
        LOST: _("The portal cannot find the file. Please tell the organisers."),
        BROKEN: _("%(name)s is not complete: the file broke off. Please fetch it again."),
    }
    return _stream(head, words, found)


def _stream(head: list[str], words: dict[str, str], found: list[Entry]) -> Iterator[bytes]:
    archive = ZipStream(compress_type=ZIP_STORED)
    for entry in found:
        if entry.file is not None:
            yield from _file(archive, entry)
    archive.add(_contents(head, words, found), CONTENTS, compress_type=ZIP_DEFLATED)
    yield from archive.finalize()


def _file(archive: ZipStream, entry: Entry) -> Iterator[bytes]:
    try:
        opened = entry.file.storage.open(entry.file.name, "rb")
        first = opened.read(BLOCK)  # some stores say with the first byte alone that it is gone
    except Exception:  # each store has errors of its own, and none may cost the other papers
        log.exception("A paper is missing in the store: %s", entry.file.name)
        entry.state = LOST
        return
    with opened:
        packing = ZIP_DEFLATED if entry.kind in PLAIN else ZIP_STORED
        archive.add(_blocks(opened, first, entry), entry.name, compress_type=packing)
        yield from archive.all_files()


def _blocks(opened, block: bytes, entry: Entry) -> Iterator[bytes]:
    while block:
        yield block
        try:
            block = opened.read(BLOCK)
        except Exception:  # as above; the ZIP stays whole, and its contents say what is not
            log.exception("A paper broke off: %s", entry.file.name)
            entry.state = BROKEN
            return


def _head(meeting: Meeting, now: datetime) -> list[str]:
    place = f", {meeting.where}" if meeting.where else ""
    said = _("Papers that you may read, as they were on %(moment)s.") % {
        "moment": in_words(now, meeting)
    }
    return [str(meeting), f"{meeting.when}{place}", mail.absolute(meeting.get_absolute_url()), said]


def _contents(head: list[str], words: dict[str, str], found: list[Entry]) -> bytes:
    """For Windows' editor as for all others: a mark of UTF-8, and lines that end as it wants."""
    lines = [*head]
    for entry in found:
        lines += ["", entry.title]
        if entry.file is not None:
            lines.append("  " + words[entry.state] % {"name": entry.name})
        if entry.where:
            lines.append("  " + entry.where)
    return "\r\n".join([*lines, ""]).encode("utf-8-sig")
