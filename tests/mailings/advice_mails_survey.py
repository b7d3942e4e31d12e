"""The mail of the survey, by the step that sends it (test_headers.py)."""

from datetime import timedelta

from advice import survey_reminders, surveying
from mailings.models import OutgoingMail
from tests.factories import NOW, ExpertFactory, LeadFactory


def survey(names, language="en"):
    expert = ExpertFactory(claimed=True, name=names, mail_language=language)
    surveying.open("Survey of 2026", NOW.date() + timedelta(days=28), LeadFactory(), NOW)
    assert survey_reminders.scan(NOW) == {"surveys": 1}, expert
    OutgoingMail.objects.update(next_try=NOW)


STEPS = {"advice/mail/survey": survey}
#: Which can be stopped
REMINDERS = set(STEPS)
