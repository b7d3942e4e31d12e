"""What goes on the day that the form stated: diet, access, funding, own questions, reasons.

Letters stay as they were issued, with name, organisation and country, so that their addresses can
say what was issued; registrations stay with their names, seats and attendance. Who never had a seat
nor a letter is of no use to anybody after the meeting: that registration goes as a whole.
"""

from datetime import date, datetime, timedelta

from django.db import transaction

from meetings import seats
from meetings.models import Booking, FormAnswer, Registration, RegistrationDesk

EMPTY = {"diet": "", "access": "", "is_funded": False, "wants_letter": False}
#: Somewhere on earth it is this much later than in UTC
AHEAD = timedelta(hours=14)


def erase_due(now: datetime) -> int:
    """Erase what is due; safe to repeat, and may run late. Returns how many meetings it was for.

    What is entered after that day goes with the next run.
    """
    latest: date = (now + AHEAD).date()
    desks = RegistrationDesk.objects.filter(erase_on__lte=latest).select_related("meeting")
    due = [desk for desk in desks if desk.erase_on <= desk.meeting.day_at(now)]
    left = (desk for desk in due if desk.erased_at is None or _is_left(desk, now))
    return sum(_erase(desk.pk, now) for desk in left)


def _sensitive(desk: RegistrationDesk):
    """Registrations with a need that is not empty, answers to sensitive questions, reasons."""
    of_meeting = Registration.objects.filter(meeting=desk.meeting_id)
    answers = FormAnswer.objects.filter(
        registration__meeting=desk.meeting_id, question__is_sensitive=True
    )
    reasons = Booking.objects.filter(part__meeting=desk.meeting_id).exclude(reason="")
    return of_meeting.exclude(**EMPTY), answers, reasons


def _in_vain(desk: RegistrationDesk, now: datetime):
    """Registrations of nobody who ever had a seat; none while the meeting may still take place."""
    of_meeting = Registration.objects.filter(meeting=desk.meeting_id)
    is_past = desk.meeting.ends_on < desk.meeting.day_at(now)
    return of_meeting.in_vain() if is_past else of_meeting.none()


def _is_left(desk: RegistrationDesk, now: datetime) -> bool:
    return any(rows.exists() for rows in (*_sensitive(desk), _in_vain(desk, now)))


@transaction.atomic
def _erase(desk_id: int, now: datetime) -> bool:
    """All of one meeting, or nothing; whether there was something to do."""
    desks = RegistrationDesk.objects.select_for_update(no_key=True, of=("self",))
    desk = desks.select_related("meeting").get(pk=desk_id)
    seats.locked(desk.meeting_id)  # a registration in vain goes with its bookings
    registrations, answers, reasons = _sensitive(desk)
    # Somebody who saves the form at this moment is waited for
    of_meeting = Registration.objects.filter(meeting=desk.meeting_id)
    list(of_meeting.select_for_update().order_by("pk").values_list("pk", flat=True))
    gone = _in_vain(desk, now).delete()[0]
    changed = registrations.update(**EMPTY)
    gone += answers.delete()[0]
    changed += reasons.update(reason="")
    is_first = desk.erased_at is None
    if is_first or changed or gone:
        desk.erased_at = now
        desk.save(update_fields=["erased_at"])
    return bool(is_first or changed or gone)
