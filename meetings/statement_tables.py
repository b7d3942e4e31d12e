"""All statements of a meeting as a file, for its organisers: one row a country."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from meetings.models import Meeting, StatedNeed, Statement
from partners.csv_files import csv_portions, neutral

#: Columns and their widths in a sheet
COLUMNS = {
    "Country": 20,
    "Region": 18,
    "Organisation": 28,
    "Status": 10,
    "Sent (UTC)": 17,
    "Situation": 50,
    "Priorities": 50,
    "Needs": 50,
    "Expertise": 30,
    "In the register": 15,
}


def rows(statements: Iterable[Statement]) -> Iterator[list]:
    """The names of the columns, then a row for each statement."""
    yield list(COLUMNS)
    for one in statements:
        needs = list(one.needs.all())
        terms = {term.label_en: None for need in needs for term in need.terms.all()}
        row = [
            str(one.country),
            one.country.get_region_display(),
            str(one.organisation or ""),
            one.get_status_display(),
            f"{one.sent_at:%Y-%m-%d %H:%M}" if one.sent_at else "",
            one.situation,
            one.priorities,
            "\n".join(map(_words, needs)),
            "; ".join(terms),
            sum(need.need_id is not None for need in needs),
        ]
        yield [neutral(value) for value in row]


def _words(need: StatedNeed) -> str:
    return f"{need.title}: {need.text}" if need.text else need.title


def csv(statements: Iterable[Statement]) -> Iterator[bytes]:
    return csv_portions(rows(statements))


def xlsx(statements: Iterable[Statement]) -> bytes:
    """One sheet; its header and the countries stay in view."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Statements")
    sheet.freeze_panes = "B2"
    for number, width in enumerate(COLUMNS.values(), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number, row in enumerate(rows(statements)):
        sheet.append([_cell(sheet, value, is_bold=number == 0) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet, value, is_bold: bool) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.font = Font(bold=is_bold)
    return cell


def name_of(meeting: Meeting, kind: str, now: datetime) -> str:
    """'statements-bangkok-2027-2026-11-24.xlsx'."""
    return f"statements-{meeting.code}-{now:%Y-%m-%d}.{kind}"
