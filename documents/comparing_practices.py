"""Two to four practices side by side."""

from dataclasses import dataclass, field

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from documents import practice_sheets
from documents.models import Practice, PracticeVersion, Precondition

AT_LEAST, AT_MOST = 2, 4
READ_AT_MOST = 20  # codes in an address


@dataclass(frozen=True)
class Row:
    """One line of the table: what is compared, and a cell for each practice.

    `kind` says how a cell is written: text, conditions, figures, list.
    """

    label: str
    cells: list
    kind: str = "text"


@dataclass
class Comparison:
    """What was asked for: the practices in that order, codes that nobody knows, the lines."""

    practices: list[Practice] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def table(self) -> list[tuple[Row, list[tuple[Practice, object]]]]:
        """The lines, each cell beside its practice."""
        return [(row, list(zip(self.practices, row.cells, strict=True))) for row in self.rows]

    @property
    def has_right_number(self) -> bool:
        return AT_LEAST <= len(self.practices) <= AT_MOST


def compare(codes: list[str], user) -> Comparison:
    """The published practices with these codes that the person may see; others are `unknown`."""
    wanted = list(dict.fromkeys(code.strip() for code in codes if code.strip()))[:READ_AT_MOST]
    known = {
        practice.code: practice
        for practice in Practice.objects.published()
        .visible_to(user)
        .filter(code__in=[code for code in wanted if len(code) <= 80 and "\x00" not in code])
        .select_related("current__country")
        .defer("current__search")
        .annotate(used=Count("uses", filter=Q(uses__hidden_at=None)))
    }
    found = Comparison(
        practices=[known[code] for code in wanted if code in known],
        unknown=[code[:80] for code in wanted if code not in known],
    )
    if found.has_right_number:
        sheets = [practice.current for practice in found.practices]
        practice_sheets.read_rows(sheets)
        found.rows = [*_facts(sheets), *_conditions(sheets), *_rest(found.practices, sheets)]
    return found


def _facts(sheets: list[PracticeVersion]) -> list[Row]:
    return [
        Row(_("Kind"), [sheet.get_kind_display() for sheet in sheets]),
        Row(_("Waste stream and step"), [practice_sheets.terms(sheet) for sheet in sheets]),
        Row(_("Technology or practice"), [sheet.technology for sheet in sheets]),
        Row(_("Country"), [str(sheet.country or "") for sheet in sheets]),
        Row(_("Site"), [sheet.site for sheet in sheets]),
        Row(_("Year"), [sheet.year for sheet in sheets]),
        Row(_("Summary"), [sheet.summary for sheet in sheets]),
    ]


def _conditions(sheets: list[PracticeVersion]) -> list[Row]:
    """A line for each kind of precondition that one of them has."""
    rows = []
    for kind in Precondition.Kind:
        cells = [[row for row in sheet.conditions if row.kind == kind] for sheet in sheets]
        if any(cells):
            label = _("Preconditions: %(kind)s") % {"kind": kind.label.lower()}
            rows.append(Row(label, cells, "conditions"))
    return rows


def _rest(practices: list[Practice], sheets: list[PracticeVersion]) -> list[Row]:
    return [
        Row(_("Results"), [sheet.figures for sheet in sheets], "figures"),
        Row(_("Cost"), [practice_sheets.cost(sheet) for sheet in sheets]),
        Row(_("Paid by"), [sheet.financing for sheet in sheets]),
        Row(
            _("Recommendations"),
            [[row.text for row in sheet.recommendations.all()] for sheet in sheets],
            "list",
        ),
        Row(_("Lessons"), [sheet.lesson_list for sheet in sheets], "list"),
        Row(_("Where it could be repeated"), [sheet.replicability for sheet in sheets]),
        Row(_("Reports of use"), [str(practice.used) for practice in practices]),
    ]
