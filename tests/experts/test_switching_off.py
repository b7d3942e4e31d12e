"""The expert's own say about mail: on the own page, and behind the link that each reminder has."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.test import Client
from django.urls import reverse

from experts import reminders, switching_off
from experts.models import Expert
from mailings import bounces, suppression, topics
from mailings.models import Bounce, Reminder, StopLink, Suppression
from tests.factories import NOW, ExpertFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True, email="aiko@example.org")


@pytest.fixture
def own(client, expert):
    client.force_login(expert.user)
    return client


def page(client) -> str:
    return " ".join(client.get(reverse("expert_me")).content.decode().split())


def off_since() -> object:
    return Expert.objects.values_list("reminders_off_at", flat=True).get()


# Behind the link


@pytest.fixture
def stop(expert):
    return reverse("mail_stop", args=[topics.tokens(reminders.TOPIC, [expert.pk])[expert.pk]])


@pytest.fixture
def program():
    """A mail program: no cookie, no token of a form."""
    return Client(enforce_csrf_checks=True)


def test_one_click_stops_without_cookie_token_or_redirect(program, stop):
    answer = program.post(stop, {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, len(program.cookies)) == (200, 0)
    assert off_since() == NOW
    assert "These mails are off" in answer.content.decode()
    assert "Start again" in answer.content.decode()


def test_looking_stops_nothing(program, stop):
    for ask in (program.get, program.head, program.options) * 5:
        ask(stop)

    assert off_since() is None
    assert len(program.cookies) == 0
    assert program.get(stop).content.decode().count("<button") == 2  # of the search, and this


def test_start_again(program, stop):
    program.post(stop)

    answer = program.post(stop, {"start": "1"})

    assert off_since() is None
    assert "These mails are on again" in answer.content.decode()


def test_stopping_twice_keeps_the_first_moment(program, stop):
    program.post(stop)
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        program.post(stop)

    assert off_since() == NOW


@pytest.mark.parametrize("ask", ["get", "post"])
def test_a_stale_or_unknown_token_is_answered_as_well(program, stop, ask):
    gone = StopLink.objects.create(topic="profile", object_id=987654).token
    other = StopLink.objects.create(topic="forgotten", object_id=1).token

    for token in (gone, other, "0" * 32):
        answer = getattr(program, ask)(reverse("mail_stop", args=[token]))
        assert answer.status_code == 200
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert off_since() is None


# On the own page


def test_the_switch(own):
    assert "Stop these reminders" in page(own)

    own.post(reverse("expert_reminders"), {"off": "1"})
    assert off_since() == NOW
    assert "Reminders are off since 24 November 2026." in page(own)

    own.post(reverse("expert_reminders"), {"on": "1"})
    assert off_since() is None


def test_a_post_that_says_neither_changes_nothing(own):
    own.post(reverse("expert_reminders"))

    assert off_since() is None


@pytest.mark.parametrize("language", ["fr", "es", "en", ""])
def test_the_language_of_mails(own, expert, language):
    own.post(reverse("expert_mail_language"), {"mail_language": language})

    assert Expert.objects.get().mail_language == language
    assert Expert.objects.get().reads == (language or "en")
    if language:
        assert re.search(rf'<option value="{language}" selected', page(own))


def test_a_language_in_which_the_portal_does_not_write_is_refused(own):
    own.post(reverse("expert_mail_language"), {"mail_language": "de"})

    assert Expert.objects.get().mail_language == ""
    assert "Choose one of the languages in the list." in page(own)


def test_mail_that_came_back_is_said_and_can_be_started_again(own, expert):
    bounces.note(expert.email, Bounce.Kind.HARD, Bounce.Source.SMTP, NOW)
    assert (
        "The portal does not write to aiko@example.org since 24 November 2026: "
        "Mail to the address came back." in page(own)
    )

    own.post(reverse("expert_mail_again"))

    assert Suppression.objects.count() == 0
    assert suppression.found({expert.email}) == {}
    assert "does not write to" not in page(own)
    assert bounces.score(suppression.hash_of(expert.email), NOW) == 0


def test_the_address_of_somebody_else_is_not_started_again(own):
    bounces.note("other@example.org", Bounce.Kind.HARD, Bounce.Source.SMTP, NOW)

    own.post(reverse("expert_mail_again"), {"address": "other@example.org"})

    assert Suppression.objects.count() == 1


def test_who_has_no_address_at_all_is_told(own, expert):
    expert.user.email = ""
    expert.user.save()
    Expert.objects.update(email="")

    assert Expert.objects.get().mail_address == ""
    assert "The profile has no e-mail address, so nobody reminds you." in page(own)


# When the next one is due


def test_the_next_reminder_is_a_year_after_the_confirmation(own, expert):
    due = expert.confirmed_at + relativedelta(years=1)

    assert switching_off.next_reminder(expert, NOW) == due
    assert "The next reminder is due on 24 August 2027" in page(own)


@pytest.mark.parametrize(("taken", "days"), [([], 0), ([0], 14), ([0, 1], 28)])
def test_later_steps_follow_what_was_taken(expert, taken, days):
    due = NOW - timedelta(days=1)
    expert.confirmed_at = due - relativedelta(years=1)
    expert.save()
    for step in taken:
        Reminder.objects.create(
            topic="profile", object_id=expert.pk, cycle=expert.confirmed_at, step=step, at=NOW
        )

    expected = max(due + timedelta(days=days), NOW)
    assert switching_off.next_reminder(expert, NOW) == expected


def test_none_is_planned_after_the_ladder_when_off_or_off_the_list(expert):
    ladder = ExpertFactory(confirmed_at=NOW - relativedelta(years=2))
    Reminder.objects.create(
        topic="profile", object_id=ladder.pk, cycle=ladder.confirmed_at, step=2, at=NOW
    )
    never = ExpertFactory(confirmed_at=None)
    off = ExpertFactory(reminders_off_at=NOW)
    gone = ExpertFactory(status="unlisted")

    assert [switching_off.next_reminder(one, NOW) for one in (ladder, never, off, gone)] == [
        None
    ] * 4


def test_a_pause_moves_the_next_reminder(expert):
    expert.confirmed_at = NOW - relativedelta(years=1)
    expert.paused_until = date(2027, 2, 1)
    expert.save()

    assert switching_off.next_reminder(expert, NOW).date() == date(2027, 2, 1)


# Off the list for silence


def test_who_is_off_for_silence_comes_back_from_the_own_page_too(own):
    Expert.objects.update(
        status="unlisted", unlisted_for="silence", status_reason="Not confirmed for too long."
    )
    shown = page(own)
    assert "nobody confirmed it for too long" in shown
    assert "The Lead wrote" not in shown
    assert reverse("expert_confirm") in shown

    own.post(reverse("expert_confirm"))

    assert Expert.objects.get().status == "listed"
