"""Each mail about meetings, by the step that sends it (test_headers.py): one module a subject."""

from tests.mailings import meeting_mails_outcomes

STEPS: dict = {}
STEPS |= meeting_mails_outcomes.STEPS
#: Which can be stopped
REMINDERS = meeting_mails_outcomes.REMINDERS
