"""Each mail about meetings, by the step that sends it (test_headers.py): one module a subject."""

from tests.mailings import (
    meeting_mails_calendar,
    meeting_mails_detail,
    meeting_mails_letters,
    meeting_mails_outcomes,
    meeting_mails_papers,
    meeting_mails_registration,
)

_SUBJECTS = (
    meeting_mails_calendar,
    meeting_mails_detail,
    meeting_mails_letters,
    meeting_mails_outcomes,
    meeting_mails_papers,
    meeting_mails_registration,
)

STEPS = {name: step for one in _SUBJECTS for name, step in one.STEPS.items()}
#: Which can be stopped.
REMINDERS = meeting_mails_outcomes.REMINDERS
