"""A spreadsheet as it arrives → the one table in it that is a list of persons.

Finds the sheet, the header below titles, merged cells, the encoding and the separator of text.
"""

import csv
import io
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from experts.importing import headers
from experts.importing.workbook import (
    MAX_COLUMNS,
    Unreadable,
    Workbook,
    column_letters,
    unpacked_bytes,
)

MAX_ROWS = 20_000
MAX_CELLS = 1_000_000
QUICKLY_READ_BYTES = 8 * 1024 * 1024  # of a workbook, unpacked: more may take seconds
HEADER_WITHIN = 40  # rows with something in them
SEPARATORS = ";,\t|"

Cells = dict[int, object]


@dataclass(frozen=True)
class Source:
    """The columns (from 1, left to right) that make up one field, and what the file calls them.

    `joined` is what stands between their values; None takes the first that has one.
    """

    field: str
    columns: tuple[int, ...]
    header: str
    joined: str | None = None


@dataclass
class Table:
    """The list as it stands in the file; row numbers are those that a spreadsheet shows."""

    sheet: str  # "" for text
    rows: list[tuple[int, Cells]]
    sources: list[Source]
    header_row: int
    other_sheets: list[str] = field(default_factory=list)  # that look like lists as well
    not_read: list[str] = field(default_factory=list)  # headers that name no field of ours
    encoding: str = ""
    separator: str = ""


@dataclass
class _Header:
    place: int  # of the row, among the rows with something in them
    cells: Cells
    score: int
    has_name: bool

    @property
    def is_list(self) -> bool:
        return self.has_name and self.score >= 2


def read(file, kind: str, sheet: str = "", most_rows: int = MAX_ROWS) -> Table:
    """The list in an opened file, of the `kind` that partners.files.sheet_kind says.

    `sheet` names the one to read where several look like lists. Raises Unreadable.
    """
    file.seek(0)
    if kind == "xlsx":
        return _read_workbook(file, sheet, most_rows)
    return _read_text(file.read(), most_rows)


def has_more_rows_than(file, kind: str, number: int) -> bool:
    """Is it a long list, or a large file? Looks no further than it must. Raises Unreadable."""
    file.seek(0)
    if kind == "csv":
        return file.read().count(b"\n") > number
    if unpacked_bytes(file) > QUICKLY_READ_BYTES:
        return True
    workbook = Workbook(file)
    found = 0
    for info in workbook.sheets:
        for _row in workbook.rows(info):
            found += 1
            if found > number:
                return True
    return False


# Workbooks


def _read_workbook(file, wanted: str, most_rows: int) -> Table:
    workbook = Workbook(file)
    lists = []
    for info in workbook.sheets:
        rows = []
        for row in workbook.rows(info):
            rows.append(row)
            if len(rows) >= HEADER_WITHIN:
                break
        header = _find_header(rows)
        if header and header.is_list:
            lists.append((info.name != wanted, info.hidden, -header.score, info))
    if not lists:
        raise _no_header([info.name for info in workbook.sheets])
    lists.sort(key=lambda entry: entry[:3])
    info = lists[0][3]
    rows = _bounded(workbook.rows(info), most_rows)
    _fill_merged(rows, info.merges)
    table = _table(rows, info.merges)
    table.sheet = info.name
    table.other_sheets = [other.name for *_order, other in lists[1:]]
    return table


def _bounded(rows: Iterator[tuple[int, Cells]], most_rows: int) -> list[tuple[int, Cells]]:
    kept, cells = [], 0
    for row in rows:
        kept.append(row)
        cells += len(row[1])
        if len(kept) > most_rows + HEADER_WITHIN or cells > MAX_CELLS:
            raise Unreadable(
                _("The list has more than %(most)s rows. Divide it into several files.")
                % {"most": most_rows}
            )
    return kept


def _fill_merged(rows: list[tuple[int, Cells]], merges):
    """Give the value of merged cells to each of them: it stands in the first alone."""
    numbers = [number for number, _cells in rows]
    filled = 0
    for top, left, bottom, right in merges:
        first, last = bisect_left(numbers, top), bisect_right(numbers, bottom)
        if first >= len(rows) or numbers[first] != top:
            continue
        value = rows[first][1].get(left)
        if value is None:
            continue
        for _number, cells in rows[first:last]:
            for column in range(left, min(right, MAX_COLUMNS) + 1):
                cells.setdefault(column, value)
                filled += 1
        if filled > MAX_CELLS:
            raise Unreadable(_("The sheet has too many merged cells. Undo the merging."))


# Text


def _read_text(data: bytes, most_rows: int) -> Table:
    text, encoding = _decode(data)
    first, _newline, rest = text.partition("\n")
    if said := re.fullmatch(r"sep=(.)\s*", first):  # a line that Excel writes and hides
        candidates, skipped, text = said[1], 1, rest
    else:
        candidates, skipped = SEPARATORS, 0
    best = None
    for separator in candidates:
        header = _find_header(list(_text_rows(text, separator, skipped, HEADER_WITHIN)))
        if header and (best is None or header.score > best[0].score):
            best = (header, separator)
    if best is None or not best[0].is_list:
        raise _no_header([])
    table = _table(_bounded(_text_rows(text, best[1], skipped), most_rows), [])
    table.encoding, table.separator = encoding, best[1]
    return table


def _text_rows(text: str, separator: str, skipped: int, limit: int | None = None):
    """Rows with something in them, numbered as a spreadsheet would."""
    found = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    number = skipped
    try:
        for number, row in enumerate(reader, start=skipped + 1):
            cells = {
                column: cell
                for column, cell in enumerate(row[:MAX_COLUMNS], start=1)
                if cell and not cell.isspace()
            }
            if cells:
                yield number, cells
                found += 1
                if found == limit:
                    return
    except csv.Error:
        raise Unreadable(
            _("Row %(row)s cannot be read: is there a quotation mark too many or too few?")
            % {"row": number + 1}
        ) from None


def _decode(data: bytes) -> tuple[str, str]:
    """(text, name of the encoding)."""
    for mark, codec in (
        (b"\xef\xbb\xbf", "UTF-8"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode("utf-8-sig" if codec == "UTF-8" else "utf-16"), codec
            except UnicodeDecodeError as error:
                raise _bad_character(data, error.start, codec) from None
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        # Text of another encoding has hardly any pairs of bytes that are UTF-8 by chance
        text = data.decode("utf-8", "replace")
        damaged = text.count("�")
        if sum(char > "\x7f" for char in text) > 2 * damaged:
            raise _bad_character(data, error.start, "UTF-8") from None
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def _bad_character(data: bytes, place: int, codec: str) -> Unreadable:
    return Unreadable(
        _("Line %(line)s has a damaged character (the text is %(codec)s). Save it anew.")
        % {"line": data.count(b"\n", 0, place) + 1, "codec": codec}
    )


# The header


def _find_header(rows: list[tuple[int, Cells]]) -> _Header | None:
    """The row that names most fields; an empty cell of it counts as the one above it.

    So a header of two rows, with 'Contact' over 'E-mail' and 'Phone', is one of the second row.
    """
    best, above, above_number = None, {}, None
    for place, (number, cells) in enumerate(rows[:HEADER_WITHIN]):
        whole = cells
        if above_number == number - 1:
            whole = {**above, **cells}
        found = {headers.field_of(cell) for cell in whole.values()} - {None, headers.IGNORED}
        has_name = headers.NAME in found or headers.LAST_NAME in found
        header = _Header(place, whole, len(found), has_name)
        if found and (best is None or (header.is_list, header.score) > (best.is_list, best.score)):
            best = header
        above, above_number = cells, number
    return best


def _table(rows: list[tuple[int, Cells]], merges) -> Table:
    header = _find_header(rows)
    if header is None or not header.is_list:
        raise _no_header([])
    number = rows[header.place][0]
    together = {
        column: (top, left)
        for top, left, bottom, right in merges
        if top <= number <= bottom and right > left
        for column in range(left, min(right, MAX_COLUMNS) + 1)
    }
    body = [
        (row, cells) for row, cells in rows[header.place + 1 :] if not _repeats(cells, header.cells)
    ]
    sources, not_read = _sources(header.cells, together)
    used = {column for _row, cells in body for column in cells}
    unnamed = [
        _("column %(letter)s (no header)") % {"letter": column_letters(column)}
        for column in sorted(used - header.cells.keys())
    ]
    return Table("", body, sources, number, not_read=[*not_read, *unnamed])


def _repeats(cells: Cells, header: Cells) -> bool:
    """The header again, as lists for printing have it on each page."""
    return all(header.get(column) == value for column, value in cells.items())


def _sources(header: Cells, together: dict[int, tuple[int, int]]):
    columns: dict[str, list[int]] = {}
    not_read = []
    for column in sorted(header):
        found = headers.field_of(header[column])
        if found is None:
            if isinstance(header[column], str):
                not_read.append(" ".join(header[column].split())[:60])
        elif found != headers.IGNORED:
            columns.setdefault(found, []).append(column)
    _settle_names(columns)
    sources = []
    for found, places in sorted(columns.items(), key=lambda entry: entry[1]):
        if found in headers.LISTS:
            joined = "; "
        elif len({together.get(place, place) for place in places}) < len(places) or found == "name":
            joined = " "
        else:
            joined = None
        label = str(header[places[0]])
        sources.append(Source(found, tuple(places), " ".join(label.split())[:60], joined))
    return sources, not_read


def _settle_names(columns: dict[str, list[int]]):
    """First and last name in columns of their own make one name.

    'Nom' beside 'Prénom' is the last name, 'Nombre' beside 'Apellidos' and 'Name' beside 'Surname'
    the first.
    """
    first = columns.pop(headers.FIRST_NAME, [])
    last = columns.pop(headers.LAST_NAME, [])
    name = columns.pop(headers.NAME, [])
    if first and last:
        columns[headers.NAME] = [first[0], last[0]]
    elif name and first:
        columns[headers.NAME] = [first[0], name[0]]
    elif name and last:
        columns[headers.NAME] = [name[0], last[0]]
    else:
        columns[headers.NAME] = name or last or first


def _no_header(sheets: list[str]) -> Unreadable:
    words = _(
        "No row with column names was found. The list needs one row that says Name, Country and so "
        "on, above the persons."
    )
    if len(sheets) > 1:
        names = ", ".join(f"“{name[:40]}”" for name in sheets[:10])
        words += " " + _("The workbook has the sheets %(names)s.") % {"names": names}
    return Unreadable(words)
