"""Spreadsheets for tests, made by code: ordinary ones, and some that nobody should send."""

import csv
import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

HEADER = ("Name", "Country", "E-mail", "Expertise", "Languages", "Organisation")
JANE = ("Jane Doe", "Japan", "jane@example.org", "Lamps", "English", "Ministry of Lamps")
ANNE = ("Anne Dupré", "France", "anne@example.org", "Lampes; Sampling, laboratory analysis and monitoring", "French, English", "CNRS")


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


def with_part(file: SimpleUploadedFile, part: str, change) -> SimpleUploadedFile:
    """The workbook with one XML part changed: `change` takes and gives back its bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return upload(out.getvalue())


def with_sheet_data(data: bytes) -> SimpleUploadedFile:
    """A workbook whose sheet has this XML for rows, whatever openpyxl would say to that."""

    def change(xml: bytes) -> bytes:
        before, _begin, rest = xml.partition(b"<sheetData>")
        return before + b"<sheetData>" + data + b"</sheetData>" + rest.partition(b"</sheetData>")[2]

    return with_part(xlsx(HEADER, JANE), "xl/worksheets/sheet1.xml", change)


def cells(number: int, *values: str) -> bytes:
    """One row in XML, its texts in place."""
    inside = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{value}</t></is></c>'
        for place, value in enumerate(values)
    )
    return f'<row r="{number}">{inside}</row>'.encode()
