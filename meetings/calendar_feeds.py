"""A person's own calendar behind a secret address: who makes and ends it, and what is in it."""

from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _
from icalendar import Event

from meetings import agenda, calendar_files
from meetings.calendar_files import Published
from meetings.models import Booking, CalendarFeed, Meeting, Part, Registration
from meetings.models.papers import new_token
from partners.models import User
from partners.refusals import Refused

# The address


@transaction.atomic
def make(user_id: int, now: datetime) -> CalendarFeed:
    """The address of a person; the same when it is there already."""
    User.objects.select_for_update().get(pk=user_id)
    return CalendarFeed.objects.get_or_create(user_id=user_id, defaults={"made_at": now})[0]


@transaction.atomic
def renew(user_id: int, now: datetime) -> CalendarFeed:
    """Another address; the old one is silent from now on.

    Raises Refused where there is none.
    """
    feed = CalendarFeed.objects.select_for_update().filter(user=user_id).first()
    if feed is None:
        raise Refused(_("Your calendar is switched off. Switch it on first."))
    feed.token, feed.made_at = new_token(), now
    feed.save(update_fields=["token", "made_at"])
    return feed


@transaction.atomic
def switch_off(user_id: int):
    """The address is silent from now on. Nothing happens where there is none."""
    CalendarFeed.objects.filter(user=user_id).delete()


# What is in it


def events(user, now: datetime) -> list[Event]:
    """Meetings of this person with their sessions, and site visits; cancelled ones stay.

    Those registered for (until there is a seat: as tentative) and those prepared as an organiser,
    as far as the person may see them; meetings whose days are not known are left out.
    """
    seen = Meeting.objects.visible_to(user).filter(precision=Meeting.Precision.DAY)
    registrations = {one.meeting_id: one for one in _registrations(user)}
    organised = set(
        user.organised_meetings.values_list("pk", flat=True)  # not all that the Lead may prepare
    )
    meetings = list(
        seen.filter(Q(pk__in=registrations) | Q(pk__in=organised))
        .select_related("country")
        .order_by("starts_on", "pk")
    )
    known = calendar_files.published(meetings)
    found: list[Event | None] = []
    for meeting in meetings:
        registration = registrations.get(meeting.pk)
        ways, visits = _bookings(registration, meeting)
        takes_part = any(one.status == Booking.Status.CONFIRMED for one in ways)
        if not ways and meeting.pk not in organised:
            continue
        is_sure = takes_part or meeting.pk in organised
        found += _of_meeting(meeting, known[meeting.pk], registration, is_sure, takes_part, now)
        for one in visits:
            is_confirmed = one.status == Booking.Status.CONFIRMED
            found.append(calendar_files.of_visit(one.part, meeting, now, is_confirmed))
    return [one for one in found if one is not None]


def _registrations(user):
    bookings = Booking.objects.select_related("part").order_by("part", "number")
    return Registration.objects.filter(user=user).prefetch_related(Prefetch("bookings", bookings))


def _bookings(
    registration: Registration | None, meeting: Meeting
) -> tuple[list[Booking], list[Booking]]:
    """Those for being there, and those for visits, that go on."""
    found = [one for one in (registration.bookings.all() if registration else []) if _goes_on(one)]
    return (
        [one for one in found if one.part.kind in Part.WAYS],
        [one for one in found if one.part.kind == Part.Kind.VISIT],
    )


def _goes_on(booking: Booking) -> bool:
    return booking.status in Booking.LIVE


def _of_meeting(
    meeting: Meeting,
    known: Published,
    registration: Registration | None,
    is_sure: bool,
    takes_part: bool,
    now: datetime,
) -> list[Event | None]:
    """The meeting, and its sessions for who is there for sure."""
    found: list[Event | None] = [
        calendar_files.of_meeting(
            meeting,
            known,
            now,
            registration=registration,
            is_sure=is_sure,
            tells_address=takes_part,
        )
    ]
    if is_sure and known.newest:
        found += [
            calendar_files.of_session(one, known.newest, meeting, now, takes_part)
            for one in agenda.shown(known.newest, meeting)
        ]
    return found
