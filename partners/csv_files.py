"""Tables as CSV: cells that no spreadsheet runs, written as they are read, in the same memory."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date

from django.http import StreamingHttpResponse

CSV = "text/csv; charset=utf-8"
PORTION = 64 * 1024  # characters

# What a spreadsheet takes for a formula, in half and full width, also behind spaces or quotes
_FORMULA = re.compile(r"(?:[\t\r\n]|[\s']*[=+\-@＝＋－＠])")
_QUOTED_FORMULA = re.compile(r"'(?:[\t\r\n]|[\s']*[=+\-@＝＋－＠])")
# XML cannot hold these, and no text of ours needs them
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def neutral(value):
    """A cell that no spreadsheet runs: an apostrophe stands before what looks like a formula.

    Takes and gives back what is no text unchanged. `plain` undoes it.
    """
    if not isinstance(value, str):
        return value
    value = _UNWRITABLE.sub("", value)
    return f"'{value}" if _FORMULA.match(value) else value


def plain(value: str) -> str:
    """The text as it was before `neutral`."""
    return value[1:] if _QUOTED_FORMULA.match(value) else value


def csv_portions(rows: Iterable[list]) -> Iterator[bytes]:
    """The file in portions of some 64 KB: UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow(value.isoformat() if isinstance(value, date) else value for value in row)
        if text.tell() > PORTION:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def csv_answer(rows: Iterable[list], name: str) -> StreamingHttpResponse:
    """The same as a download of this name, streamed: any length in the same memory."""
    return StreamingHttpResponse(
        csv_portions(rows),
        content_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
