"""The matrix of a round: every comment with its answer, the same on the page, in XLSX and in CSV.

Names of authors are in none of them: a matrix goes from hand to hand. Organisations are.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from documents import permissions
from documents.models import Comment, CommentRound, Response, Section
from partners.csv_files import csv_portions, neutral

#: (field of a Row, name of its column), in the order of the customary comment table
COLUMNS = (
    ("number", "Number"),
    ("organisation", "Organisation"),
    ("section", "Section"),
    ("paragraph", "Paragraph"),
    ("page", "Page"),
    ("type", "Type"),
    ("comment", "Comment"),
    ("proposed_text", "Proposed text"),
    ("response", "Response"),
    ("status", "Status"),
)
_WIDTHS = {"comment": 50, "proposed_text": 50, "response": 50, "organisation": 28}
_PARTS = re.compile(r"\d+|[^\W\d_]+")
AFTER_THE_TEXT = 1_000_000  # more than a section has paragraphs


@dataclass(frozen=True)
class Row:
    """One comment as the matrix shows it; `response` and `status` are empty while nobody may know.

    `comment_pk` is no column: links on the page need it.
    """

    number: int
    organisation: str
    section: str
    paragraph: str
    page: int | None
    type: str
    comment: str
    proposed_text: str
    response: str
    status: str
    comment_pk: int

    @property
    def place(self) -> str:
        """Where in the text, in one word: of a document elsewhere, the page."""
        if self.paragraph or self.section:
            return self.paragraph or self.section
        return _("page %(page)s") % {"page": self.page} if self.page else _("the whole")


def shows_all(comment_round: CommentRound, user) -> bool:
    """Team and Lead read everything always; others when the round is finished and public.

    Asked of somebody who may see the round; who commented reads their own in any case.
    """
    return is_public(comment_round) or permissions.can_answer(user, comment_round)


def is_public(comment_round: CommentRound) -> bool:
    """Everybody who may see the round may read its comments and answers."""
    finished = comment_round.status == CommentRound.Status.FINISHED
    return finished and comment_round.is_public_response


def shows_answers(comment_round: CommentRound, user) -> bool:
    """Answers are the team's alone until the round is finished."""
    finished = comment_round.status == CommentRound.Status.FINISHED
    return finished or permissions.can_answer(user, comment_round)


def _scope(comment_round: CommentRound, user) -> QuerySet[Comment]:
    return Comment.objects.visible_to(user).filter(round=comment_round).sent()


def comments(comment_round: CommentRound, user, own: bool = False) -> list[Comment]:
    """Sent comments that this person may read, in the order of the text; `own`: by them alone.

    Each has its organisation and response; two queries. Who may read answers, `shows_answers` says.
    """
    found = _scope(comment_round, user).select_related("organisation", "response", "question")
    if own:
        found = found.filter(author=user)
    key = text_order(comment_round)
    found = sorted(found, key=lambda one: key(one.section, one.paragraph, one.page, one.number))
    for one in found:
        one.round = comment_round
    return found


def rows(comment_round: CommentRound, user) -> list[Row]:
    """What this person may read of the matrix, in the order of the text."""
    with_answers = shows_answers(comment_round, user)
    return [_row(one, with_answers) for one in comments(comment_round, user)]


def _row(comment: Comment, with_answers: bool) -> Row:
    response = getattr(comment, "response", None) if with_answers else None
    if response:
        status = response.get_verdict_display()
    else:
        status = _("Not answered yet") if with_answers else ""
    return Row(
        number=comment.number,
        organisation=str(comment.organisation or _("In a personal capacity")),
        section=comment.section,
        paragraph=comment.paragraph,
        page=comment.page,
        type=comment.get_type_display(),
        comment=comment.text,
        proposed_text=comment.proposed_text,
        response=response.reason if response else "",
        status=status,
        comment_pk=comment.pk,
    )


# Order


def text_order(
    comment_round: CommentRound,
) -> Callable[[str, str, int | None, int | None], tuple]:
    """A key to sort by (section, paragraph, page, number): as the text goes, the whole first.

    Places that the text of the portal does not have are sorted by their numbers, then pages. One
    query where the round is on a version.
    """
    places = _places(comment_round)

    def key(section: str, paragraph: str, page: int | None, number: int | None) -> tuple:
        label = paragraph or section
        if label in places:
            place = (1, places[label])
        elif section in places:
            place = (1, (places[section][0], AFTER_THE_TEXT, _natural(label)))
        elif label:
            place = (2, _natural(label))
        else:
            place = (3, (page,)) if page else (0, ())
        return (*place, number or 0)

    return key


def _places(comment_round: CommentRound) -> dict[str, tuple[int, int]]:
    if comment_round.version_id is None:
        return {}
    places = {}
    sections = sections_of(comment_round).values_list("order", "label", "labels")
    for order, label, labels in sections:
        places[label] = (order, -1)
        places |= {name: (order, number) for number, name in enumerate(labels)}
    return places


def sections_of(comment_round: CommentRound) -> QuerySet[Section]:
    """The text that people comment on: that of the original; none for a document elsewhere."""
    if comment_round.version_id is None:
        return Section.objects.none()
    return Section.objects.filter(
        translation__version=comment_round.version_id, translation__is_original=True
    )


def _natural(label: str) -> tuple:
    """2.10 after 2.9, and letters after figures."""
    return tuple(
        (0, int(part)) if part.isdecimal() else (1, part) for part in _PARTS.findall(label)
    )


# Figures


@dataclass(frozen=True)
class Figures:
    """How many comments, of how many organisations, and how many answers of each verdict."""

    total: int
    answered: int
    organisations: int
    verdicts: list[tuple[str, int]]  # (words, number), those that occur

    @property
    def waiting(self) -> int:
        return self.total - self.answered


def figures(comment_round: CommentRound) -> Figures:
    """Of all sent comments; for who may see them all. One query."""
    counts = comment_round.comments.sent().aggregate(
        total=Count("pk"),
        organisations=Count("organisation", distinct=True),
        **{value: Count("pk", filter=Q(response__verdict=value)) for value in Response.Verdict},
    )
    verdicts = [
        (label, counts[value]) for value, label in Response.Verdict.choices if counts[value]
    ]
    return Figures(
        total=counts["total"],
        answered=sum(number for _label, number in verdicts),
        organisations=counts["organisations"],
        verdicts=verdicts,
    )


# Files


def name_of(comment_round: CommentRound, kind: str) -> str:
    """'comments-on-guideline-01-12.xlsx': the title, and the number of the round."""
    words = slugify(comment_round.title)[:60].strip("-") or "comments"
    return f"{words}-{comment_round.pk}.{kind}"


def as_csv(comment_round: CommentRound, user) -> bytes:
    """UTF-8 with the mark by which Excel knows it; nothing in it runs as a formula."""
    return b"".join(csv_portions(_table(comment_round, user)))


def as_xlsx(comment_round: CommentRound, user) -> bytes:
    """One sheet, ready to print: landscape A4 as wide as the paper, the header on every page."""
    header, *lines = _table(comment_round, user)
    book = Workbook(write_only=True)
    book.properties.title = neutral(comment_round.title)
    sheet = book.create_sheet("Comments")
    sheet.freeze_panes = "B2"
    for number, (key, _name) in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(key, 13)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    sheet.oddFooter.center.text = "&P / &N"
    sheet.append([_cell(sheet, name, bold=True) for name in header])
    for line in lines:
        sheet.append([_cell(sheet, value) for value in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _table(comment_round: CommentRound, user) -> list[list]:
    """Header and lines, in English whatever the reader's language, no cell a formula."""
    with override("en"):
        lines = [
            [neutral(getattr(row, key)) or None for key, _name in COLUMNS]
            for row in rows(comment_round, user)
        ]
        return [[str(name) for _key, name in COLUMNS], *lines]


def _cell(sheet, value, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell
