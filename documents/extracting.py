"""Reading the text of files: promised when a file is added, done by a worker in a child process.

PostgreSQL knows what waits (Extraction); Celery is only told that there is something. What it
missed, the hourly housekeeping finds. extraction_process.py says how a text becomes sections.
"""

import json
import logging
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError

from documents import extraction_process
from documents.models import Extraction, Section, Translation
from partners.files import MEDIA_TYPES

logger = logging.getLogger(__name__)

State = Extraction.State

SECONDS = 120  # on the clock, for one file; the child ends by itself after 60 of a processor
MAX_OUTPUT = 16_000_000  # bytes: 5 MB of text as JSON, with room
MAX_TRIES = 3
LOST_AFTER = timedelta(minutes=15)  # a worker that began then is no more
SECTIONS_AT_ONCE = 100

READABLE = {MEDIA_TYPES[kind]: kind for kind in extraction_process.READERS if kind in MEDIA_TYPES}

PROBLEMS = {
    "damaged": gettext_noop("The text cannot be read: the file is damaged or cut off."),
    "encrypted": gettext_noop(
        "The text cannot be read: the file has a password. Upload it without one."
    ),
    "empty": gettext_noop(
        "The file has no text, only pictures of pages. "
        "Make the text readable (OCR) and upload it as a new version."
    ),
    "too_large": gettext_noop("The text cannot be read: the file needs too much memory."),
    "too_slow": gettext_noop("The text cannot be read: it takes too long."),
    "lost": gettext_noop("The text cannot be read: three attempts were interrupted."),
}


FIELDS = ("label", "heading", "level", "page", "labels", "paragraphs", "pages")  # of a Section


class Unreadable(Exception):
    """There is no text to be had; one of PROBLEMS."""


class Interrupted(Exception):
    """Nothing is wrong with the file; another try may do."""


@dataclass
class Text:
    """What the child process found: sections as it wrote them."""

    sections: list[dict] = field(default_factory=list)
    pages: int | None = None
    is_cut: bool = False
    note: str = ""


def schedule(translation: Translation):
    """Have a file's text read after the commit; not of an address, nor of other kinds of file."""
    if not translation.file or translation.media_type not in READABLE:
        return
    Extraction.objects.create(translation=translation)
    transaction.on_commit(lambda: _ring(translation.pk), robust=True)


def _ring(translation_id: int):
    """Tell Celery; where it cannot be told, `extract_waiting` finds the file."""
    from documents import tasks  # it imports this module

    try:
        tasks.extract.apply_async((translation_id,), expires=3600, retry=False)
    except OperationalError:
        logger.warning("Celery cannot be told that the text of file %s waits.", translation_id)


def extract_waiting(now: datetime) -> int:
    """Read what was missed: waiting, or begun by a worker that is no more. How many were tried."""
    waiting = Q(state=State.WAITING) | Q(state=State.RUNNING, at__lte=now - LOST_AFTER)
    keys = Extraction.objects.filter(waiting).order_by("pk").values_list("translation_id")
    missed = [key for (key,) in keys]
    for key in missed:
        extract(key, now)
    return len(missed)


def extract(translation_id: int, now: datetime):
    """Read one file and keep its sections. Safe to repeat: what is done or under way stays.

    A file that cannot be read ends as FAILED with the reason; what was interrupted waits again.
    """
    extraction = _begin(translation_id, now)
    if extraction is None:
        return
    try:
        text = _text_of(extraction.translation)
    except Unreadable as problem:
        _end(extraction, State.FAILED, now, note=_(PROBLEMS[str(problem)]))
    except (Interrupted, OSError) as problem:
        logger.warning("Reading file %s was interrupted: %s", translation_id, problem)
        if extraction.tries < MAX_TRIES:
            _end(extraction, State.WAITING, now)
        else:
            _end(extraction, State.FAILED, now, note=_(PROBLEMS["lost"]))
    else:
        if text.is_cut:
            logger.warning("The text of file %s was cut: %s", translation_id, text.note)
        _keep(extraction, text, now)


@transaction.atomic
def _begin(translation_id: int, now: datetime) -> Extraction | None:
    """The extraction, now running; None when there is nothing to do, or somebody else is at it."""
    extraction = (
        Extraction.objects.select_for_update(of=["self"])
        .select_related("translation")
        .filter(translation=translation_id)
        .first()
    )
    if extraction is None or extraction.state in (State.DONE, State.FAILED):
        return None
    if extraction.state == State.RUNNING and extraction.at > now - LOST_AFTER:
        return None
    if extraction.tries >= MAX_TRIES:
        extraction.state, extraction.note = State.FAILED, _(PROBLEMS["lost"])
        extraction.save(update_fields=["state", "note"])
        return None
    extraction.state, extraction.at = State.RUNNING, now
    extraction.tries += 1
    extraction.save(update_fields=["state", "at", "tries"])
    return extraction


def _is_ours(extraction: Extraction) -> bool:
    """Nobody else began anew meanwhile; holds the row until the transaction ends."""
    mine = Extraction.objects.select_for_update().filter(
        pk=extraction.pk, state=State.RUNNING, tries=extraction.tries
    )
    return mine.first() is not None


@transaction.atomic
def _end(extraction: Extraction, state: State, now: datetime, **values):
    if _is_ours(extraction):
        Extraction.objects.filter(pk=extraction.pk).update(state=state, at=now, **values)


@transaction.atomic
def _keep(extraction: Extraction, text: Text, now: datetime):
    """All sections, or none."""
    if not _is_ours(extraction):
        return
    translation = extraction.translation
    document_id = translation.version.document_id
    Section.objects.filter(translation=translation).delete()
    Section.objects.bulk_create(
        [
            Section(
                translation=translation,
                version_id=translation.version_id,
                document_id=document_id,
                order=order,
                **section,
            )
            for order, section in enumerate(text.sections)
        ],
        batch_size=SECTIONS_AT_ONCE,
    )
    Extraction.objects.filter(pk=extraction.pk).update(
        state=State.DONE,
        at=now,
        pages=text.pages,
        is_cut=text.is_cut,
        note=text.note[:300],
    )


# The child process


def _text_of(translation: Translation) -> Text:
    """The text of the stored file, wherever that is. Raises Unreadable, Interrupted or OSError."""
    kind = READABLE[translation.media_type]
    with tempfile.NamedTemporaryFile(prefix="text-", suffix=f".{kind}") as copy:
        with translation.file.open("rb") as stored:
            shutil.copyfileobj(stored, copy, 1 << 20)
        copy.flush()
        return read(kind, copy.name)


def read(kind: str, path: str, seconds: float = SECONDS) -> Text:
    """The text of a file, read in a child process with limits of its own.

    Raises Unreadable with the reason, or Interrupted when the clock ran out first.
    """
    output, status = _run(kind, path, seconds)
    text = Text()
    for line in _lines(output):
        if "problem" in line:
            logger.info("No text in a %s: %s %s", kind, line["problem"], line.get("detail", ""))
            raise Unreadable(line["problem"] if line["problem"] in PROBLEMS else "damaged")
        if line.pop("end", False):
            text.pages, text.is_cut, text.note = line["pages"], line["is_cut"], line["note"]
            return text
        text.sections.append({name: line[name] for name in FIELDS})
    # it died: of the limits on memory and time, or of what the file made of the library
    logger.warning("Reading a %s ended with status %s.", kind, status)
    raise Unreadable(
        "too_slow" if status == -signal.SIGXCPU else "too_large" if status < 0 else "damaged"
    )


def _run(kind: str, path: str, seconds: float) -> tuple[bytes, int]:
    """What the child wrote, and its exit status (a signal's number below 0)."""
    command = [sys.executable, "-I", "-B", extraction_process.__file__, kind, path]
    out_of_time = threading.Event()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    ) as child:

        def stop():
            out_of_time.set()
            child.kill()

        clock = threading.Timer(seconds, stop)
        clock.start()
        try:
            output = child.stdout.read(MAX_OUTPUT + 1)
            if len(output) > MAX_OUTPUT:
                child.kill()
            status = child.wait()
        finally:
            clock.cancel()
            child.kill()
    if out_of_time.is_set():
        raise Interrupted(f"{seconds} seconds were not enough")
    if len(output) > MAX_OUTPUT:
        raise Unreadable("too_large")
    return output, status


def _lines(output: bytes) -> Iterator[dict]:
    for line in output.splitlines():
        try:
            found = json.loads(line)
        except ValueError:  # cut, as the child died
            return
        yield found
