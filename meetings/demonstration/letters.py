"""Who was at the last meeting, and the letter of somebody who travels to the next one."""

from datetime import datetime, timedelta

from meetings import letters
from meetings.demonstration.invented import LAST
from meetings.models import Attendance, Booking, Meeting, Part, Registration
from partners import demonstration as people
from partners.models import User

Appearance = Registration.Appearance

#: They were at the last meeting, which was online; the last one was registered and did not come
AT_LAST = (people.PARTNER, people.EXPERT, people.CO_LEAD, people.APPLICANT)


def load(meeting: Meeting, now: datetime):
    """`meeting` is the next one; in the caller's transaction."""
    _load_attendance(Meeting.objects.get(code=LAST))
    partner = User.objects.get(email=people.PARTNER)
    registration = _seat(meeting, partner, Part.Kind.ON_SITE, now - timedelta(days=6))
    registration.appearance = Appearance.EVERYONE
    registration.save(update_fields=["appearance"])
    if not letters.why_not(registration, partner, now):
        letters.issue(registration.pk, partner, now)


def _load_attendance(meeting: Meeting):
    lead = User.objects.get(email=people.LEAD)
    Part.objects.get_or_create(meeting=meeting, kind=Part.Kind.ONLINE)
    begun = datetime.combine(meeting.starts_on, datetime.min.time(), meeting.zone)
    begun += timedelta(hours=13)
    for number, email in enumerate(AT_LAST):
        user = User.objects.get(email=email)
        registration = _seat(meeting, user, Part.Kind.ONLINE, begun - timedelta(days=30))
        if number < len(AT_LAST) - 1:
            Attendance.objects.create(
                registration=registration,
                day=meeting.starts_on,
                noted_by=lead,
                noted_at=begun + timedelta(minutes=3 * number),
            )


def _seat(meeting: Meeting, user: User, kind: str, at: datetime) -> Registration:
    """The registration of this person with a seat, if another part has not made them yet."""
    membership = user.memberships.select_related("organisation").first()
    organisation = membership.organisation if membership else None
    registration, _is_new = Registration.objects.get_or_create(
        meeting=meeting,
        user=user,
        defaults={
            "name": user.name,
            "organisation": organisation,
            "country": organisation.country if organisation else None,
            "created_at": at,
            "changed_at": at,
            "fictitious": True,
        },
    )
    part = meeting.parts.get(kind=kind)
    if not registration.bookings.filter(status__in=Booking.LIVE).exists():
        number = part.next_number
        Booking.objects.create(
            part=part,
            registration=registration,
            number=number,
            status=Booking.Status.CONFIRMED,
            at=at,
        )
        Part.objects.filter(pk=part.pk).update(next_number=number + 1)
    return registration
