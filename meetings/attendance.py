"""Who was there on which day: noted at the door, taken back, counted."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from meetings.models import Attendance, Meeting, Registration
from partners.models import User
from partners.refusals import Refused


def day_shown(meeting: Meeting, today: date) -> date:
    """The day that the organisers want first: today, else the first or the last of the meeting."""
    return min(max(today, meeting.starts_on), meeting.ends_on)


def expected(meeting: Meeting):
    """Registrations with a confirmed seat, on site or online, and those that were noted."""
    noted = Attendance.objects.filter(registration__meeting=meeting).values("registration")
    confirmed = meeting.registrations.taking_part().values("pk")
    return meeting.registrations.filter(Q(pk__in=confirmed) | Q(pk__in=noted))


def days_of(registration: Registration) -> list[date]:
    """The days on which the person was there, the first one first."""
    return list(registration.attendances.order_by("day").values_list("day", flat=True))


def present(meeting: Meeting, day: date) -> dict[int, Attendance]:
    """Who was noted on this day, by the key of the registration."""
    noted = Attendance.objects.filter(registration__meeting=meeting, day=day)
    return {one.registration_id: one for one in noted}


def counts(meeting: Meeting) -> dict[date, int]:
    """How many people were noted, for each day of the meeting."""
    noted = Attendance.objects.filter(registration__meeting=meeting).values_list("day")
    found = dict(noted.annotate(n=Count("pk")).order_by())
    return {day: found.get(day, 0) for day in meeting.days}


@transaction.atomic
def note(registration_id: int, day: date, by: User, now: datetime) -> bool:
    """They are there; safe to repeat. Returns whether this noted it.

    Raises Refused for a day that is none of the meeting's or has not begun at its place, for a
    cancelled meeting, and without a confirmed seat.
    """
    registration = _locked(registration_id)
    meeting = registration.meeting
    if meeting.status not in (Meeting.Status.ANNOUNCED, Meeting.Status.HELD):
        raise Refused(_("This meeting does not take place."))
    if day not in meeting.days:
        raise Refused(_("The meeting is not on this day."))
    if day > meeting.day_at(now):
        raise Refused(_("This day has not begun yet at the place of the meeting."))
    if not expected(meeting).filter(pk=registration.pk).exists():
        raise Refused(_("%(name)s has no confirmed seat.") % {"name": registration.name})
    _row, is_new = Attendance.objects.get_or_create(
        registration=registration, day=day, defaults={"noted_by": by, "noted_at": now}
    )
    return is_new


@transaction.atomic
def take_back(registration_id: int, day: date) -> bool:
    """It was a mistake; safe to repeat. Returns whether there was something to take back."""
    registration = _locked(registration_id)
    return registration.attendances.filter(day=day).delete()[0] > 0


def _locked(registration_id: int) -> Registration:
    """One after the other, where two note the same person."""
    found = Registration.objects.select_for_update(of=("self",)).select_related("meeting")
    return found.get(pk=registration_id)
