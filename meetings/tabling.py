"""Outcomes as rows for people to read: of a meeting, of all meetings, and for a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meetings import lateness
from meetings.lateness import State
from meetings.models import Outcome
from partners import mail
from partners.audience import Audience
from partners.csv_files import neutral


@dataclass(frozen=True)
class Row:
    """An outcome in words. `state` is None for what is no action."""

    outcome: Outcome
    owner: str
    state: State | None
    age: str


def sees_names(user) -> bool:
    """Whether this reader is told which person owns an action: partners are."""
    return Audience.PARTNERS in Audience.of(user)


def loaded(outcomes: QuerySet[Outcome]) -> QuerySet[Outcome]:
    """With what a row needs."""
    return outcomes.select_related("meeting", "owner", "organisation", "item")


def rows(outcomes: Iterable[Outcome], user, today: date) -> list[Row]:
    """In the given order; an outcome with `status_then` stands as it did then."""
    with_names, own = sees_names(user), user.pk
    return [
        _row(one, with_names or (own is not None and one.owner_id == own), today)
        for one in outcomes
    ]


def in_words(outcomes: Iterable[Outcome], with_names: bool, today: date) -> list[Row]:
    """As `rows`, where it is not one person who reads it."""
    return [_row(one, with_names, today) for one in outcomes]


def _row(outcome: Outcome, with_names: bool, today: date) -> Row:
    status = getattr(outcome, "status_then", None)
    state = lateness.state(outcome, today, status)
    return Row(outcome, outcome.owned_by(with_names), state, lateness.age(outcome, today))


def table(outcomes: QuerySet[Outcome], user, today: date) -> Iterator[list]:
    """A header and a row for each, for a CSV file."""
    yield [
        *(_("Meeting"), _("Day of the meeting"), _("Number"), _("Agenda item"), _("Kind")),
        *(_("Outcome"), _("Owner"), _("Due"), _("Status"), _("State"), _("Days late")),
        *(_("Evidence"), _("Link to the evidence"), _("Address")),
    ]
    for row in rows(loaded(outcomes).iterator(500), user, today):
        one = row.outcome
        state = row.state.words if row.state else ""
        values = [
            *(one.meeting.title, one.meeting.starts_on, one.number, str(one.item or "")),
            *(one.get_kind_display(), one.text, row.owner, one.due_on or ""),
            *(one.get_status_display() if one.status else "", state),
            (today - one.due_on).days if one.is_late(today) else "",
            *(one.evidence, one.evidence_url, mail.absolute(one.get_absolute_url())),
        ]
        yield [neutral(value) for value in values]
