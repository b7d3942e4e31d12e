"""Versions of a document: added, published, dropped; documents superseded, archived, restored.

A version is never changed. What a reader gets is the newest published one, `Document.current`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from documents import answering, extracting
from documents.models import Document, Licence, Translation, Version
from partners import decisions
from partners.files import Checked
from partners.models import User
from partners.refusals import Refused

Status = Document.Status


@dataclass(frozen=True)
class Part:
    """A version in one language: a file that was checked, or an address elsewhere."""

    language: str
    is_original: bool
    checked: Checked | None = None
    url: str = ""


@transaction.atomic
def add_version(
    document_id: int,
    parts: Iterable[Part],
    by: User | None,
    now: datetime,
    *,
    number: int | None = None,
    title: str = "",
    change_note: str = "",
    licence: str = Licence.UNKNOWN,
    dated_on: date | None = None,
) -> Version:
    """Add a version that nobody but owner and Lead sees yet; its texts are read afterwards.

    `number` None: the next one. Raises Refused for a number that is taken, for no file and no
    address, and for an archived document.
    """
    parts = list(parts)
    if not parts:
        raise Refused(_("Upload a file or give an address."))
    document = Document.objects.defer("search").select_for_update().get(pk=document_id)
    if document.status == Status.ARCHIVED:
        raise Refused(_("This document is archived. Restore it before you add a version."))
    if number is None:
        last = document.versions.aggregate(last=Max("number"))["last"]
        number = 1 if last is None else last + 1
    elif document.versions.filter(number=number).exists():
        raise Refused(_("There is a version %(number)s already.") % {"number": number})
    version = Version.objects.create(
        document=document,
        number=number,
        title=title,
        change_note=change_note,
        licence=licence,
        dated_on=dated_on,
        created_by=by,
        created_at=now,
    )
    for part in parts:
        _add_part(version, part, by, now)
    return version


@transaction.atomic
def add_translation(version_id: int, part: Part, by: User | None, now: datetime) -> Translation:
    """Add a version in one more language, also of a version that is published.

    Raises Refused for a language that is there, and for a second original.
    """
    version = Version.objects.get(pk=version_id)
    document = Document.objects.defer("search").select_for_update().get(pk=version.document_id)
    version = Version.objects.select_for_update().get(pk=version_id)
    version.document = document
    if document.status == Status.ARCHIVED:
        raise Refused(_("This document is archived. Restore it before you add a translation."))
    translation = _add_part(version, part, by, now)
    if version.published_at:
        _note_languages(document, [part.language])
    return translation


def _add_part(version: Version, part: Part, by: User | None, now: datetime) -> Translation:
    if bool(part.checked) == bool(part.url):
        raise Refused(_("Upload a file or give an address, not both."))
    there = version.translations
    if there.filter(language=part.language).exists():
        raise Refused(_("This version is there in this language already."))
    if part.is_original and there.filter(is_original=True).exists():
        raise Refused(_("This version has an original already. Add yours as a translation."))
    translation = Translation(
        version=version,
        language=part.language,
        is_original=part.is_original,
        url=part.url,
        added_by=by,
        added_at=now,
    )
    if part.checked:
        translation.file = part.checked.content
        translation.file_name = part.checked.name
        translation.media_type = part.checked.media_type
        translation.size = part.checked.size
        translation.sha256 = part.checked.sha256
    translation.save()
    extracting.schedule(translation)
    return translation


def _note_languages(document: Document, languages: Iterable[str]):
    known = [*document.languages]
    document.languages = [*known, *(one for one in languages if one not in known)]
    if document.languages != known:
        document.save(update_fields=["languages"])


@transaction.atomic
def publish(version_id: int, by: User | None, now: datetime, override_reason: str = "") -> Version:
    """Give a version to its readers; it becomes the current one unless a higher one is published.

    A document in an open round stays open. Raises Refused for a published version, for a document
    that is archived or superseded, and while comments are unanswered; there the Lead may override
    with a reason, which stands in the log.
    """
    version = Version.objects.get(pk=version_id)
    document = Document.objects.defer("search").select_for_update().get(pk=version.document_id)
    version = Version.objects.select_for_update().get(pk=version_id)
    version.document = document
    if version.published_at:
        raise Refused(_("This version is published already."))
    if document.status in (Status.ARCHIVED, Status.SUPERSEDED):
        raise Refused(_("This document is archived or superseded. Restore it first."))
    reason = ""
    if waiting := answering.unanswered(document.pk):
        reason = override_reason.strip()
        if not reason:
            raise Refused(unanswered_in_words(waiting))
        if by is None or not by.has_perm("documents.change_document"):
            raise Refused(_("Only the Lead can publish while comments are unanswered."))
    version.published_by, version.published_at = by, now
    version.save(update_fields=["published_by", "published_at"])
    current = document.current
    if current is None or version.number > current.number:
        document.current = version
    if document.status != Status.OPEN:
        document.status = Status.PUBLISHED
    document.save(update_fields=["current", "status"])
    _note_languages(document, version.translations.values_list("language", flat=True))
    action = "published with an override" if reason else "published"
    decisions.record(by, action, version, now, reason)
    return version


def unanswered_in_words(number: int) -> str:
    """Why a version cannot be published now."""
    return ngettext(
        "%(n)s comment on this document is not answered yet. Answer it first.",
        "%(n)s comments on this document are not answered yet. Answer them first.",
        number,
    ) % {"n": number}


@transaction.atomic
def drop(version_id: int, by: User, now: datetime) -> Document:
    """Delete a version that was never published, with its files; gives back its document.

    Raises Refused for a published one: it keeps its address for ever.
    """
    version = Version.objects.get(pk=version_id)
    document = Document.objects.defer("search").select_for_update().get(pk=version.document_id)
    version = Version.objects.select_for_update().get(pk=version_id)
    version.document = document
    if version.published_at:
        raise Refused(_("A published version keeps its address for ever. It cannot be deleted."))
    files = [(one.file.storage, one.file.name) for one in version.translations.all() if one.file]
    decisions.record(by, "dropped", version, now)
    try:
        version.delete()
    except ProtectedError:
        raise Refused(_("A comment round or an edition needs this version.")) from None
    transaction.on_commit(lambda: _delete_files(files), robust=True)
    return document


def _delete_files(files: list):
    for storage, name in files:
        storage.delete(name)


def _locked(document_id: int, to: Status) -> Document:
    """The document, locked, if it may go to this status. Raises Refused."""
    document = Document.objects.defer("search").select_for_update().get(pk=document_id)
    if to not in Document.NEXT.get(document.status, ()):
        raise Refused(
            _("This document is “%(status)s”: this cannot be done now.")
            % {"status": document.get_status_display()}
        )
    return document


@transaction.atomic
def supersede(document_id: int, by_document_id: int, by: User | None, now: datetime) -> Document:
    """Say that another document takes the place of this one; both keep their addresses.

    Raises Refused when the other was not published, or is itself superseded.
    """
    # in the order of keys, so that two such steps never wait for each other
    list(
        Document.objects.select_for_update()
        .filter(pk__in=(document_id, by_document_id))
        .order_by("pk")
        .values_list("pk")
    )
    document = _locked(document_id, Status.SUPERSEDED)
    newer = Document.objects.defer("search").get(pk=by_document_id)
    if newer.pk == document.pk:
        raise Refused(_("A document cannot supersede itself."))
    if newer.status not in (Status.PUBLISHED, Status.OPEN):
        raise Refused(_("Only a published document can supersede another one."))
    document.status, document.superseded_by = Status.SUPERSEDED, newer
    document.status_reason = ""
    document.save(update_fields=["status", "superseded_by", "status_reason"])
    decisions.record(by, "superseded", document, now, str(newer))
    return document


@transaction.atomic
def archive(document_id: int, reason: str, by: User | None, now: datetime) -> Document:
    """Take a document out of the library; its address stays, with the reason on top."""
    if not reason.strip():
        raise Refused(_("Give a reason."))
    document = _locked(document_id, Status.ARCHIVED)
    document.status, document.status_reason = Status.ARCHIVED, reason.strip()
    document.save(update_fields=["status", "status_reason"])
    decisions.record(by, "archived", document, now, reason)
    return document


@transaction.atomic
def restore(document_id: int, by: User | None, now: datetime) -> Document:
    """Bring an archived or superseded document back. Raises Refused for others."""
    document = Document.objects.defer("search").select_for_update().get(pk=document_id)
    if document.status not in (Status.ARCHIVED, Status.SUPERSEDED):
        raise Refused(_("This document is neither archived nor superseded."))
    if document.current_id is None:
        raise Refused(_("This document was never published. Start a new one."))
    document.status, document.status_reason = Status.PUBLISHED, ""
    document.superseded_by = None
    document.save(update_fields=["status", "status_reason", "superseded_by"])
    decisions.record(by, "restored", document, now)
    return document
