"""Who was at the last meeting, and the letter of somebody who travels to the next one."""

from datetime import datetime, time, timedelta

from meetings import letters
from meetings.demonstration.invented import LAST
from meetings.models import Attendance, Meeting, Registration
from partners import demonstration as people
from partners.models import User


def load(meeting: Meeting, now: datetime):
    """`meeting` is the next one, for which people are registered; in the caller's transaction."""
    _load_attendance(Meeting.objects.get(code=LAST))
    partner = User.objects.get(email=people.PARTNER)
    registration = Registration.objects.get(meeting=meeting, user=partner)
    registration.appearance = Registration.Appearance.EVERYONE
    registration.save(update_fields=["appearance"])
    letters.issue(registration.pk, partner, now)


def _load_attendance(meeting: Meeting):
    """All who were registered came, but for the last one."""
    lead = User.objects.get(email=people.LEAD)
    begun = datetime.combine(meeting.starts_on, time(13), meeting.zone)
    for number, registration in enumerate(meeting.registrations.order_by("pk")[:3]):
        Attendance.objects.create(
            registration=registration,
            day=meeting.starts_on,
            noted_by=lead,
            noted_at=begun + timedelta(minutes=3 * number),
        )
