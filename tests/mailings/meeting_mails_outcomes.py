"""Each mail about outcomes of meetings, by the step that sends it (test_headers.py).

A step takes a name, which it puts wherever people write something, and leaves one mail to be sent.
"""

from datetime import date, timedelta

from mailings.models import OutgoingMail
from meetings import action_reminders, report_phases
from meetings.models import Meeting
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    OutcomeFactory,
    UserFactory,
)


def action_due(names):
    OutcomeFactory(
        text=f"Send <b>{names}</b>",
        owner=UserFactory(name=names),
        due_on=NOW.date() - timedelta(days=60),
        meeting=MeetingFactory(title=f"Meeting {names}"),
    )
    action_reminders.scan(NOW)
    OutgoingMail.objects.update(next_try=NOW)


def report_amendments(names):
    meeting = MeetingFactory(
        title=f"Meeting {names}",
        contact=f"Secretariat {names}",
        audience="partners",
        status=Meeting.Status.HELD,
        starts_on=date(2026, 3, 9),
        ends_on=date(2026, 3, 9),
    )
    BookingFactory(part__meeting=meeting, registration__name=names)
    closes_at = NOW + timedelta(days=20)
    report_phases.open_amendments(meeting.pk, "partners", closes_at, "Read.", LeadFactory(), NOW)


STEPS = {f"meetings/mail/{step.__name__}": step for step in (action_due, report_amendments)}
#: Which can be stopped
REMINDERS = {"meetings/mail/action_due"}
