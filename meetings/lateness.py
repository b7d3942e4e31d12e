"""How an action stands on a day, in words: "On time", "8 weeks late", "Not started"."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings.models import Outcome

Status = Outcome.Status


@dataclass(frozen=True)
class State:
    """`look` is the class of its badge."""

    words: str
    look: str = ""


def state(outcome: Outcome, today: date, status: str | None = None) -> State | None:
    """How an action stands on this day; `status`: how it stood then. None for a decision."""
    status = outcome.status if status is None else status
    if status == Status.NONE:
        return None
    if status not in Outcome.GOING_ON:
        return State(str(Status(status).label), "good" if status == Status.DONE else "")
    if outcome.due_on and outcome.due_on < today:
        return State(_("%(time)s late") % {"time": span((today - outcome.due_on).days)}, "danger")
    if status == Status.UNDER_WAY and outcome.due_on:
        return State(_("On time"), "good")
    return State(str(Status(status).label), "info" if status == Status.UNDER_WAY else "")


def span(days: int) -> str:
    """A number of days in the unit in which people say it: "5 days", "8 weeks", "2 years"."""
    if days < 14:
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    if days < 7 * 13:
        return ngettext("%(n)s week", "%(n)s weeks", days // 7) % {"n": days // 7}
    if days < 730:
        months = round(days / 30.44)
        return ngettext("%(n)s month", "%(n)s months", months) % {"n": months}
    years = int(days / 365.25)
    return ngettext("%(n)s year", "%(n)s years", years) % {"n": years}


def age(outcome: Outcome, today: date) -> str:
    """How long ago its meeting ended, in words; empty for one that has not ended."""
    days = (today - outcome.meeting.ends_on).days
    return span(days) if days > 0 else ""
