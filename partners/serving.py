"""Stored files as responses: nothing a browser runs, in parts for slow links, in constant memory.

The caller has asked for permission. The order of questions is that of RFC 9110: conditions first,
then the range.
"""

import io
import re
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db.models.fields.files import FieldFile
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

BLOCK = 64 * 1024  # bytes
SIGNED_SECONDS = 60
ONE_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


class _Blocks(FileResponse):
    """Read in blocks of 64 KB, or by the kernel where the server can (gunicorn's sendfile)."""

    block_size = BLOCK


class _Slice:
    """The next `length` bytes of an open file; the server may take it by its number."""

    def __init__(self, file, start: int, length: int):
        file.seek(start)
        self.file = file
        self.left = length
        self.close = file.close

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(block)
        return block

    def fileno(self) -> int:
        """Raises UnsupportedOperation where the storage has no true file."""
        number = getattr(self.file, "fileno", None)
        if number is None:
            raise io.UnsupportedOperation("fileno")
        return number() if callable(number) else number


def serve(
    request: HttpRequest,
    file: FieldFile,
    content_type: str,
    name: str,
    etag: str,
    attachment: bool = True,
) -> HttpResponseBase:
    """200, 206, 304, 412 or 416 with this file, called `name` where it is saved.

    `etag` says which bytes these are, such as their SHA-256. With the setting X_ACCEL_PREFIX and
    files on a disk the proxy sends the bytes; an object store that signs its addresses sends an
    attachment itself, from an address that works for a minute. Raises Http404 when a file is gone.
    """
    disposition = content_disposition_header(attachment, name)
    if attachment and getattr(file.storage, "querystring_auth", False):
        said = {"ResponseContentType": content_type, "ResponseContentDisposition": disposition}
        address = file.storage.url(file.name, parameters=said, expire=SIGNED_SECONDS)
        return HttpResponseRedirect(address, headers={"Cache-Control": "private, no-store"})
    etag = f'"{etag}"'
    try:
        size = file.size
        changed = int(file.storage.get_modified_time(file.name).timestamp())
    except FileNotFoundError:
        raise Http404 from None
    said = get_conditional_response(request, etag, changed)
    if said is None:
        said = _whole_or_part(request, file, size, etag, changed)
        if said.status_code != 416:
            said.headers["Content-Type"] = content_type
            said.headers["Content-Disposition"] = disposition
    said.headers["ETag"] = etag
    said.headers["Last-Modified"] = http_date(changed)
    said.headers["Accept-Ranges"] = "bytes"
    said.headers["X-Content-Type-Options"] = "nosniff"
    said.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # Packing would undo ranges and lengths; the middleware that packs looks here once more
    request.META["HTTP_ACCEPT_ENCODING"] = "identity"
    return said


def _whole_or_part(request, file: FieldFile, size: int, etag: str, changed: int):
    prefix = settings.X_ACCEL_PREFIX
    if prefix and isinstance(file.storage, FileSystemStorage):
        # The proxy reads Range itself; what it must not send on is said by 'internal' there
        return HttpResponse(
            headers={"X-Accel-Redirect": f"{prefix.rstrip('/')}/{quote(file.name)}"}
        )
    part = _range(request, size, etag, changed)
    if part is None:
        start, length, headers, status = 0, size, {}, 200
    else:
        start, length = part
        if length <= 0:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        headers = {"Content-Range": f"bytes {start}-{start + length - 1}/{size}"}
        status = 206
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    try:
        opened = file.storage.open(file.name, "rb")
    except FileNotFoundError:
        raise Http404 from None
    return _Blocks(_Slice(opened, start, length), status=status, headers=headers)


def _range(request, size: int, etag: str, changed: int) -> tuple[int, int] | None:
    """(first byte, number of bytes) that are wanted; None: the whole. 0 bytes: there are none.

    Several ranges at once get the whole, as the standard allows.
    """
    asked = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked or not _is_still(request, etag, changed):
        return None
    first, last = asked[1], asked[2]
    if not first:
        if not last:
            return None
        length = min(int(last), size)
        return size - length, length
    if last and int(last) < int(first):
        return None
    end = min(int(last), size - 1) if last else size - 1
    return int(first), end - int(first) + 1


def _is_still(request, etag: str, changed: int) -> bool:
    """Whether the part would fit the bytes that the reader has: If-Range."""
    condition = request.headers.get("If-Range", "")
    if not condition:
        return True
    return condition == etag or parse_http_date_safe(condition) == changed
