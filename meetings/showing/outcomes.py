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
    seen = Outcome.objects.visible_to(user)
    carried = carrying.carried(meeting, now).filter(pk__in=seen.order_by().values("pk"))
    open_actions = list(tabling.loaded(carried))
    outcomes = list(tabling.loaded(seen.filter(meeting=meeting)).order_by("number"))
    first = (
        seen.order_by().aggregate(day=Min("meeting__starts_on"))["day"] if open_actions else None
    )
    return {
        "open_actions": open_actions,
        "carried_rows": tabling.rows(open_actions, user, min(today, meeting.ends_on)),
        "outcomes": outcomes,
        "outcome_rows": tabling.rows(outcomes, user, today),
        "first_year": first and first.year,
        "report": Report.objects.visible_to(user).filter(meeting=meeting).first(),
    }
