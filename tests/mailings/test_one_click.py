"""One click in a mail program: no cookie, no token of a form, no redirection, and never too late.

Every mail that can be stopped, as the step that sends it writes it (test_headers.py).
"""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as portal
from django.core import mail as sent_mail
from django.test import Client

from advice import survey_reminders
from advice.models import SurveyLink
from mailings import delivery, topics
from mailings.models import OutgoingMail, StopLink
from tests.factories import NOW
from tests.mailings.test_headers import OF_THE_LIST, REMINDERS, STEPS
from wmaportal.celery import app

pytestmark = pytest.mark.django_db
SITE = "https://portal.example.org"
CAN_BE_STOPPED = sorted(REMINDERS | OF_THE_LIST)
DAY = timedelta(days=1)
AFTER_TWO_YEARS = 735 * DAY
#: When what runs by itself runs in between: as kept words, links, sessions and addresses end
IN_BETWEEN = [n * DAY for n in (1, 31, 370, 734)]


@pytest.fixture
def at_portal(settings):
    settings.SITE_URL = SITE
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def program():
    """A mail program: no cookie, no token of a form."""
    return Client(enforce_csrf_checks=True)


def sent(template: str):
    """Mail and path: the first mail of this step, and what its program posts to."""
    STEPS[template]("José")
    delivery.deliver()
    [one] = sent_mail.outbox
    headers = one.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [path] = re.findall(rf"<{SITE}(/[^>]*)>", headers["List-Unsubscribe"])
    return one, path


def click(program, path: str):
    return program.post(path, {"List-Unsubscribe": "One-Click"})


def once_more() -> list[OutgoingMail]:
    """The same mail, as after an answer that nobody heard; returns what became of it."""
    OutgoingMail.objects.update(
        state="queued", next_try=NOW, finished_at=None, attempts=0, content=None
    )
    delivery.deliver()
    return list(OutgoingMail.objects.all())


@pytest.mark.parametrize("template", CAN_BE_STOPPED)
def test_one_click_is_in_force_before_the_next_claim(at_portal, program, template):
    _mail, path = sent(template)

    answer = click(program, path)

    assert (answer.status_code, len(program.cookies)) == (200, 0)
    assert "These mails are off" in answer.content.decode()
    [row] = once_more()
    assert (row.state, len(sent_mail.outbox)) == ("skipped", 1)


@pytest.mark.parametrize("template", CAN_BE_STOPPED)
def test_without_a_click_or_started_again_the_mail_leaves(at_portal, program, template):
    """The test of the one above: nothing but the click holds the mail."""
    _mail, path = sent(template)
    assert [row.state for row in once_more()] == ["sent"]

    click(program, path)
    answer = program.post(path, {"start": "1"})

    assert answer.status_code == 200
    assert [row.state for row in once_more()] == ["sent"]
    assert len(sent_mail.outbox) == 3


def test_a_fresh_link_that_the_reader_asks_for_is_no_reminder_that_is_stopped(at_portal, program):
    _mail, path = sent("advice/mail/survey")
    click(program, path)

    survey_reminders.send_fresh(SurveyLink.objects.get(), NOW + DAY)
    with time_machine.travel(NOW + DAY, tick=False):
        delivery.deliver()

    assert [row.state for row in OutgoingMail.objects.all()] == ["sent", "sent"]


def test_every_form_of_the_post_is_heeded(at_portal, program):
    """Forms of both kinds, as RFC 8058 leaves it to the program; and an empty one."""
    _mail, path = sent("experts/mail/reminder")
    link = StopLink.objects.get()
    multipart = {"data": {"List-Unsubscribe": "One-Click"}}
    encoded = "application/x-www-form-urlencoded"
    urlencoded = {"data": "List-Unsubscribe=One-Click", "content_type": encoded}
    for form in (multipart, urlencoded, {}):
        answer = program.post(path, **form, headers={"origin": "null"})
        assert (answer.status_code, topics.of(link).is_stopped(link.object_id)) == (200, True)
        program.post(path, {"start": "1"})


@pytest.mark.parametrize("template", CAN_BE_STOPPED)
def test_a_token_that_nobody_knows_any_more_is_answered_as_well(at_portal, program, template):
    _mail, path = sent(template)
    StopLink.objects.all().delete()

    answer = click(program, path)

    assert (answer.status_code, len(program.cookies)) == (200, 0)
    assert "Nothing to stop" in answer.content.decode()


@pytest.mark.parametrize("topic", sorted(topic.code for topic in topics.everything()))
def test_what_cannot_be_stopped_any_more_is_not_said_to_be_on_again(program, topic):
    gone = StopLink.objects.create(topic=topic, object_id=987654).token

    answer = click(program, f"/mail/stop/{gone}/")

    assert answer.status_code == 200
    assert re.search("These mails are off|Nothing to stop", answer.content.decode())


# Two years later


def run_what_runs_by_itself():
    """Each periodic task of the portal, but delivery, as Celery's beat would."""
    app.loader.import_default_modules()
    for entry in portal.CELERY_BEAT_SCHEDULE.values():
        if entry["task"] != "mailings.tasks.deliver":
            app.tasks[entry["task"]]()


@pytest.mark.parametrize("template", CAN_BE_STOPPED)
def test_after_two_years_of_housekeeping_the_link_of_a_mail_still_works(
    at_portal, program, template
):
    _mail, path = sent(template)
    for later in IN_BETWEEN:
        with time_machine.travel(NOW + later, tick=False):
            run_what_runs_by_itself()

    with time_machine.travel(NOW + AFTER_TWO_YEARS, tick=False):
        page = program.get(path)
        answer = click(program, path)
        opened = program.get(path.replace("/stop/", "/preferences/"))

    assert (page.status_code, "Stop these mails?" in page.content.decode()) == (200, True)
    assert (answer.status_code, "These mails are off" in answer.content.decode()) == (200, True)
    assert (opened.status_code, "Announcements of partners" in opened.content.decode()) == (
        200,
        True,
    )
