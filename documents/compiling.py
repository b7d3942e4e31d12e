"""Editions of the living document: asked for by the Lead, made in a Celery task, kept for ever.

An edition takes down which version of which practice stands in which chapter, is typeset, and
becomes a published version of the library's document `LIBRARY_CODE`. One is made at a time. A task
that was killed leaves its edition RUNNING; after LOST_AFTER the Lead can ask for it anew, and a
worker that comes back too late finds that the edition is not its own any more.
"""

import hashlib
import io
import logging
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from PIL import Image

from documents import answering, book
from documents.book import Changes, Chapter
from documents.models import (
    Compilation,
    CompilationEntry,
    Document,
    Licence,
    Photo,
    Practice,
    Version,
)
from partners import decisions, mail, typesetting
from partners.models import User
from partners.refusals import Refused
from partners.typesetting.letters import in_plain_letters, showable

LIBRARY_CODE = "good-practices"  # of the document whose versions the editions are
TITLE = "Good practices for mercury waste"
LANGUAGE = "en"  # of the PDF

LOST_AFTER = timedelta(minutes=15)  # longer than the task may take (documents.tasks)
NOT_TAKEN_AFTER = timedelta(minutes=2)  # no worker has begun: perhaps nobody could be told
SECONDS = 300  # at most, for Typst
PICTURE_EDGE = 800  # pixels: 120 mm at 170 dots an inch, and half of what the portal keeps
SAY_EVERY = 0.5  # seconds between two notes on how far it is

TEMPLATE = Path(__file__).parent / "book.typ"
State = Compilation.State
Show = Callable[[str], str]  # makes a text that the fonts can show

logger = logging.getLogger(__name__)


def library_document() -> Document | None:
    """The document of the editions; None before the first."""
    return Document.objects.filter(code=LIBRARY_CODE).select_related("current").first()


def next_number() -> int:
    """The number of the next edition: a version of 2010 may be number 0 of the same document."""
    versions = Version.objects.filter(document__code=LIBRARY_CODE).aggregate(last=Max("number"))
    editions = Compilation.objects.filter(state=State.DONE).aggregate(last=Max("number"))
    return max(versions["last"] or 0, editions["last"] or 0) + 1


def in_work() -> Compilation | None:
    """The edition that is being made, or waits for a worker."""
    return Compilation.objects.filter(state__in=(State.WAITING, State.RUNNING)).first()


def is_lost(compilation: Compilation, now: datetime) -> bool:
    """Whether it can be asked for anew: failed, never begun, or its worker is gone."""
    if compilation.state == State.RUNNING:
        return compilation.started_at <= now - LOST_AFTER
    if compilation.state == State.WAITING:
        return compilation.as_of <= now - NOT_TAKEN_AFTER
    return compilation.state == State.FAILED


def ask(by: User, now: datetime) -> Compilation:
    """Ask for the next edition; a worker makes it. One that failed or was lost is made anew.

    Raises Refused while one is being made, without a published practice, and while comments on an
    edition wait for an answer.
    """
    try:
        return _ask(by, now)
    except IntegrityError:  # somebody else asked in the same instant
        raise Refused(_("An edition is being made just now.")) from None


@transaction.atomic
def _ask(by: User, now: datetime) -> Compilation:
    last = Compilation.objects.select_for_update().order_by("-number").first()
    if last and last.state != State.DONE and not is_lost(last, now):
        raise Refused(_("Edition %(number)s is being made just now.") % {"number": last.number})
    if not Practice.objects.published().exists():
        raise Refused(_("There is no published practice."))
    document = library_document()
    if document and (waiting := answering.unanswered(document.pk)):
        raise Refused(
            _("Comments on an edition wait for an answer: %(n)s. Answer them first.")
            % {"n": waiting}
        )
    if last and last.state != State.DONE:
        last.entries.all().delete()
        compilation = last
        # Meanwhile somebody may have added a version of this number to the document
        compilation.number = next_number()
    else:
        compilation = Compilation(number=next_number())
    compilation.state, compilation.asked_by, compilation.as_of = State.WAITING, by, now
    compilation.done = compilation.total = 0
    compilation.step = compilation.problem = ""
    compilation.started_at = compilation.finished_at = None
    compilation.save()
    decisions.record(by, "asked for an edition", compilation, now)
    transaction.on_commit(lambda: _tell_a_worker(compilation.number))
    return compilation


def _tell_a_worker(number: int):
    from documents import tasks  # it imports this module

    try:
        tasks.compile_edition.apply_async([number], retry=False)
    except OperationalError:
        logger.warning("Celery cannot be told that edition %s is asked for.", number)


def make_waiting(now: datetime) -> int:
    """Make an edition that no worker has begun, because Celery could not be told; how many (0, 1).

    Why one could not be made stands in its row and in the log.
    """
    asked_before = now - NOT_TAKEN_AFTER
    waiting = Compilation.objects.filter(state=State.WAITING, as_of__lte=asked_before).first()
    if waiting is None:
        return 0
    try:
        make(waiting.number, now)
    except Exception:
        logger.exception("Edition %s could not be made.", waiting.number)
    return Compilation.objects.filter(pk=waiting.pk, state=State.DONE).count()


class _Lost(Exception):
    """The edition was asked for anew, and belongs to another worker."""


def make(number: int, now: datetime):
    """Make an edition that waits; nothing for one that does not. Keeps what went wrong.

    `now` is the moment as of which the practices stand in it.
    """
    with transaction.atomic():
        waiting = Compilation.objects.select_for_update(skip_locked=True)
        compilation = waiting.filter(number=number, state=State.WAITING).first()
        if compilation is None:
            return
        compilation.state, compilation.started_at, compilation.as_of = State.RUNNING, now, now
        compilation.save(update_fields=["state", "started_at", "as_of"])
    try:
        with translation.override(LANGUAGE):
            _Making(compilation, now).run()
    except _Lost:
        logger.warning("Edition %s was asked for anew meanwhile.", number)
    except Exception as error:
        known = isinstance(error, Refused)
        words = str(error) if known else _("The portal could not make it. Tell the operator.")
        _own(compilation).update(state=State.FAILED, problem=words[:300], step="", finished_at=now)
        if not known:
            raise


def _own(compilation: Compilation):
    """The edition, while it is still this worker's."""
    return Compilation.objects.filter(
        pk=compilation.pk, state=State.RUNNING, started_at=compilation.started_at
    )


class _Making:
    """One edition from its rows to the library."""

    def __init__(self, compilation: Compilation, now: datetime):
        self.compilation, self.now = compilation, now
        self.said_at = 0.0

    def run(self):
        chapters = book.chapters()
        changed = book.changes(chapters, book.last_edition())
        self._take_down(chapters)
        with tempfile.TemporaryDirectory(prefix="edition-") as name:
            folder = Path(name)
            data = prepared(self.compilation, chapters, changed, folder, self._say)
            self._say("typesetting", force=True)
            made = self._typeset(data, folder)
            self._say("filing", force=True)
            self._file(made, changed.in_words())

    def _take_down(self, chapters: list[Chapter]):
        """Which version of which practice stands where, in this edition for ever."""
        places = [(chapter, line) for chapter in chapters for line in chapter.lines]
        with transaction.atomic():
            if not _own(self.compilation).update(total=len(places), done=0, step="reading"):
                raise _Lost
            CompilationEntry.objects.bulk_create(
                CompilationEntry(
                    compilation=self.compilation,
                    version_id=line.version_id,
                    chapter=chapter.term,
                    order=order,
                )
                for order, (chapter, line) in enumerate(places, 1)
            )

    def _say(self, step: str, done: int | None = None, force: bool = False):
        """What the page shows meanwhile. Raises _Lost when the edition is another's now."""
        if not force and time.monotonic() - self.said_at < SAY_EVERY:
            return
        self.said_at = time.monotonic()
        values = {"step": step} if done is None else {"step": step, "done": done}
        if not _own(self.compilation).update(**values):
            raise _Lost

    def _typeset(self, data: Callable[[Show], dict], folder: Path) -> Path:
        try:
            try:
                return typesetting.write_pdf(TEMPLATE, data(showable), SECONDS, folder)
            except typesetting.Unshowable as error:  # letters with a font each, but not together
                logger.warning("%s is typeset in plain letters: %s", self.compilation, error)
                return typesetting.write_pdf(TEMPLATE, data(in_plain_letters), SECONDS, folder)
        except subprocess.CalledProcessError as error:
            logger.error("Typst: %s", error.stderr[-2000:])
            raise
        except subprocess.TimeoutExpired:
            logger.error("%s: Typst took longer than %s s.", self.compilation, SECONDS)
            raise Refused(
                _("Typesetting took longer than %(n)s minutes.") % {"n": SECONDS // 60}
            ) from None

    @transaction.atomic
    def _file(self, made: Path, change_note: str):
        """Into the library: a published version, which supersedes the one before."""
        from documents import publishing
        from partners.files import Checked

        compilation = self.compilation
        if not _own(compilation).select_for_update().exists():
            raise _Lost
        document = library_document() or _new_document(self.now)
        name = f"good-practices-edition-{compilation.number}.pdf"
        with made.open("rb") as file:
            checked = Checked(
                content=File(file, name=name),
                name=name,
                media_type="application/pdf",
                size=made.stat().st_size,
                sha256=hashlib.file_digest(file, "sha256").hexdigest(),
                kind="pdf",
            )
            file.seek(0)
            version = publishing.add_version(
                document.pk,
                [publishing.Part(language=LANGUAGE, is_original=True, checked=checked)],
                compilation.asked_by,
                self.now,
                number=compilation.number,
                title=f"{document.title}, {compilation}",
                change_note=change_note,
                licence=Licence.UNKNOWN,
                dated_on=compilation.as_of.date(),
            )
        publishing.publish(version.pk, compilation.asked_by, self.now)
        _own(compilation).update(state=State.DONE, version=version, step="", finished_at=self.now)


def prepared(
    compilation: Compilation,
    chapters: list[Chapter],
    changed: Changes,
    folder: Path,
    say: Callable,
) -> Callable[[Show], dict]:
    """What the typesetter needs: photos in the folder, and a function that gives the words.

    `say(step, done)` is told how many practices are prepared.
    """
    keys = [line.version_id for chapter in chapters for line in chapter.lines]
    with ThreadPoolExecutor(max_workers=2) as threads:
        made = {
            photo: threads.submit(_picture, photo, folder / _file_name(photo))
            for photo in Photo.objects.filter(version__in=keys).order_by("version", "pk")
        }
        words_of = book.sheets(keys, compilation.as_of)
        pictures, ready = {}, set()
        for photo, work in made.items():
            if work.result():
                pictures[photo.pk] = _file_name(photo)
            ready.add(photo.version_id)
            say("pictures", len(ready))
    say("pictures", len(keys), force=True)
    document = library_document()
    address = reverse("version_detail", args=[LIBRARY_CODE, compilation.number])
    return partial(
        book.data,
        document.title if document else TITLE,
        compilation.number,
        compilation.as_of,
        mail.absolute(address),
        chapters,
        words_of,
        changed,
        pictures,
    )


def _file_name(photo: Photo) -> str:
    return f"photo-{photo.pk}.jpg"


def _new_document(now: datetime) -> Document:
    return Document.objects.create(
        code=LIBRARY_CODE,
        title=TITLE,
        kind=Document.Kind.CATALOGUE,
        summary=(
            "Practices and warning examples from the field, the preconditions for repeating them, "
            "and recommendations. Kept alive edition by edition."
        ),
        languages=[LANGUAGE],
        year=now.year,
        created_at=now,
    )


def _picture(photo: Photo, path: Path) -> bool:
    """Write the photo as it is printed; whether it could be read."""
    try:
        with photo.image.open("rb") as file:
            content = file.read()
        picture = Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"])
        if picture.format == "JPEG" and max(picture.size) <= PICTURE_EDGE:
            path.write_bytes(content)
            return True
        # Of the same shape, or JPEG's own halving, which costs next to nothing, is not used
        factor = PICTURE_EDGE / max(picture.size)
        picture.draft("RGB", (int(picture.width * factor), int(picture.height * factor)))
        picture.thumbnail((PICTURE_EDGE, PICTURE_EDGE))
        picture.convert("RGB").save(path, "JPEG", quality=80)
    except (OSError, ValueError):
        logger.warning("Photo %s is left out of the book: it cannot be read.", photo.pk)
        return False
    return True
