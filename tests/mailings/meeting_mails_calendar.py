"""Each mail about meetings in calendars, by the step that sends it (test_headers.py).

A step takes a name, which it puts wherever people write something, and leaves one mail to be sent.
"""

from mailings.models import OutgoingMail
from meetings import calendar_mails
from meetings.models import Meeting, Registration
from tests.factories import NOW, BookingFactory, ItemFactory, MeetingFactory, SessionFactory
from tests.meetings.calendars import publish


def _invited(names) -> Registration:
    """Somebody who got the first mail at once, so that the next one is alone."""
    meeting = MeetingFactory(
        title=f"Meeting {names}", place=names, online_address="https://example.org/?a=1&b=2"
    )
    ItemFactory(session=SessionFactory(meeting=meeting, title=names))
    publish(meeting)
    registration = BookingFactory(part__meeting=meeting, registration__name=names).registration
    calendar_mails.send_request(registration, NOW)
    return registration


def calendar_request(names):
    _invited(names)


def calendar_cancel(names):
    registration = _invited(names)
    OutgoingMail.objects.all().delete()
    reason = f"<b>{names}</b>\nSecond line."
    Meeting.objects.update(status="cancelled", status_reason=reason, sequence=1)
    calendar_mails.send_cancel(registration, NOW)


def meeting_changed(names):
    registration = _invited(names)
    OutgoingMail.objects.all().delete()
    publish(registration.meeting, f"<b>{names}</b>: 10:00 instead of 09:00\nSecond & last line")
    calendar_mails.scan(NOW)


STEPS = {
    f"meetings/mail/{step.__name__}": step
    for step in (calendar_request, calendar_cancel, meeting_changed)
}
