"""The list as a file: XLSX and CSV. Who may have private fields is asked before."""

import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from experts import columns
from experts.models import Expert
from partners import decisions
from partners.csv_files import CSV, csv_portions
from partners.models import User
from partners.refusals import Refused

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": CSV,
}
IN_MEMORY_AT_MOST = 4 * 1024 * 1024  # bytes; a larger file is made on the disk


def public(experts: QuerySet[Expert], kind: str, sheet: str = "Experts") -> BinaryIO:
    """The public columns of these experts; `kind` is "xlsx" or "csv"."""
    return as_file(columns.rows(experts, columns.PUBLIC), kind, sheet)


@transaction.atomic
def for_the_lead(
    experts: QuerySet[Expert], kind: str, private: bool, by: User, now: datetime, filters: str = ""
) -> BinaryIO:
    """The Lead's export, with private columns where the Lead chose so: that is logged.

    `filters` says in words or as a query string which experts were chosen. Raises Refused.
    """
    if not private:
        return public(experts, kind)
    if not by.has_perm("experts.export_private"):
        raise Refused(_("You may export public fields only."))
    reason = _("%(number)s profiles with private fields as %(kind)s") % {
        "number": experts.count(),
        "kind": kind.upper(),
    }
    if filters:
        reason += f" ({filters[:500]})"
    decisions.record(by, "exported private fields", by, now, reason)
    return as_file(columns.rows(experts, (*columns.PUBLIC, *columns.PRIVATE)), kind, "Experts")


def name_of(kind: str, now: datetime) -> str:
    """'experts-2026-11-24.xlsx'."""
    return f"experts-{now:%Y-%m-%d}.{kind}"


def as_file(rows: Iterable[list], kind: str, sheet: str) -> BinaryIO:
    """A header and rows as "xlsx" or "csv"; whoever calls has made their cells neutral."""
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_AT_MOST)  # noqa: SIM115 (the caller's)
    (_write_xlsx if kind == "xlsx" else _write_csv)(rows, out, sheet)
    out.seek(0)
    return out


def _write_csv(rows: Iterator[list], out: BinaryIO, sheet: str):
    for portion in csv_portions(rows):
        out.write(portion)


def _write_xlsx(rows: Iterator[list], out: BinaryIO, sheet: str):
    """One sheet, the header bold and always in view."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.freeze_panes = "B2"
    header = next(rows)
    for number, name in enumerate(header, start=1):
        page.column_dimensions[get_column_letter(number)].width = 40 if name in _WIDE else 20
    page.append([_bold(page, name) for name in header])
    for row in rows:
        page.append(row)
    book.save(out)


_WIDE = {"Position", "Organisation", "Expertise", "Summary", "Experience"}


def _bold(page, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, text)
    cell.font = Font(bold=True)
    return cell
