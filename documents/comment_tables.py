"""The customary comment table: an empty one to fill in offline, and what a filled one says.

A filled table is a CommentTable from the upload until the person takes it over. Its rows are what
stands in the file; what they become is worked out anew each time, as the person may have written
the same comment meanwhile.
"""

import io
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override
from openpyxl import Workbook as NewWorkbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from documents import commenting, matrices
from documents.models import Comment, CommentRound, CommentTable, RoundQuestion, Section
from experts.importing import headers, values
from experts.importing.workbook import SheetInfo, Unreadable, Workbook
from partners.csv_files import neutral
from partners.models import Organisation, User
from partners.refusals import Refused

MAX_ROWS = 500
HEADER_WITHIN = 10  # rows with something in them
MAX_SHEETS = 10  # that are looked at
MAX_PAGE = 10_000
SHOWN = 300  # characters of a text that is too long to become a comment
KEPT_DAYS = 7
MAX_WAITING = 5  # tables of one person in one round
SHEET, HELP = "Comments", "How to fill in"

_NAMES = dict(matrices.COLUMNS)
#: (field, name of its column) of the table to fill in; a round with questions has one more
COLUMNS = tuple(
    (name, _NAMES[name])
    for name in (
        "section", "paragraph", "page", "type", "comment", "proposed_text", "organisation"
    )
)  # fmt: skip
QUESTION = ("question", "Question number")
_WIDTHS = {"comment": 60, "proposed_text": 60, "organisation": 28, "type": 14, "question": 12}

#: What other tables call these columns, as `headers.key` writes it; among them the template of ISO
_OTHER_NAMES = {
    "section": """
        sections; section number; section no; clause; clauses; clause no; clause number; subclause;
        chapter; article; seccion
        """,
    "paragraph": """
        paragraphs; paragraph number; paragraph no; para; para no; figure; paragraphe; parrafo
        """,
    "page": "pages; page number; page no; pagina",
    "type": """
        type of comment; type of comments; type of com ment; comment type; tipo; type de commentaire
        """,
    "comment": """
        comments; comment s; comment by the mb; your comment; your comments; commentaire;
        commentaires; comentario; comentarios
        """,
    "proposed_text": """
        proposed change; proposed changes; proposed change by the mb; proposed wording; proposal;
        proposed new text; suggested text; suggested change; suggested wording; texte propose;
        modification proposee; texto propuesto; cambio propuesto
        """,
    "organisation": """
        organization; organisation represented; organization represented; affiliation; institution;
        organisme; organizacion
        """,
    "question": "question; question no",
}
_FIELDS = {
    " ".join(name.split()): key for key, names in _OTHER_NAMES.items() for name in names.split(";")
} | {headers.key(name): key for key, name in (*COLUMNS, QUESTION)}

_TYPES = {
    **dict.fromkeys(("general", "gen", "ge", "g"), Comment.Type.GENERAL),
    **dict.fromkeys(("technical", "tech", "te", "t"), Comment.Type.TECHNICAL),
    **dict.fromkeys(("editorial", "edit", "ed", "e"), Comment.Type.EDITORIAL),
}
_PLACE_WORD = re.compile(
    r"^(?:(?:(?:sub-?)?section|(?:sub-?)?clause|chapter|article|annex|paragraph|para|par|no)s?"
    r"[.:\s]\s*|§+\s*)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[0-9][\w.~-]*")
_KEYS = tuple(key for key, _name in (*COLUMNS, QUESTION))
_MOST = {
    "comment": Comment._meta.get_field("text").max_length,
    "proposed_text": Comment._meta.get_field("proposed_text").max_length,
}
_LONGEST_PLACE = Comment._meta.get_field("section").max_length


# The empty table


def name_of(comment_round: CommentRound) -> str:
    """'comment-table-guideline-01-12.xlsx'."""
    words = slugify(comment_round.title)[:60].strip("-")
    return "-".join(["comment-table", *filter(None, [words]), f"{comment_round.pk}.xlsx"])


def empty(
    comment_round: CommentRound,
    sections: Iterable[Section],
    organisations: Iterable[Organisation],
    address: str,
) -> bytes:
    """An XLSX to fill in: the table, and a sheet that says how. No cell of it is a formula.

    `organisations` are those for which the person may speak, `address` is the round's on the web.
    """
    with override("en"):
        questions = list(comment_round.questions.all())
        columns = (*COLUMNS, QUESTION) if questions else COLUMNS
        book = NewWorkbook()
        book.properties.title = neutral(comment_round.title)
        sheet, aid = book.active, book.create_sheet(HELP)
        sheet.title = SHEET
        place = _write_help(aid, comment_round, sections, list(organisations), questions, address)
        _write_table(sheet, [key for key, _name in columns], dict(columns), place)
        out = io.BytesIO()
        book.save(out)
    return out.getvalue()


def _write_table(sheet, keys: list[str], names: dict[str, str], organisations: str):
    """`organisations` is where the other sheet names them; empty where there are none."""
    sheet.append([names[key] for key in keys])
    sheet.freeze_panes = "A2"
    lists = {
        "type": '"{}"'.format(",".join(str(label) for label in Comment.Type.labels)),
        "organisation": organisations,
    }
    for number, key in enumerate(keys, start=1):
        letter = get_column_letter(number)
        sheet[f"{letter}1"].font = Font(bold=True)
        column = sheet.column_dimensions[letter]
        column.width = _WIDTHS.get(key, 11)
        column.alignment = Alignment(wrap_text=True, vertical="top")
        column.number_format = "@"  # text: Excel would make 2.1 of 2.10, or a date
        if lists.get(key):
            choice = DataValidation(type="list", formula1=lists[key], allow_blank=True)
            sheet.add_data_validation(choice)
            choice.add(f"{letter}2:{letter}{MAX_ROWS + 1}")


def _write_help(sheet, comment_round, sections, organisations, questions, address: str) -> str:
    """Returns where the organisations stand, as a formula names it."""
    sheet.column_dimensions["A"].width = 14
    sheet.column_dimensions["B"].width = 100
    place = ""

    def lines(title: str, pairs: list[tuple[str, str]]):
        sheet.append([])
        sheet.append([title])
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)
        for pair in pairs:
            sheet.append([neutral(str(one)) for one in pair])
            sheet.cell(sheet.max_row, 1).alignment = Alignment(vertical="top")
            sheet.cell(sheet.max_row, 2).alignment = Alignment(wrap_text=True, vertical="top")

    sheet.append([neutral(comment_round.title)])
    sheet["A1"].font = Font(bold=True, size=14)
    close = _("Comments close on %(moment)s.") % {"moment": comment_round.closes_in_words}
    lines(
        _("When and where"),
        [
            (_("Close"), close),
            (_("Round"), address),
            (_("Then"), _("Upload the table there. You see every row before it is taken over.")),
        ],
    )
    at_most = _("One comment a row, at most %(n)s rows.") % {"n": MAX_ROWS}
    whole = _("Such as 2. Leave place and page empty for a comment on the whole text.")
    how = [
        (SHEET, at_most),
        (_NAMES["section"], whole),
        (_NAMES["paragraph"], _("Such as 2.1, as on the page of the text.")),
        (_NAMES["page"], _("For a text without numbers.")),
        (_NAMES["type"], _("Choose from the list. Empty: General.")),
        (_NAMES["comment"], _("What you want to say, and why.")),
        (_NAMES["proposed_text"], _("How the paragraph should read, if you know.")),
        (_NAMES["organisation"], _("For whom you speak. Empty: you are asked at the upload.")),
    ]
    if questions:
        how.append((QUESTION[1], _("If the comment answers a question: its number.")))
    lines(_("Columns"), how)
    if organisations:
        lines(_("Your organisations"), [("", one.name) for one in organisations])
        last = sheet.max_row
        place = f"'{HELP}'!$B${last - len(organisations) + 1}:$B${last}"
    if questions:
        lines(_("Questions"), [(one.number, one.text) for one in questions])
    # A long section is kept in pieces, of which the first alone bears the number
    found = [(one.label, one.heading) for one in sections if "~" not in one.label]
    if found:
        lines(_("Sections of the text"), found)
    return place


# A filled table, as it stands in the file


@dataclass
class Filled:
    """What was read: `rows` are plain values by field, with `row` as a spreadsheet counts.

    `notes` and `problems` of a row are sentences; a row with problems cannot become a comment.
    `notes` beside them are about the whole file.
    """

    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)


def read(file) -> Filled:
    """Read an opened .xlsx file that `files.check_document` let through.

    Raises Unreadable, with a sentence for the person, when it has no column of comments or more
    than MAX_ROWS rows with words.
    """
    file.seek(0)
    workbook = Workbook(file)
    sheet, header_row, columns, notes = _find_header(workbook)
    body = [
        (number, cells)
        for number, cells in _body(workbook, sheet, header_row)
        if any(column in cells for column, _name in columns.values())
    ]
    if "section" in columns:
        _fill_merged(dict(body), sheet.merges, columns["section"][0])
    filled = [_row(number, cells, columns) for number, cells in body]
    rows = [row for row in filled if row["comment"] or row["proposed_text"] or row["problems"]]
    if not rows:
        raise Unreadable(_("The table has no comment yet: below its column names nothing stands."))
    if len(rows) > MAX_ROWS:
        raise _too_many()
    without = [str(row["row"]) for row in filled if row not in rows and _says_more(row)]
    if without:
        words = _("Rows with a place but no comment are left out: %(rows)s.")
        notes.append(words % {"rows": _some(without)})
    return Filled(rows, notes)


def _find_header(
    workbook: Workbook,
) -> tuple[SheetInfo, int, dict[str, tuple[int, str]], list[str]]:
    """(sheet, row of the header, {field: (column, its name in the file)}, notes).

    The row that names most columns, in the sheet where it names that of the comments.
    """
    best, best_score, seen = None, (False, False, 0), []
    for sheet in workbook.sheets[:MAX_SHEETS]:
        for number, cells in islice(workbook.rows(sheet), HEADER_WITHIN):
            names = {
                column: values.shown(" ".join(cell.split()))
                for column, cell in sorted(cells.items())
                if isinstance(cell, str) and cell.strip()
            }
            columns: dict[str, tuple[int, str]] = {}
            for column, name in names.items():
                found = _field_of(name)
                if found:
                    columns.setdefault(found, (column, name))
            score = ("comment" in columns, not sheet.hidden, len(columns))
            if columns and score > best_score:
                best, best_score = (sheet, number, columns, names), score
            seen = seen or list(names.values())
    if best is None or "comment" not in best[2]:
        raise _no_comments(list(best[3].values()) if best else seen)
    sheet, number, columns, names = best
    used = {column for column, _name in columns.values()}
    others = [name for column, name in names.items() if column not in used]
    notes = []
    if others:
        words = _("Columns that are not read: %(names)s.")
        notes.append(words % {"names": _some([f"“{name}”" for name in others])})
    return sheet, number, columns, notes


def _field_of(name: str) -> str | None:
    """'Clause/ Subclause (e.g. 3.1)' → 'section', 'Type of comment²' → 'type'."""
    without_note = re.sub(r"\([^)]*\)|(?<=[^\W\d])[\d²³¹]+\s*$", " ", name)
    for words in (name, without_note, *re.split(r"[/|]", without_note)):
        if found := _FIELDS.get(headers.key(words)):
            return found
    return None


def _no_comments(names: list[str]) -> Unreadable:
    words = _("The table has no column “%(name)s”.") % {"name": _NAMES["comment"]}
    if names:
        found = _some([f"“{name}”" for name in names])
        words += " " + _("It has %(names)s.") % {"names": found}
    return Unreadable(
        words + " " + _("Name the columns as in the table of the portal, in one of the first rows.")
    )


def _too_many() -> Unreadable:
    return Unreadable(
        _("The table has more than %(most)s rows. Divide it into several files.")
        % {"most": MAX_ROWS}
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:12]) + (" …" if len(names) > 12 else "")


def _body(workbook: Workbook, sheet: SheetInfo, header_row: int) -> Iterator[tuple[int, dict]]:
    """The rows below the header; not more than could be a table with rows to fill in."""
    kept = 0
    for number, cells in workbook.rows(sheet):
        if number > header_row:
            kept += 1
            if kept > 4 * MAX_ROWS:  # also those without a word, prepared for comments
                raise _too_many()
            yield number, cells


def _fill_merged(rows: dict[int, dict], merges, column: int):
    """A place that is written once for several rows stands in the first of them alone."""
    bottoms: dict[int, int] = {}  # one for each row, however often the file names it
    for top, left, bottom, _right in merges:
        if left == column and column in rows.get(top, {}):
            bottoms[top] = max(bottom, bottoms.get(top, 0))
    numbers = sorted(rows)  # a file may name the millionth row: only those that exist are walked
    filled = 0
    for top, bottom in sorted(bottoms.items()):
        below = max(top, filled)
        for number in numbers[bisect_right(numbers, below) : bisect_right(numbers, bottom)]:
            rows[number].setdefault(column, rows[top][column])
        filled = max(filled, bottom)


def _row(number: int, cells: dict, columns: dict[str, tuple[int, str]]) -> dict[str, Any]:
    row: dict[str, Any] = {"row": number, "problems": [], "notes": [], "numbers": []}
    for key in _KEYS:
        column, name = columns.get(key, (0, ""))
        value = cells.get(column)
        if key in ("section", "paragraph"):
            if isinstance(value, (date, time, timedelta)):
                words = _("“%(column)s”: the spreadsheet made a date of the number. Set it later.")
                row["notes"].append(words % {"column": name})
                value = None
            elif isinstance(value, float):
                row["numbers"].append(key)
        try:
            row[key] = values.text(value)
        except values.Wrong as wrong:
            row[key] = values.shown(value)
            row["problems"].append(f"“{name}”: {wrong}")
        if len(row[key]) > _MOST.get(key, SHOWN):
            if key in _MOST:
                row["problems"].append(_too_long(name, row[key], _MOST[key]))
            row[key] = row[key][:SHOWN]
    return row


def _too_long(column: str, text: str, most: int) -> str:
    return _("“%(column)s” has %(n)s characters; %(most)s is the limit.") % {
        "column": column,
        "n": len(text),
        "most": most,
    }


def _says_more(row: dict) -> bool:
    return any(row[key] for key in ("section", "paragraph", "page", "question"))


# What the rows become


@dataclass(frozen=True)
class Known:
    """What a row can name.

    `labels`: {label of a section: labels of its paragraphs}, None for a text elsewhere.
    `organisations`: those for which the person may speak. `questions`: those of the round.
    """

    labels: dict[str, list[str]] | None
    organisations: list[Organisation]
    questions: list[RoundQuestion]


@dataclass
class Line:
    """One row as the comment that it becomes; `comment` is not saved."""

    row: int  # in the file
    comment: Comment
    notes: list[str]
    problems: list[str]
    is_double: bool = False

    @property
    def is_new(self) -> bool:
        return not (self.problems or self.is_double)

    @property
    def place(self) -> str:
        """ "2.1", or as it was typed: "2, Table 1, page 4"; empty for the whole text."""
        section, paragraph, page = self.comment.section, self.comment.paragraph, self.comment.page
        parts = [paragraph or section]
        if paragraph and not paragraph.startswith(_whole(section)):
            parts.insert(0, section)
        if page:
            parts.append(_("page %(page)s") % {"page": page})
        return ", ".join(filter(None, parts))


def plan(table: CommentTable, known: Known) -> list[Line]:
    """Every row with what it becomes, in the order of the file. One query."""
    own = Comment.objects.filter(round=table.round_id, author=table.user_id)
    there = {_sameness(one) for one in own.exclude(status=Comment.Status.WITHDRAWN)}
    lines = []
    for row in table.rows:
        line = _line(table, row, known)
        same = _sameness(line.comment)
        line.is_double = same in there
        if line.is_new:
            there.add(same)
        lines.append(line)
    return lines


def _sameness(comment: Comment) -> tuple:
    """Equal for comments on the same place in the same words."""
    words = (
        " ".join(unicodedata.normalize("NFC", text).split())
        for text in (comment.text, comment.proposed_text)
    )
    return (comment.section, comment.paragraph, comment.page, *words)


def _line(table: CommentTable, row: dict, known: Known) -> Line:
    notes, problems = list(row["notes"]), list(row["problems"])
    section, paragraph = _place(row, known.labels, notes, problems)
    comment = Comment(
        round_id=table.round_id,
        author_id=table.user_id,
        section=section,
        paragraph=paragraph,
        page=_page(row["page"], notes),
        type=_type(row["type"], notes),
        text=row["comment"],
        proposed_text=row["proposed_text"],
        organisation=_organisation(row["organisation"], known.organisations, notes),
        question=_question(row["question"], known.questions, notes),
    )
    return Line(row["row"], comment, notes, problems)


def _place(
    row: dict, labels: dict[str, list[str]] | None, notes: list, problems: list
) -> tuple[str, str]:
    """(section, paragraph) as the text numbers them; what it does not know is kept as typed."""
    section, paragraph = row["section"], row["paragraph"]
    places = _Places(labels or {})
    found, above = places.find(section, paragraph), places.find(section, "")
    if found:
        if paragraph and section and (above is None or _whole(above[0]) != _whole(found[0])):
            words = _("%(place)s stands in section %(section)s of the text.")
            notes.append(words % {"place": found[1] or found[0], "section": found[0]})
        for key in row["numbers"]:
            if places.knows(f"{row[key]}0"):
                words = _("A spreadsheet also makes %(cut)s of %(whole)s. Look which it is.")
                notes.append(words % {"cut": row[key], "whole": f"{row[key]}0"})
        return found
    if above and not above[1]:
        section = above[0]
    for name, typed in ((_NAMES["section"], section), (_NAMES["paragraph"], paragraph)):
        if len(typed) > _LONGEST_PLACE:
            problems.append(_too_long(name, typed, _LONGEST_PLACE))
    if labels and (section or paragraph):
        words = _("“%(typed)s” is not a number in the text: kept as typed.")
        notes.append(words % {"typed": (paragraph or section)[:60]})
    return section[:_LONGEST_PLACE], paragraph[:_LONGEST_PLACE]


def _whole(label: str) -> str:
    """A long section is kept in pieces: "2" and "2~1"."""
    return label.partition("~")[0]


class _Places:
    """The numbers of the text, and where they stand."""

    def __init__(self, labels: dict[str, list[str]]):
        self.labels = labels
        self.holders = {label: above for above, below in labels.items() for label in below}

    def knows(self, label: str) -> bool:
        return label in self.labels or label in self.holders

    def find(self, section: str, paragraph: str) -> tuple[str, str] | None:
        """(section, paragraph); None for what is not in the text. Both may be empty."""
        top, low = _bare(section), _bare(paragraph)
        if not low:
            # People also write the number of a paragraph, or a number with its heading
            number = _NUMBER.match(top)
            return self._first(section, top, number[0].rstrip(".:") if number else "")
        for typed in (low, f"{top}.{low}", f"{top}-{low}"):
            if typed in self.labels.get(top, ()):
                return top, typed
        return self._first(paragraph, low)

    def _first(self, *typed: str) -> tuple[str, str] | None:
        for label in typed:
            if label in self.labels:
                return label, ""
            if label in self.holders:
                return self.holders[label], label
        return None


def _bare(place: str) -> str:
    """'Section 2.' → '2'."""
    return _PLACE_WORD.sub("", place, count=1).rstrip(".: ") if place else ""


def _page(typed: str, notes: list) -> int | None:
    if not typed:
        return None
    number = re.match(r"(?:p(?:ages?|p)?\.?\s*)?([0-9]{1,6})(?![0-9])", typed, re.IGNORECASE)
    page = int(number[1]) if number else 0
    if not 0 < page <= MAX_PAGE:
        notes.append(_("“%(typed)s” is no page: left out.") % {"typed": typed[:60]})
        return None
    if number.end() < len(typed):
        notes.append(_("Page %(page)s of “%(typed)s”.") % {"page": page, "typed": typed[:60]})
    return page


def _type(typed: str, notes: list) -> str:
    found = _TYPES.get(headers.key(typed))
    if found is None and typed:
        notes.append(_("The type “%(typed)s” is not known: General.") % {"typed": typed[:60]})
    return found or Comment.Type.GENERAL


def _organisation(typed: str, organisations: list[Organisation], notes: list):
    if not typed:
        return None
    wanted = headers.key(typed)
    for one in organisations:
        if wanted in (headers.key(one.name), headers.key(one.acronym)):
            return one
    words = _("You do not belong to “%(typed)s”: you speak for yourself.")
    notes.append(words % {"typed": typed[:100]})
    return None


def _question(typed: str, questions: list[RoundQuestion], notes: list):
    if not typed:
        return None
    number = re.fullmatch(r"\D{0,12}([0-9]{1,4})\.?", typed)
    for one in questions:
        if number and one.number == int(number[1]):
            return one
    notes.append(_("The round has no question “%(typed)s”: left out.") % {"typed": typed[:60]})
    return None


# Steps


def keep(
    round_id: int,
    user: User,
    name: str,
    filled: Filled,
    now: datetime,
    organisation: str = "",
) -> CommentTable:
    """Keep a table for the person to look at; nothing is a comment yet. Their oldest one goes when
    there are more than MAX_WAITING.

    `name` is what the file is called, `organisation` is for rows that name none. Raises Refused
    while the round takes no comments.
    """
    comment_round = CommentRound.objects.get(pk=round_id)
    if not comment_round.takes_comments(now):
        raise Refused(_("The round does not take comments now. The table was not read."))
    rows = [{**row, "organisation": row["organisation"] or organisation} for row in filled.rows]
    table = CommentTable.objects.create(
        round=comment_round,
        user=user,
        file_name=name[:200],
        rows=rows,
        problems=[note[:500] for note in filled.notes],
        at=now,
    )
    waiting = waiting_tables(comment_round, user).values_list("pk", flat=True)
    CommentTable.objects.filter(pk__in=list(waiting[MAX_WAITING:])).delete()
    return table


def waiting_tables(comment_round: CommentRound, user: User) -> QuerySet[CommentTable]:
    """What the person uploaded and neither took over nor threw away, the newest first."""
    tables = CommentTable.objects.filter(round=comment_round, user=user, taken_at=None)
    return tables.defer("rows").order_by("-pk")


@dataclass(frozen=True)
class Taken:
    number: int
    is_late: bool  # they came after the close, and are offered to the Lead


@transaction.atomic
def take_over(table_id: int, user: User, known: Known, now: datetime) -> Taken:
    """Make drafts of the rows that can become comments and are not there yet: all or none.

    After the close they are kept and offered to the Lead. Raises Refused when it was done already,
    there is nothing to take, or the round is over.
    """
    table = _own(table_id, user)
    # Two tables with the same comments: the second waits here, and finds what the first wrote
    CommentRound.objects.select_for_update().get(pk=table.round_id)
    new = [line.comment for line in plan(table, known) if line.is_new]
    if not new:
        raise Refused(_("No row of this table can become a comment."))
    late = 0
    for comment in new:
        try:
            commenting.save(
                table.round_id,
                user,
                {name: getattr(comment, name) for name in commenting.FIELDS},
                now,
            )
        except commenting.Late:
            late += 1
    table.taken_at, table.rows = now, []
    table.save(update_fields=["taken_at", "rows"])
    return Taken(len(new), late > 0)


@transaction.atomic
def drop(table_id: int, user: User):
    """Throw an upload away. Raises Refused when it was taken over already."""
    _own(table_id, user).delete()


def _own(table_id: int, user: User) -> CommentTable:
    tables = CommentTable.objects.select_for_update().filter(user=user, taken_at=None)
    table = tables.filter(pk=table_id).first()
    if table is None:
        raise Refused(_("This table was taken over or thrown away already."))
    return table


def forget_old(now: datetime) -> int:
    """Delete tables that were uploaded more than KEPT_DAYS ago; returns how many."""
    old = CommentTable.objects.filter(at__lt=now - timedelta(days=KEPT_DAYS))
    return old.delete()[0]
