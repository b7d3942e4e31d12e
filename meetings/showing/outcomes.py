"""What the page of a meeting shows of its outcomes, and of open actions of the ones before."""

from datetime import datetime

from django.db.models import Min

from meetings import carrying, tabling
from meetings.models import Meeting, Outcome, Report


def shown(meeting: Meeting, user, now: datetime) -> dict:
    """The context of `meetings/parts/shown_outcomes.html`.

    `open_actions`, for the agenda too, are those that were carried over, as they stood then where
    the meeting is over; `carried_rows` and `outcome_rows` are the same in words.
    """
    today = meeting.day_at(now)
    open_actions, outcomes = _carried(meeting, user, now), _own(meeting, user)
    return {
        "open_actions": open_actions,
        "carried_rows": tabling.rows(open_actions, user, min(today, meeting.ends_on)),
        "outcomes": outcomes,
        "outcome_rows": tabling.rows(outcomes, user, today),
        "first_year": _first_year(user) if open_actions else None,
        "report": _report(meeting, user),
    }


def _carried(meeting: Meeting, user, now: datetime) -> list[Outcome]:
    if meeting.series_id is None:
        return []
    seen = Outcome.objects.visible_to(user).order_by()
    return list(tabling.loaded(carrying.carried(meeting, now).filter(pk__in=seen.values("pk"))))


def _own(meeting: Meeting, user) -> list[Outcome]:
    if "outcomes" not in meeting.holds:
        return []
    seen = Outcome.objects.visible_to(user).filter(meeting=meeting)
    return list(tabling.loaded(seen).order_by("number"))


def _report(meeting: Meeting, user) -> Report | None:
    if "report" not in meeting.holds:
        return None
    return Report.objects.visible_to(user).filter(meeting=meeting).first()


def _first_year(user) -> int:
    """Of the oldest outcome that this person sees."""
    seen = Outcome.objects.visible_to(user).order_by()
    return seen.aggregate(day=Min("meeting__starts_on"))["day"].year
