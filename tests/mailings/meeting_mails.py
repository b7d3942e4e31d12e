"""Each mail about meetings, by the step that sends it (test_headers.py): one module a subject."""

from tests.mailings import (
    meeting_mails_detail,
    meeting_mails_letters,
    meeting_mails_registration,
)

STEPS = meeting_mails_detail.STEPS | meeting_mails_registration.STEPS | meeting_mails_letters.STEPS
