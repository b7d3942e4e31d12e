"""Each mail about meetings themselves, by the step that sends it (test_headers.py)."""

from meetings import announcing
from tests.factories import NOW, BookingFactory, LeadFactory, MeetingFactory, UserFactory


def meeting_cancelled(names):
    meeting = MeetingFactory(title=f"Meeting {names}")
    BookingFactory(
        part__meeting=meeting, registration__name=names, registration__user=UserFactory(name=names)
    )
    announcing.cancel(meeting.pk, f"<b>{names}</b>\nSecond line.", LeadFactory(), NOW)


STEPS = {f"meetings/mail/{step.__name__}": step for step in (meeting_cancelled,)}
