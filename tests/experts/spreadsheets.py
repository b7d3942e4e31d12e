"""Spreadsheets for tests, made by code: ordinary ones, and some that nobody should send."""

import csv
import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

HEADER = ("Name", "Country", "E-mail", "Expertise", "Languages", "Organisation")
JANE = ("Jane Doe", "Japan", "jane@example.org", "Lamps", "English", "Ministry of Lamps")
ANNE = (
    "Anne Dupré",
    "France",
    "anne@example.org",
    "Lampes; Sampling, laboratory analysis and monitoring",
    "French, English",
    "CNRS",
)


def xlsx(*rows, title: str = "List", merge=(), **sheets) -> SimpleUploadedFile:
    """A sheet of these rows, more of the keyword arguments; `merge` has ranges like A1:C1."""
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for cells in merge:
        book.active.merge_cells(cells)
    for name, more in sheets.items():
        page = book.create_sheet(name)
        for row in more:
            page.append(row)
    out = io.BytesIO()
    book.save(out)
    return upload(out.getvalue(), "list.xlsx")


def text(*rows, separator: str = ",", encoding: str = "utf-8") -> SimpleUploadedFile:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return upload(out.getvalue().encode(encoding), "list.csv")


def upload(content: bytes, name: str = "list.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"


def with_parts(file: SimpleUploadedFile, parts: dict) -> SimpleUploadedFile:
    """The workbook with XML parts changed or added: path → a function from what was there."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        known = old.namelist()
        for path in dict.fromkeys([*known, *parts]):
            content = old.read(path) if path in known else b""
            new.writestr(path, parts[path](content) if path in parts else content)
    return upload(out.getvalue())


def with_sheet_data(data: bytes, strings: bytes = b"") -> SimpleUploadedFile:
    """A workbook with this XML for rows and shared texts, whatever openpyxl would say."""

    def sheet(xml: bytes) -> bytes:
        before, _begin, rest = xml.partition(b"<sheetData>")
        return before + b"<sheetData>" + data + b"</sheetData>" + rest.partition(b"</sheetData>")[2]

    def relations(xml: bytes) -> bytes:
        kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
        entry = b'<Relationship Id="shared" Type="%s" Target="sharedStrings.xml"/>' % kind
        return xml.replace(b"</Relationships>", entry + b"</Relationships>")

    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    shared = {
        RELATIONS: relations,
        STRINGS: lambda nothing: b"<sst %s>%s</sst>" % (space, strings),
    }
    return with_parts(xlsx(HEADER, JANE), {SHEET: sheet} | (shared if strings else {}))


def cells(number: int, *values: str) -> bytes:
    """One row in XML, its texts in place."""
    inside = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{value}</t></is></c>'
        for place, value in enumerate(values)
    )
    return f'<row r="{number}">{inside}</row>'.encode()
