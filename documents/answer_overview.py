"""The comments of a round in short, for the drafting team: what is answered, and what comes next.

A round has some hundred comments, five hundred at most so far: one query reads them all in short,
and filters, numbers, order and progress follow from that without another one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F

from documents import matrices
from documents.models import CommentRound


@dataclass(frozen=True)
class Brief:
    """One sent comment, without its words."""

    pk: int
    number: int
    section: str
    paragraph: str
    page: int | None
    type: str
    assigned_to: int | None
    organisation: int | None
    organisation_name: str | None
    verdict: str | None
    changed_since: bool


@dataclass(frozen=True)
class Progress:
    answered: int
    total: int

    @property
    def waiting(self) -> int:
        return self.total - self.answered


def of(comment_round: CommentRound) -> list[Brief]:
    """All sent comments of the round, in the order of the text."""
    key = matrices.text_order(comment_round)
    fields = (
        comment_round.comments.sent()
        .order_by()
        .values_list(
            "pk",
            "number",
            "section",
            "paragraph",
            "page",
            "type",
            "assigned_to",
            "organisation",
            F("organisation__name"),
            F("response__verdict"),
            F("response__at"),
            "changed_at",
        )
    )
    found = [
        Brief(*row[:10], changed_since=row[10] is not None and row[10] < row[11]) for row in fields
    ]
    return sorted(found, key=lambda one: key(one.section, one.paragraph, one.page, one.number))


def progress(briefs: list[Brief]) -> Progress:
    return Progress(sum(1 for one in briefs if one.verdict), len(briefs))


def next_unanswered(briefs: list[Brief], after: int, user_id: int) -> Brief | None:
    """The next one in the text that is this person's or nobody's; from the end back to the top."""
    here = next((place for place, one in enumerate(briefs) if one.pk == after), -1)
    return _first(
        one
        for one in briefs[here + 1 :] + briefs[: max(here, 0)]
        if one.assigned_to in (None, user_id)
    )


def _first(briefs: Iterable[Brief]) -> Brief | None:
    return next((one for one in briefs if not one.verdict), None)
