"""Each mail about invitation letters, by the step that sends it (test_headers.py)."""

from meetings import letters
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    RegistrationFactory,
    UserFactory,
)


def letter_news(names):
    meeting = MeetingFactory(title=f"Meeting {names}")
    registration = RegistrationFactory(
        meeting=meeting, user=UserFactory(name=names), name=names, organisation_name=names
    )
    BookingFactory(part=PartFactory(meeting=meeting), registration=registration)
    letters.issue(registration.pk, LeadFactory(), NOW)


STEPS = {f"meetings/mail/{step.__name__}": step for step in (letter_news,)}
