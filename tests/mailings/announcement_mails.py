"""Mails about announcements, by the step that sends each (test_headers.py): a module a subject."""

from tests.mailings import announcement_mails_digest, announcement_mails_writing

_SUBJECTS = (announcement_mails_writing, announcement_mails_digest)

STEPS = {name: step for one in _SUBJECTS for name, step in one.STEPS.items()}
