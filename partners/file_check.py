"""The nightly check of stored files: rows without files, files without rows.

Only folders of `PrivateFileField`s are looked at, through Django's storage API, so that an object
store is checked like a disk.
"""

import posixpath
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from partners import decisions
from partners.files import PrivateFileField
from partners.models import Decision, FileFinding, User
from partners.refusals import Refused

#: A younger file may belong to a transaction that is still open
YOUNG = timedelta(days=1)
KNOWN = "noted"  # the word of the log
LONGEST_PATH = 300  # characters; what the portal stores has 100 at most


def check(now: datetime) -> dict[str, int]:
    """Compare all rows with all files; how many of each are wrong now.

    Writes a FileFinding for each that is new and removes those that are settled.
    """
    found: dict[tuple[str, str], str] = {}
    for field in _fields():
        # The files first: what is stored while this runs has its row when the rows are read
        stored = set(_stored(field.storage, field.folder))
        rows = _rows(field)
        for name, about in rows.items():
            if name not in stored and not field.storage.exists(name):
                found[FileFinding.Kind.MISSING, name] = about
        for name in stored - rows.keys():
            if not _is_referenced(name) and _is_old(field.storage, name, now):
                found[FileFinding.Kind.ORPHAN, name[:LONGEST_PATH]] = ""
    return _write(found, now)


@transaction.atomic
def _write(found: dict[tuple[str, str], str], now: datetime) -> dict[str, int]:
    settled = [
        finding.pk
        for finding in FileFinding.objects.all()
        if (finding.kind, finding.path) not in found
    ]
    FileFinding.objects.filter(pk__in=settled).delete()
    FileFinding.objects.bulk_create(
        [
            FileFinding(kind=kind, path=path, about=about, found_at=now)
            for (kind, path), about in found.items()
        ],
        ignore_conflicts=True,
    )
    kinds = [kind for kind, _path in found]
    return {
        "rows without files": kinds.count(FileFinding.Kind.MISSING),
        "files without rows": kinds.count(FileFinding.Kind.ORPHAN),
    }


@transaction.atomic
def delete_orphan(finding_id: int, by: User, now: datetime):
    """Delete a file that no row points at. Raises Refused for any other."""
    finding = FileFinding.objects.select_for_update().get(pk=finding_id)
    if finding.kind != FileFinding.Kind.ORPHAN:
        raise Refused(_("There is no file to delete: it is missing."))
    if _is_referenced(finding.path):
        raise Refused(_("A row points at this file now. It stays."))
    storage = _storage_of(finding.path)
    decisions.record(by, "deleted a file without row", finding, now)
    finding.delete()
    transaction.on_commit(lambda: storage.delete(finding.path))


@transaction.atomic
def note(finding_id: int, by: User, now: datetime):
    """The Lead knows of it: it stays a finding, and leaves the queue."""
    finding = FileFinding.objects.select_for_update().get(pk=finding_id)
    decisions.record(by, KNOWN, finding, now)


def _fields() -> list[PrivateFileField]:
    """Every field of every model that stores a private file."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, PrivateFileField)
    ]


def _stored(storage: Storage, folder: str) -> Iterator[str]:
    """The names of all files below a folder."""
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:  # nothing was stored there yet
        return
    for name in names:
        if name:  # object stores list the folder itself
            yield posixpath.join(folder, name)
    for inner in folders:
        yield from _stored(storage, posixpath.join(folder, inner))


def _rows(field: PrivateFileField) -> dict[str, str]:
    """{name of a file: "documents.translation 12"} of the rows of one field."""
    rows = field.model._base_manager.exclude(**{field.name: ""}).order_by("-pk")
    label = field.model._meta.label_lower
    return {name: f"{label} {pk}" for pk, name in rows.values_list("pk", field.name) if name}


def _is_referenced(name: str) -> bool:
    """Whether any row points at it; several fields may share a folder."""
    return any(
        field.model._base_manager.filter(**{field.name: name}).exists()
        for field in _fields()
        if name.startswith(f"{field.folder}/")
    )


def _is_old(storage: Storage, name: str, now: datetime) -> bool:
    try:
        return storage.get_modified_time(name) < now - YOUNG
    except FileNotFoundError:  # deleted meanwhile
        return False


def _storage_of(name: str) -> Storage:
    return next(field.storage for field in _fields() if name.startswith(f"{field.folder}/"))


def waiting() -> QuerySet[FileFinding]:
    """Findings of which no Lead has said yet that they are known."""
    known = Decision.objects.filter(
        content_type=ContentType.objects.get_for_model(FileFinding),
        object_id=OuterRef("pk"),
        action=KNOWN,
    )
    return FileFinding.objects.exclude(Exists(known))
