"""Files that people upload: limits, type checks, storage and serving, once for all apps.

A file is known by its content, never by its name; it is stored under a random name outside the
web root and reached only through a view that asks `permissions.py`.
"""

import io
import uuid
import warnings
import zipfile
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models
from django.http import FileResponse
from django.template.defaultfilters import filesizeformat
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_PHOTO_PIXELS = 50_000_000  # width x height; a phone's camera has 12 to 48 million
PHOTO_EDGE = 400  # pixels: the page shows 128, a dense screen needs three times as many
MAX_SHEET_BYTES = 20 * 1024 * 1024
MAX_SHEET_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_SHEET_PARTS = 2000


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


class PrivateFileField(models.FileField):
    """A file with a random name in `folder`, served by a view alone."""

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
    """A picture; what is stored was made by `clean_photo`."""


def check_size(upload, limit: int):
    """Raise ValidationError when the upload is empty or has more than `limit` bytes."""
    if upload.size > limit:
        raise ValidationError(
            _("The file has %(size)s; %(limit)s is the limit. Choose a smaller one.")
            % {"size": filesizeformat(upload.size), "limit": filesizeformat(limit)}
        )
    if upload.size == 0:
        raise ValidationError(_("The file is empty. Choose another one."))


def clean_photo(upload) -> ContentFile:
    """Decode a picture and write it anew: JPEG, upright, at most 400 pixels, without metadata.

    Raises ValidationError for what is no picture, is damaged, or is too large to decode safely.
    """
    check_size(upload, MAX_PHOTO_BYTES)
    not_a_picture = ValidationError(
        _("This file is not a picture that the portal can read. Choose a JPEG, PNG or WebP file.")
    )
    try:
        upload.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(upload, formats=["JPEG", "PNG", "WEBP"])
        width, height = picture.size
        if width * height > MAX_PHOTO_PIXELS:
            raise ValidationError(
                _("The picture has %(pixels)s million pixels; 50 million is the limit.")
                % {"pixels": round(width * height / 1_000_000)}
            )
        picture.draft("RGB", (PHOTO_EDGE * 2, PHOTO_EDGE * 2))
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((PHOTO_EDGE, PHOTO_EDGE))
        if picture.has_transparency_data:  # also of a palette, which has no channel for it
            picture = picture.convert("RGBA")
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    except ValidationError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise not_a_picture from None
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=82, optimize=True)
    return ContentFile(out.getvalue(), name="photo.jpg")


def sheet_kind(upload) -> str:
    """'xlsx' or 'csv', by content.

    Raises ValidationError for anything else: encrypted or old Excel files, files with macros,
    archives that unpack to more than 200 MB.
    """
    check_size(upload, MAX_SHEET_BYTES)
    upload.seek(0)
    head = upload.read(8192)
    upload.seek(0)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise ValidationError(
            _("The file is encrypted or an old Excel file. Save it as .xlsx without password.")
        )
    if head.startswith(b"PK"):
        _check_workbook(upload)
        upload.seek(0)
        return "xlsx"
    if b"\x00" in head.replace(b"\xff\xfe", b"", 1) and not head.startswith(
        (b"\xff\xfe", b"\xfe\xff")
    ):
        raise ValidationError(_("The file is neither an Excel workbook (.xlsx) nor CSV text."))
    return "csv"


def _check_workbook(upload):
    try:
        with zipfile.ZipFile(upload) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            unpacked = sum(part.file_size for part in parts)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise ValidationError(
            _("The workbook is damaged. Open it, save it again as .xlsx and upload that.")
        ) from None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise ValidationError(_("The workbook has macros. Save it as .xlsx without macros."))
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise ValidationError(_("The file is neither an Excel workbook (.xlsx) nor CSV text."))
    if len(parts) > MAX_SHEET_PARTS or unpacked > MAX_SHEET_UNPACKED_BYTES:
        raise ValidationError(
            _("The workbook unpacks to %(size)s; %(limit)s is the limit.")
            % {
                "size": filesizeformat(unpacked),
                "limit": filesizeformat(MAX_SHEET_UNPACKED_BYTES),
            }
        )


def serve(file, content_type: str, name: str, attachment: bool = True) -> FileResponse:
    """A stored file as a response that no browser runs; the caller has asked for permission."""
    response = FileResponse(
        file.open("rb"), content_type=content_type, as_attachment=attachment, filename=name
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
