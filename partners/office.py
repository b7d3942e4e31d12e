"""Office files: which kind one is, and what inside it is never stored.

An office file is a ZIP archive of parts, most of them XML. Nothing is believed that its directory
says: each part is unpacked block by block, so that memory stays the same whatever comes out.
"""

import posixpath
import re
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator

from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from lxml import etree

BLOCK = 64 * 1024  # bytes
MAX_UNPACKED_BYTES = 300 * 1024 * 1024
MAX_PARTS = 5000
MAX_DIRECTORY_BYTES = 2 * 1024 * 1024
MAX_RATIO = 200  # unpacked to packed, once there is more than this:
RATIO_FROM_BYTES = 20 * 1024 * 1024
MAX_NAME = 255  # characters of a part's name
END, END_64 = b"PK\x05\x06", b"PK\x06\x07"
END_BYTES = 22  # of the end record without its comment

OPEN_XML = "application/vnd.openxmlformats-officedocument."
KINDS = {
    f"{OPEN_XML}wordprocessingml.document.main+xml": "docx",
    f"{OPEN_XML}spreadsheetml.sheet.main+xml": "xlsx",
    f"{OPEN_XML}presentationml.presentation.main+xml": "pptx",
}
ODT = "application/vnd.oasis.opendocument.text"
#: Where an OpenDocument file says what it shows and what it loads
ODT_PARTS = ("content.xml", "styles.xml", "meta.xml", "manifest.xml")
#: A template on the author's own disk, which every office program notes and no reader fetches
OWN_TEMPLATE = re.compile(r"(file:///)?[a-z]:[\\/]|file:///[a-z]|[^/\\:%]*$", re.I)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|\\\\|\.\./", re.I)
MACRO_PARTS = re.compile(r"vbaproject\.bin$|vbadata\.xml$|macrosheets/|^(basic|scripts)/", re.I)
ENCODINGS = {b"utf-8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"}
DECLARED = re.compile(rb"^<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"'>]{1,40})")
#: Words of XML that fetch data or start programs, beside those which relationships name
ACTIVE_WORDS = (b"DDEAUTO", b"ddeLink ", b"dde-source", b"dde-connection")
DDE_FIELD = re.compile(rb"instrText[^<>]{0,100}>\s*DDE")
#: What says which parts there are and what they are for is read, and small in any true file
MAX_DESCRIPTION_BYTES = 4 * 1024 * 1024
LONGEST_WORD = 200  # bytes that are kept of one block, as a word may go on in the next

Part = zipfile.ZipInfo


def parts_of(file, most_unpacked: int = MAX_UNPACKED_BYTES, most: int = MAX_PARTS) -> list[Part]:
    """The parts of an archive as its directory names them; nothing is unpacked yet.

    Raises ValidationError when it is damaged, encrypted, has macros, is built so that two programs
    would read it differently, or claims to unpack to more than `most_unpacked` bytes.
    """
    _check_end(file)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error, EOFError):
        raise _damaged() from None
    if len(parts) > most:
        raise ValidationError(
            _("The file has %(n)s parts inside; %(limit)s is the limit.")
            % {"n": len(parts), "limit": most}
        )
    if any(MACRO_PARTS.search(part.filename) for part in parts):
        raise _macros()
    if any(part.flag_bits & 0x1 for part in parts):
        raise _password()
    names = [part.orig_filename.casefold() for part in parts]
    if len(set(names)) < len(names) or not all(map(_is_sound, parts)):
        raise ValidationError(
            _("The file has parts with forbidden names inside. Save it anew and upload that.")
        )
    _check_places(parts)
    _check_unpacked(sum(part.file_size for part in parts), parts, most_unpacked)
    return parts


def _check_end(file):
    """The archive ends with its directory, and nothing stands before, behind or between."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - END_BYTES - 0xFFFF))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_BYTES:
        raise _damaged()
    count, length, start, comment = struct.unpack("<H L L H", tail[place + 10 : place + 22])
    if place >= 20 and tail[place - 20 : place - 16] == END_64:
        raise _damaged()  # for archives above 4 GB: two directories, of which readers choose one
    ends_at = size - len(tail) + place
    if start + length != ends_at or len(tail) - place - END_BYTES != comment or comment:
        raise ValidationError(
            _("The file holds other data beside the document. Save it anew and upload that.")
        )
    if length > MAX_DIRECTORY_BYTES or not count:
        raise _damaged()


def _is_sound(part: Part) -> bool:
    name = part.orig_filename
    return (
        0 < len(name) <= MAX_NAME
        and not name.startswith("/")
        and not re.search(r"[\\<>:|\"?*]", name)
        and ".." not in name.split("/")
        and not any(unicodedata.category(letter) in ("Cc", "Cf") for letter in name)
        and not stat.S_ISLNK(part.external_attr >> 16)
        and part.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    )


def _check_places(parts: list[Part]):
    """Parts that lie over each other unpack to far more than the file could hold."""
    ends_at = 0
    for part in sorted(parts, key=lambda part: part.header_offset):
        if part.header_offset < ends_at:
            raise _bomb()
        ends_at = part.header_offset + 30 + len(part.orig_filename) + part.compress_size


def _check_unpacked(unpacked: int, parts: list[Part], most: int):
    if unpacked > most:
        raise ValidationError(
            _("The file unpacks to %(size)s; %(limit)s is the limit.")
            % {"size": filesizeformat(unpacked), "limit": filesizeformat(most)}
        )
    packed = sum(part.compress_size for part in parts)
    if unpacked > RATIO_FROM_BYTES and unpacked > MAX_RATIO * packed:
        raise _bomb()


def check(file, most_unpacked: int = MAX_UNPACKED_BYTES) -> str:
    """'docx', 'xlsx', 'pptx' or 'odt', after every part was unpacked and looked at.

    Raises ValidationError for what is none of these, is damaged or protected, has macros, embedded
    objects or ActiveX, loads something from elsewhere by itself, or declares entities.
    """
    return _Check(file, most_unpacked).run()


class _Check:
    """One walk through an archive; `inside` is set for a chart's workbook within another file."""

    def __init__(self, file, most_unpacked: int, inside: bool = False):
        self.file = file
        self.left = most_unpacked
        self.inside = inside
        self.parts = parts_of(file, most_unpacked)
        self.names = {part.filename for part in self.parts}
        self.has_types = False
        self.types: set[tuple[str, str]] = set()  # (part, its content type), of those in KINDS
        self.workbooks: set[str] = set()  # of charts
        self.mimetype = b""

    def run(self) -> str:
        # What parts are for stands in relationships, which may come behind the parts
        for part in sorted(self.parts, key=lambda part: not part.filename.endswith(".rels")):
            if not part.is_dir():
                self._part(part)
        kind = self._kind()
        if self.inside and kind != "xlsx":
            raise _embedded()
        return kind

    def _part(self, part: Part):
        name, size, crc = part.filename, 0, 0
        told = self._listener(name)
        if told and self._is_description(name) and part.file_size > MAX_DESCRIPTION_BYTES:
            raise _bomb()
        parser = _parser(told) if told else None
        scan = _Scan(may_be_archive=name in self.workbooks)
        with tempfile.SpooledTemporaryFile(max_size=1024 * 1024) as copy:
            for block in _unpacked(self.file, part):
                size += len(block)
                self.left -= len(block)
                if size > part.file_size or self.left < 0:
                    raise _bomb()
                crc = zlib.crc32(block, crc)
                scan.look(block)
                if parser:
                    _feed(parser, block)
                if name == "mimetype":
                    self.mimetype = (self.mimetype + block)[:100]
                if name in self.workbooks:
                    copy.write(block)
            if size != part.file_size or crc != part.CRC:
                raise _damaged()
            if parser:
                _close(parser)
            if name in self.workbooks:
                if self.inside:
                    raise _embedded()
                workbook = _Check(copy, self.left, inside=True)
                workbook.run()
                self.left = workbook.left

    def _listener(self, name: str) -> Callable[[str, dict], None] | None:
        """What reads the elements of this part; None: its bytes are looked at, no more."""
        if name == "[Content_Types].xml":
            return self._content_type
        if name.endswith(".rels"):
            return lambda tag, values: self._relationship(name, tag, values)
        if "mimetype" in self.names and posixpath.basename(name) in ODT_PARTS:
            return self._open_document
        return None

    @staticmethod
    def _is_description(name: str) -> bool:
        return name == "[Content_Types].xml" or name.endswith(".rels")

    def _content_type(self, tag: str, values: dict):
        said = values.get("ContentType", "")
        if re.search("macroenabled|vbaproject|macrosheet", said, re.I):
            raise _macros()
        if re.search("activex|oleobject", said, re.I) and tag == "Override":
            raise _embedded()
        self.has_types = True
        if said in KINDS:
            self.types.add((values.get("PartName", "").lstrip("/"), said))

    def _relationship(self, name: str, tag: str, values: dict):
        if tag != "Relationship":
            return
        what = values.get("Type", "").rstrip("/").rpartition("/")[2]
        if values.get("TargetMode", "").lower() == "external":
            own = what == "attachedTemplate" and OWN_TEMPLATE.match(values.get("Target", ""))
            if what != "hyperlink" and not own:
                raise _fetches(what)
            return
        if what == "connections":
            raise _fetches(what)
        if re.search("vbaproject|macrosheet", what, re.I):
            raise _macros()
        folder = posixpath.dirname(posixpath.dirname(name))
        if what == "package" and posixpath.basename(folder) == "charts":
            target = values.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
            self.workbooks.add(posixpath.normpath(path))
        elif re.search("^(oleobject|package|control|activex.*|afchunk|subdocument)$", what, re.I):
            raise _embedded()

    def _open_document(self, tag: str, values: dict):
        if tag == "encryption-data":
            raise _password()
        if tag in ("event-listener", "script", "applet", "plugin", "object-ole"):
            raise _embedded()
        address = values.get("href", "").strip()
        own = tag == "template" and not re.match(r"(?!file:)[a-z]{2,}:|//|\\\\", address, re.I)
        if tag != "a" and not own and ELSEWHERE.match(address):
            raise _fetches(address)

    def _kind(self) -> str:
        kinds = {KINDS[said] for name, said in self.types if name in self.names}
        if len(kinds) == 1 and "_rels/.rels" in self.names and not self.mimetype:
            return kinds.pop()
        if (
            not self.has_types
            and self.mimetype.strip() == ODT.encode()
            and self.parts[0].filename == "mimetype"
            and {"content.xml", "META-INF/manifest.xml"} <= self.names
        ):
            return "odt"
        raise ValidationError(
            _(
                "The file is an archive, not a document. Upload the documents in it one by one: "
                "PDF, DOCX, XLSX, PPTX, ODT, CSV, plain text, JPEG or PNG."
            )
        )


class _Scan:
    """Looks at the bytes of a part as they come; also words that go over the end of a block."""

    def __init__(self, may_be_archive: bool):
        self.may_be_archive = may_be_archive
        self.rest: bytes | None = None
        self.is_xml = False

    def look(self, block: bytes):
        if self.rest is None:
            self._first(block)
        # UTF-16 has a NUL in each letter of a tag: without them it reads like UTF-8
        words = (self.rest or b"") + (block.replace(b"\0", b"") if self.is_xml else b"")
        if self.is_xml:
            if b"<!DOCTYPE" in words or b"<!ENTITY" in words:
                raise ValidationError(
                    _("The file declares entities (DOCTYPE) inside. Save it anew without.")
                )
            if any(word in words for word in ACTIVE_WORDS) or DDE_FIELD.search(words):
                raise _embedded()
        self.rest = words[-LONGEST_WORD:]

    def _first(self, block: bytes):
        if block.startswith(b"PK\x03\x04") and not self.may_be_archive:
            raise _embedded()
        if block.startswith((b"\xd0\xcf\x11\xe0", b"MZ\x90\0", b"\x7fELF")):
            raise _embedded()
        begin = block[:1000].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
        self.is_xml = begin.startswith(b"<")
        declared = DECLARED.match(begin)
        if declared and declared[1].lower() not in ENCODINGS:
            raise _damaged()


def _unpacked(file, part: Part) -> Iterator[bytes]:
    """What really comes out of a part, at most 64 KB at once, whatever the directory claims."""
    file.seek(part.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise _damaged()
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    encoding = "utf-8" if part.flag_bits & 0x800 else "cp437"
    if file.read(name_length) != part.orig_filename.encode(encoding, "replace"):
        raise _damaged()
    file.seek(extra_length, 1)
    inflate = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    left = part.compress_size
    while left:
        packed = file.read(min(BLOCK, left))
        if not packed:
            raise _damaged()
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed:
            try:
                yield inflate.decompress(packed, BLOCK)
            except zlib.error:
                raise _damaged() from None
            packed = inflate.unconsumed_tail
            if inflate.eof and (left or packed or inflate.unused_data):
                raise _damaged()
    if inflate:
        yield inflate.flush()
        if not inflate.eof:
            raise _damaged()


class _Elements:
    """Hands on each element as (name, values), without namespaces; keeps nothing."""

    def __init__(self, told: Callable[[str, dict], None]):
        self.told = told
        self.problem: ValidationError | None = None

    def start(self, tag, attributes):
        values = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        try:
            self.told(tag.rpartition("}")[2], values)
        except ValidationError as problem:  # lxml would wrap it
            self.problem = self.problem or problem

    def close(self):
        return self.problem


def _parser(told: Callable[[str, dict], None]):
    elements = _Elements(told)
    return etree.XMLParser(
        target=elements, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )


def _feed(parser, block: bytes):
    try:
        if block:
            parser.feed(block)
    except etree.XMLSyntaxError:
        raise _damaged() from None


def _close(parser):
    try:
        problem = parser.close()
    except etree.XMLSyntaxError:
        raise _damaged() from None
    if problem:
        raise problem


def _damaged() -> ValidationError:
    return ValidationError(_("The file is damaged. Open it, save it again and upload that."))


def _bomb() -> ValidationError:
    return ValidationError(_("The file unpacks to far more than a document has. It is refused."))


def _macros() -> ValidationError:
    return ValidationError(
        _("The file has macros. Save it without macros, such as .docx or .xlsx.")
    )


def _password() -> ValidationError:
    return ValidationError(_("The file needs a password. Remove the password and upload it again."))


def _fetches(what: str) -> ValidationError:
    return ValidationError(
        _(
            "The file loads something from elsewhere by itself (%(what)s). Put it into the file or "
            "remove it, then upload that. Ordinary links are allowed."
        )
        % {"what": what[:60]}
    )


def _embedded() -> ValidationError:
    return ValidationError(
        _(
            "The file has an embedded object or program inside (OLE, ActiveX, DDE or a file within "
            "the file). Replace it by a picture or text and upload that."
        )
    )
