"""Files that people upload: limits, type checks and storage, once for all apps.

A file is known by its content, never by its name; it is stored under a random name outside the
web root and reached only through a view that asks `permissions.py` and answers with `serving`.
"""

import codecs
import hashlib
import io
import re
import unicodedata
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db import models, router
from django.db.models.fields.files import FieldFile
from django.template.defaultfilters import filesizeformat
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from partners import office, scanning, store

BLOCK = 64 * 1024  # bytes
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_PHOTO_PIXELS = 50_000_000  # width x height; a phone's camera has 12 to 48 million
PHOTO_EDGE = 400  # pixels: the page shows 128, a dense screen needs three times as many
MAX_SHEET_BYTES = 20 * 1024 * 1024
MAX_SHEET_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_SHEET_PARTS = 2000

NAME_BYTES = 180  # of a name for downloads; file systems take 255, the column 200 characters
OPEN_XML = "application/vnd.openxmlformats-officedocument."
#: What is stored: the media type of each kind, and the endings that a name may have
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": f"{OPEN_XML}wordprocessingml.document",
    "xlsx": f"{OPEN_XML}spreadsheetml.sheet",
    "pptx": f"{OPEN_XML}presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "jpeg": "image/jpeg",
    "png": "image/png",
}
FORMATS = {media_type: kind.upper() for kind, media_type in MEDIA_TYPES.items()}
ENDINGS = {kind: (f".{kind}",) for kind in MEDIA_TYPES} | {
    "jpeg": (".jpg", ".jpeg", ".jpe"),
    "txt": (".txt", ".text", ".md"),
}

OLE = b"\xd0\xcf\x11\xe0"
ARCHIVE = b"PK\x03\x04"
ARCHIVE_END = b"PK\x05\x06"
ENCRYPTED_PDF = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
MARKUP = re.compile(rb"<(?:!doctype\s+html|html|script|\?php)", re.I)
#: How other formats begin that can be written in letters alone
OTHER_TEXT = (b"<", b"{\\rtf", b"%!", b"#!", b"GIF8", b"RIFF", b"Rar!")
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
READERS_LOOK = 1024  # bytes at the head in which PDF readers and browsers look for a beginning
OVERLAP = 256  # bytes kept of one block, as a word may go on in the next


@deconstructible
class RandomName:
    """`upload_to` that keeps the ending alone of what the person called the file."""

    def __init__(self, folder: str):
        self.folder = folder

    def __call__(self, instance, filename: str) -> str:
        ending = PurePosixPath(filename).suffix.lower()[:10]
        return f"{self.folder}/{uuid.uuid4().hex}{ending}"

    def __eq__(self, other):
        return isinstance(other, RandomName) and other.folder == self.folder


class PrivateFile(FieldFile):
    """A stored file that goes when the transaction which stored it does not commit."""

    def save(self, name, content, save=True):
        name = self.field.generate_filename(self.instance, name)
        try:
            self.name = self.storage.save(name, content, max_length=self.field.max_length)
        except BaseException:  # the disk is full, the worker is stopped: no half of a file stays
            self.storage.delete(name)
            raise
        using = self.instance._state.db or router.db_for_write(type(self.instance))
        store.delete_unless_committed(self.storage, self.name, using)
        self._set_instance_attribute(self.name, content)
        self._committed = True
        if save:
            self.instance.save()

    save.alters_data = True


class PrivateFileField(models.FileField):
    """A file with a random name in `folder`, served by a view alone."""

    attr_class = PrivateFile

    def __init__(self, *args, folder: str = "files", **kwargs):
        kwargs.pop("upload_to", None)
        self.folder = folder
        super().__init__(*args, upload_to=RandomName(folder), **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("upload_to", None)
        kwargs["folder"] = self.folder
        return name, path, args, kwargs


class PrivateImageField(PrivateFileField):
    """A picture; what is stored was made by `clean_picture`."""


@dataclass(frozen=True)
class Checked:
    """An upload that may be stored: give `content` to a file field, keep the rest beside it."""

    content: File  # at its beginning, named `name`
    name: str  # for downloads
    media_type: str
    size: int  # bytes
    sha256: str
    kind: str  # a key of MEDIA_TYPES


def check_size(upload, limit: int):
    """Raise ValidationError when the upload is empty or has more than `limit` bytes."""
    if upload.size > limit:
        raise ValidationError(
            _("The file has %(size)s; %(limit)s is the limit. Choose a smaller one.")
            % {"size": filesizeformat(upload.size), "limit": filesizeformat(limit)}
        )
    if upload.size == 0:
        raise ValidationError(_("The file is empty. Choose another one."))


def check_document(upload) -> Checked:
    """Look at an uploaded document by its content and give back what may be stored.

    Memory stays the same for any size. Raises ValidationError, with a sentence for the person, for
    what is empty, too large, of no known kind, damaged, protected by a password, in fact two
    formats at once, active (office.py says what that is), or found by the scanner.
    """
    check_size(upload, settings.MAX_DOCUMENT_BYTES)
    upload.seek(0)
    head = upload.read(READERS_LOOK)
    ending = _ending(upload.name or "")
    kind, look = _kind(upload, head, ending)
    if kind != "pdf" and b"%PDF-" in head:
        raise _several_formats()
    size, sha256 = _read_once(upload, look)
    if ending and ending not in ENDINGS[kind]:
        raise ValidationError(
            _("The name ends with %(ending)s, but the content is %(kind)s. Correct the name.")
            % {"ending": ending, "kind": kind.upper()}
        )
    scanning.check(upload)
    upload.seek(0)
    upload.name = safe_name(upload.name or "", kind)
    return Checked(upload, upload.name, MEDIA_TYPES[kind], size, sha256, kind)


def _kind(upload, head: bytes, ending: str) -> tuple[str, Callable[[bytes], None] | None]:
    """What the content is, and what looks at each block while the sum is made."""
    if head.startswith(OLE):
        raise ValidationError(
            _(
                "The file is protected by a password or an old Office file. Remove the password "
                "and save it in a format of today: DOCX, XLSX, PPTX, ODT or PDF."
            )
        )
    if head.startswith(ARCHIVE):
        return office.check(upload), None
    if head.startswith(b"%PDF-"):
        _check_pdf(upload, head)
        return "pdf", _Words(ENCRYPTED_PDF, _protected_pdf).look
    for kind, magic in (("jpeg", b"\xff\xd8\xff"), ("png", b"\x89PNG\r\n\x1a\n")):
        if head.startswith(magic):
            _check_picture(upload, kind)
            return kind, _Words(MARKUP, _several_formats).look
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if begin.startswith(OTHER_TEXT) or MARKUP.search(head):
        raise _unknown()
    return "csv" if ending == ".csv" else "txt", _Text().look


def _read_once(upload, look: Callable[[bytes], None] | None) -> tuple[int, str]:
    """(bytes, SHA-256); each block is looked at, once more with b"" at the end."""
    upload.seek(0)
    digest, size = hashlib.sha256(), 0
    while block := upload.read(BLOCK):
        digest.update(block)
        size += len(block)
        if look:
            look(block)
    if look:
        look(b"")
    return size, digest.hexdigest()


class _Words:
    """Refuses a file in which a word stands, be it over the end of a block."""

    def __init__(self, word: re.Pattern, refusal: Callable[[], ValidationError]):
        self.word = word
        self.refusal = refusal
        self.rest = b""

    def look(self, block: bytes):
        words = self.rest + block
        if self.word.search(words):
            raise self.refusal()
        self.rest = words[-OVERLAP:]


class _Text:
    """Refuses what is not UTF-8, and what has characters that no text has."""

    def __init__(self):
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def look(self, block: bytes):
        try:
            if CONTROL.search(self.decoder.decode(block, final=not block)):
                raise _unknown()
        except UnicodeDecodeError:
            raise _unknown() from None


def _tail(upload, length: int) -> tuple[int, bytes]:
    """(size of the file, its last bytes)."""
    size = upload.seek(0, io.SEEK_END) or upload.tell()
    upload.seek(max(0, size - length))
    return size, upload.read(length)


def _check_pdf(upload, head: bytes):
    """Whole, and nothing else at the same time. Scripts may be in it: it is never run here."""
    size, tail = _tail(upload, office.END_BYTES + 0xFFFF)
    if ARCHIVE_END in tail or MARKUP.search(head):
        raise _several_formats()
    last = tail[-2 * READERS_LOOK :].rstrip(b"\0 \t\r\n")
    start = re.findall(rb"startxref\s+(\d{1,12})\s+%%EOF", last)
    end = last.rpartition(b"%%EOF")[2]
    if not start or int(start[-1]) >= size or len(end) > READERS_LOOK:
        raise ValidationError(
            _("The PDF is not complete: its end is missing. Upload it again, or save it anew.")
        )
    if MARKUP.search(end):
        raise _several_formats()


def _check_picture(upload, kind: str):
    """Whole, of a bearable size, and nothing else at the same time."""
    _size, tail = _tail(upload, office.END_BYTES + 0xFFFF)
    if ARCHIVE_END in tail:
        raise _several_formats()
    try:
        picture = _open_picture(upload, [kind.upper()])
        if kind == "png":
            picture.verify()  # the sum of each part; unpacks nothing
        else:
            picture.draft("RGB", (1, 1))  # reads all of it, makes an eighth of the size
            picture.load()
    except UNREADABLE:
        raise ValidationError(
            _("The picture is damaged or not complete. Upload it again, or save it anew.")
        ) from None


def safe_name(name: str, kind: str) -> str:
    """A name for downloads made from what the person called the file; it names no folder.

    Without control characters and those that turn the direction of reading, at most 180 bytes, and
    with an ending of its kind.
    """
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    ending = _ending(name)
    stem = name.removesuffix(name[len(name) - len(ending) :]) if ending else name
    kept = "".join(
        letter
        for letter in stem
        # Persian and Indian names need the joiners, which are of the same category
        if letter in "\u200c\u200d" or not unicodedata.category(letter).startswith("C")
    )
    kept = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "_", kept)).strip(" .")
    kept = kept.encode()[:NAME_BYTES].decode(errors="ignore").rstrip(" .") or "document"
    return kept + (ending if ending in ENDINGS[kind] else ENDINGS[kind][0])


def _ending(name: str) -> str:
    """ ".pdf"; empty where a dot is followed by something else, as in "Report v1.2 final"."""
    found = re.search(r"\.[A-Za-z][A-Za-z0-9]{0,7}$", name.rstrip())
    return found[0].lower() if found else ""


def _protected_pdf() -> ValidationError:
    return ValidationError(
        _("The PDF is protected by a password. Remove the password and upload it again.")
    )


def _several_formats() -> ValidationError:
    return ValidationError(
        _("The file is of two formats at once, which browsers could take for either. Save it anew.")
    )


def _unknown() -> ValidationError:
    return ValidationError(
        _(
            "The portal does not know this kind of file. Upload PDF, DOCX, XLSX, PPTX, ODT, CSV or "
            "plain text (as UTF-8), JPEG or PNG."
        )
    )


class DocumentFileField(forms.FileField):
    """An upload of which the cleaned value is `Checked`, or None where it may be left out."""

    def widget_attrs(self, widget):
        accepted = ",".join(ending for endings in ENDINGS.values() for ending in endings)
        return {**super().widget_attrs(widget), "accept": accepted}

    def to_python(self, data) -> Checked | None:
        upload = super().to_python(data)
        return check_document(upload) if upload else None


#: What Pillow raises for files that are no pictures, or damaged
UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
)


def _open_picture(upload, formats: list[str]) -> Image.Image:
    """The picture, not decoded yet. Raises ValidationError when it has too many pixels."""
    upload.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        picture = Image.open(upload, formats=formats)
    width, height = picture.size
    if width * height > MAX_PHOTO_PIXELS:
        raise ValidationError(
            _("The picture has %(pixels)s million pixels; 50 million is the limit.")
            % {"pixels": round(width * height / 1_000_000)}
        )
    return picture


def clean_picture(upload, edge: int = 1600) -> tuple[ContentFile, int, int]:
    """(the picture written anew, its width, its height): JPEG, upright, without metadata.

    `edge` is the longest side in pixels. Raises ValidationError for what is no picture, is damaged,
    or is too large to decode safely.
    """
    check_size(upload, MAX_PHOTO_BYTES)
    try:
        picture = _open_picture(upload, ["JPEG", "PNG", "WEBP"])
        picture.draft("RGB", (edge * 2, edge * 2))
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((edge, edge))
        if picture.has_transparency_data:  # also of a palette, which has no channel for it
            picture = picture.convert("RGBA")
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    except UNREADABLE:
        raise ValidationError(
            _(
                "This file is not a picture that the portal can read. Choose a JPEG, PNG or WebP "
                "file."
            )
        ) from None
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=82, optimize=True)
    return ContentFile(out.getvalue(), name="photo.jpg"), *flat.size


def clean_photo(upload) -> ContentFile:
    """`clean_picture` for a portrait: at most 400 pixels."""
    return clean_picture(upload, PHOTO_EDGE)[0]


def sheet_kind(upload) -> str:
    """'xlsx' or 'csv', by content.

    Raises ValidationError for anything else: encrypted or old Excel files, files with macros,
    archives that unpack to more than 200 MB.
    """
    check_size(upload, MAX_SHEET_BYTES)
    upload.seek(0)
    head = upload.read(8192)
    upload.seek(0)
    if head.startswith(OLE):
        raise ValidationError(
            _("The file is encrypted or an old Excel file. Save it as .xlsx without password.")
        )
    if head.startswith(b"PK"):
        parts = office.parts_of(upload, MAX_SHEET_UNPACKED_BYTES, MAX_SHEET_PARTS)
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= {part.filename for part in parts}:
            raise _no_sheet()
        upload.seek(0)
        return "xlsx"
    if b"\x00" in head.replace(b"\xff\xfe", b"", 1) and not head.startswith(
        (b"\xff\xfe", b"\xfe\xff")
    ):
        raise _no_sheet()
    return "csv"


def _no_sheet() -> ValidationError:
    return ValidationError(_("The file is neither an Excel workbook (.xlsx) nor CSV text."))
