"""XLSX as a stream of rows in bounded memory.

openpyxl keeps something of every row, cell format and style, also of a million empty ones, so that
a small hostile workbook fills the memory of a worker; its read-only mode also knows nothing of
merged cells. This reads values, dates and merged cells alone, without building trees. What is a
date format, and which day a number is, is still openpyxl's.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import normpath
from xml.parsers import expat

from django.utils.translation import gettext as _
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

MAX_PART_BYTES = 64 * 1024 * 1024  # of one XML part, unpacked
MAX_SHEETS = 1000
MAX_STRINGS = 500_000
MAX_FORMATS = 100_000
MAX_MERGES = 20_000
MAX_ROW = 1_048_576  # Excel's own limit
MAX_CELLS_EMPTY_OR_NOT = 3_000_000
MAX_COLUMNS = 200  # what stands further right is not read
CHUNK = 64 * 1024

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class Unreadable(Exception):
    """The file cannot be read; `str(problem)` is the sentence for the person."""


@dataclass(frozen=True)
class Broken:
    """A cell without a usable value: what stands there, and the reason for the person."""

    shown: str
    reason: str


@dataclass
class SheetInfo:
    """A sheet of the workbook; `merges` is filled in once its rows were read to the end."""

    name: str
    part: str
    hidden: bool
    merges: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # row, column, row, column


def damaged() -> Unreadable:
    return Unreadable(
        _("The workbook is damaged. Open it, save it again as .xlsx and upload that.")
    )


def _too_large() -> Unreadable:
    return Unreadable(
        _("The workbook is too large for a list of persons. Copy the list into a new workbook.")
    )


def unpacked_bytes(file) -> int:
    """How large the parts of a workbook are together, as its own list of them says."""
    with _problems(), zipfile.ZipFile(file) as archive:
        return sum(part.file_size for part in archive.infolist())


class Workbook:
    """An opened .xlsx file; damaged or too large, it raises `Unreadable` when it is read."""

    def __init__(self, file):
        with _problems():
            self._archive = zipfile.ZipFile(file)
            self._names = {name.lower(): name for name in self._archive.namelist()}
            self._targets, self._by_type = self._relations()
            self.sheets: list[SheetInfo] = []
            self._epoch = WINDOWS_EPOCH
            self._parse("xl/workbook.xml", self._workbook_element)
            self._strings = self._shared_strings()
            self._date_styles = self._styles()
        if not self.sheets:
            raise damaged()

    def rows(self, sheet: SheetInfo) -> Iterator[tuple[int, dict[int, object]]]:
        """(row number, {column: value}) of the rows with a value, in the file's order.

        Columns count from 1. Values are text, numbers, truth values, days, moments or `Broken`.
        """
        reader = _SheetReader(self._strings, self._date_styles, self._epoch)
        with _problems():
            for chunk in self._chunks(sheet.part):
                reader.parser.Parse(chunk, False)
                yield from reader.take()
            reader.parser.Parse(b"", True)
            yield from reader.take()
        sheet.merges = reader.merges

    def _relations(self):
        targets, by_type = {}, {}

        def element(name, attributes):
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                if len(targets) >= 2 * MAX_SHEETS:
                    raise _too_large()
                target = attributes.get("Target", "")
                path = target[1:] if target.startswith("/") else normpath(f"xl/{target}")
                targets[attributes.get("Id")] = path
                by_type[attributes.get("Type", "").rsplit("/", 1)[-1]] = path

        self._parse("xl/_rels/workbook.xml.rels", element)
        return targets, by_type

    def _workbook_element(self, name, attributes):
        if name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            self._epoch = MAC_EPOCH
        elif name == "sheet":
            key = next(
                (attributes[key] for key in attributes if key.endswith("id") and key != "sheetId"),
                None,
            )
            part = self._targets.get(key, "")
            if part.lower() in self._names and "chartsheet" not in part:
                if len(self.sheets) >= MAX_SHEETS:
                    raise _too_large()
                hidden = attributes.get("state", "visible") != "visible"
                self.sheets.append(SheetInfo(attributes.get("name", ""), part, hidden))

    def _shared_strings(self) -> list[str]:
        strings, pieces = [], []
        state = {"in_text": False, "in_reading_aid": False}

        def start(name, attributes):
            if name == "t":
                state["in_text"] = not state["in_reading_aid"]
            elif name == "rPh":  # how Japanese characters are pronounced: not part of the text
                state["in_reading_aid"] = True

        def end(name):
            if name == "t":
                state["in_text"] = False
            elif name == "rPh":
                state["in_reading_aid"] = False
            elif name == "si":
                if len(strings) >= MAX_STRINGS:
                    raise _too_large()
                strings.append(unescape("".join(pieces)))
                pieces.clear()

        def text(data):
            if state["in_text"]:
                pieces.append(data)

        if part := self._by_type.get("sharedStrings"):
            self._parse(part, start, end, text)
        return strings

    def _styles(self) -> list[bool]:
        """For each cell format: does it show a day or a time?"""
        formats = dict(BUILTIN_FORMATS)
        dates: list[bool] = []
        known: dict[str, bool] = {}
        inside = []

        def start(name, attributes):
            if name == "numFmt" and len(formats) < MAX_FORMATS:
                formats[_int(attributes.get("numFmtId"))] = attributes.get("formatCode", "")[:255]
            elif name == "cellXfs":
                inside.append(name)
            elif name == "xf" and inside:
                if len(dates) >= MAX_FORMATS:
                    raise _too_large()
                code = formats.get(_int(attributes.get("numFmtId")), "General")
                if code not in known:
                    known[code] = bool(is_date_format(code))
                dates.append(known[code])

        def end(name):
            if name == "cellXfs":
                inside.clear()

        if part := self._by_type.get("styles"):
            self._parse(part, start, end)
        return dates

    def _parse(self, part: str, start, end=None, text=None):
        parser = _parser()
        local = _LocalNames()
        parser.StartElementHandler = lambda name, attributes: start(local[name], attributes)
        if end:
            parser.EndElementHandler = lambda name: end(local[name])
        if text:
            parser.CharacterDataHandler = text
        for chunk in self._chunks(part):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _chunks(self, part: str) -> Iterator[bytes]:
        name = self._names.get(part.lower())
        if name is None:
            raise damaged()
        if self._archive.getinfo(name).file_size > MAX_PART_BYTES:
            raise _too_large()
        with self._archive.open(name) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk


class _SheetReader:
    """The handlers of one sheet; whole rows are taken away after each piece of the file."""

    def __init__(self, strings, date_styles, epoch):
        self.strings, self.date_styles, self.epoch = strings, date_styles, epoch
        self.merges = []
        self.done = []
        self.number = 0
        self.column = 0
        self.seen = 0
        self.cells = {}
        self.kind = self.style = None
        self.value = self.inline = None
        self.has_formula = False
        self.pieces = None
        self.columns = {}
        self.local = _LocalNames()
        self.parser = _parser()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text

    def take(self):
        """The whole rows since the last time."""
        if self.number > MAX_ROW or self.seen > MAX_CELLS_EMPTY_OR_NOT:
            raise _too_large()
        done, self.done = self.done, []
        return done

    def start(self, name, attributes):
        name = self.local[name]
        if name == "c":
            self.seen += 1
            reference = attributes.get("r")
            self.column = self._column(reference) if reference else self.column + 1
            self.kind = attributes.get("t", "n")
            self.style = attributes.get("s")
            self.value = self.inline = None
            self.has_formula = False
        elif name in ("v", "t"):
            self.pieces = []
        elif name == "f":
            self.has_formula = True
        elif name == "row":
            number = attributes.get("r")
            self.number = _int(number) if number else self.number + 1
            self.column = 0
            self.cells = {}
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def text(self, data):
        if self.pieces is not None:
            self.pieces.append(data)

    def end(self, name):
        name = self.local[name]
        if name == "v":
            self.value = "".join(self.pieces)
            self.pieces = None
        elif name == "t":
            self.inline = (self.inline or "") + "".join(self.pieces)
            self.pieces = None
        elif name == "c":
            if self.column <= MAX_COLUMNS:
                value = self._value()
                if value is not None and value != "":
                    self.cells[self.column] = value
        elif name == "row" and self.cells:
            self.done.append((self.number, self.cells))

    def _column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        found = self.columns.get(letters)
        if found is None:
            found = self.columns[letters] = column_number(letters)
        return found

    def _merge(self, reference: str):
        first, _colon, last = reference.partition(":")
        corners = [re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", corner) for corner in (first, last)]
        if all(corners):
            if len(self.merges) >= MAX_MERGES:
                raise _too_large()
            (left, top), (right, bottom) = (corner.groups() for corner in corners)
            self.merges.append((int(top), column_number(left), int(bottom), column_number(right)))

    def _value(self):
        kind, value = self.kind, self.value
        if kind == "inlineStr":
            return unescape(self.inline) if self.inline else None
        if value is None or value == "":
            if self.has_formula and kind != "str":
                return Broken(
                    "=…",
                    _("This cell has a formula without a result. Save the file in Excel first."),
                )
            return None
        if kind == "s":
            place = _int(value)
            if not 0 <= place < len(self.strings):
                raise damaged()
            return self.strings[place]
        if kind == "str":
            return unescape(value)
        if kind == "e":
            return Broken(value[:20], _("This cell shows an error of the spreadsheet."))
        if kind == "b":
            return value.strip() in ("1", "true")
        if kind == "d":
            return value
        return self._number(value)

    def _number(self, text: str):
        try:
            number = float(text)
        except ValueError:
            raise damaged() from None
        style = _int(self.style or "0")
        if 0 <= style < len(self.date_styles) and self.date_styles[style]:
            try:
                return from_excel(number, self.epoch)
            except (OverflowError, ValueError):
                return Broken(text[:20], _("This is not a day that exists."))
        return int(number) if number.is_integer() and abs(number) < 1e15 else number


class _LocalNames(dict):
    """'namespace name' → 'name': files write the same elements with and without a prefix."""

    def __missing__(self, name):
        found = name.rsplit(" ", 1)[-1]
        if len(self) < 1000:
            self[name] = found
        return found


class _problems:
    """Turns what the standard library raises on a damaged file into `Unreadable`."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(
            error,
            zipfile.BadZipFile
            | zlib.error
            | expat.ExpatError
            | NotImplementedError
            | EOFError
            | KeyError
            | OSError
            | RuntimeError  # an encrypted part
            | ValueError,
        ):
            raise damaged() from error


def _parser():
    def no_doctype(*args):
        raise damaged()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = no_doctype  # no entities, and so no entity bombs
    return parser


def _int(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        raise damaged() from None


def column_number(letters: str) -> int:
    """'A' → 1, 'AB' → 28."""
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """1 → 'A', 28 → 'AB'."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def unescape(text: str) -> str:
    """Excel writes characters that XML cannot hold as _x000D_, and a plain '_x' as _x005F_x."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
