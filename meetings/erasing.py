"""Sensitive answers go on the day that the form stated: diet, access, funding, own questions.

Letters stay as they were issued, with name, organisation and country, so that their addresses can
say what was issued; registrations stay with their names, seats and attendance.
"""

from datetime import date, datetime, timedelta

from django.db import transaction

from meetings import zones
from meetings.models import FormAnswer, Registration, RegistrationDesk

EMPTY = {"diet": "", "access": "", "is_funded": False, "wants_letter": False}
#: Somewhere on earth it is this much later than in UTC
AHEAD = timedelta(hours=14)


def erase_due(now: datetime) -> int:
    """Erase what is due; safe to repeat, and may run late. Returns how many meetings it was for.

    What is entered after that day goes with the next run.
    """
    latest: date = (now + AHEAD).date()
    desks = RegistrationDesk.objects.filter(erase_on__lte=latest).select_related("meeting")
    due = [desk for desk in desks if desk.erase_on <= zones.day_at(desk.meeting, now)]
    return sum(_erase(desk.pk, now) for desk in due if desk.erased_at is None or _is_left(desk))


def _sensitive(desk: RegistrationDesk):
    """Registrations with a need that is not empty, and answers to sensitive questions."""
    of_meeting = Registration.objects.filter(meeting=desk.meeting_id)
    answers = FormAnswer.objects.filter(
        registration__meeting=desk.meeting_id, question__is_sensitive=True
    )
    return of_meeting.exclude(**EMPTY), answers


def _is_left(desk: RegistrationDesk) -> bool:
    return any(rows.exists() for rows in _sensitive(desk))


@transaction.atomic
def _erase(desk_id: int, now: datetime) -> bool:
    """All of one meeting, or nothing; whether there was something to do."""
    desk = RegistrationDesk.objects.select_for_update(of=("self",)).get(pk=desk_id)
    registrations, answers = _sensitive(desk)
    # Somebody who saves the form at this moment is waited for
    list(registrations.select_for_update().order_by("pk").values_list("pk", flat=True))
    changed = registrations.update(**EMPTY)
    gone = answers.delete()[0]
    is_first = desk.erased_at is None
    if is_first or changed or gone:
        desk.erased_at = now
        desk.save(update_fields=["erased_at"])
    return bool(is_first or changed or gone)
