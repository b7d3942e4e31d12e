"""The whole ladder of a request, day by day, with the mails as they leave."""

from datetime import timedelta

import pytest
import time_machine

from advice import answering, asking, drafting, outcomes, request_reminders, sending
from advice.models import Choice, Side
from experts import listing
from mailings import delivery, topics
from mailings.models import OutgoingMail
from tests.factories import NOW, AdviceRequestFactory, ExpertFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HELPED = {"happened": "yes", "helped": "yes", "sentence": "", "agrees": False}


@pytest.fixture
def choice() -> Choice:
    with time_machine.travel(NOW, tick=False):
        request = AdviceRequestFactory(mail_language="fr")
        place = request.places.create(number=1)
        expert = ExpertFactory(claimed=True, languages=["es"])
        drafting.choose(request.pk, {place.pk: [(expert.pk, [])]}, request.requester, NOW)
        sending.send(request.pk, request.requester, NOW)
        delivery.deliver()
    return place.choices.select_related("expert", "place__request__requester").get()


def a_day(day: int):
    """What the portal does on a day: it looks round, moves on, and sends what is due."""
    now = NOW + day * DAY
    with time_machine.travel(now, tick=False):
        asking.move_on(now)
        request_reminders.scan(now)
        request_reminders.scan(now)
    with time_machine.travel(now + timedelta(hours=3), tick=False):
        delivery.deliver()


def sent(template: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(template=template, state="sent").order_by("pk"))


def days_of(template: str) -> list[int]:
    return [(mail.finished_at - NOW).days for mail in sent(template)]


def test_an_expert_is_reminded_once_on_the_third_day_in_the_own_language(choice):
    for day in range(1, 7):
        a_day(day)

    assert days_of(request_reminders.TO_REMIND) == [3]
    [mail] = sent(request_reminders.TO_REMIND)
    assert (mail.to, mail.language) == (choice.expert.email, "es")


def test_who_answered_is_not_reminded(choice):
    answering.decline(choice.pk, Choice.Reason.TIME, "", NOW + 2 * DAY)

    a_day(3)

    assert sent(request_reminders.TO_REMIND) == []


def test_who_answers_while_the_reminder_waits_does_not_get_it(choice):
    now = NOW + 3 * DAY
    with time_machine.travel(now, tick=False):
        request_reminders.scan(now)
        answering.accept(choice.pk, now)
    with time_machine.travel(now + timedelta(hours=3), tick=False):
        delivery.deliver()

    assert sent(request_reminders.TO_REMIND) == []
    skipped = OutgoingMail.objects.get(template=request_reminders.TO_REMIND)
    assert skipped.state == "skipped"


def test_who_is_paused_is_passed_over_and_not_reminded(choice):
    listing.pause(choice.expert_id, (NOW + 20 * DAY).date(), NOW + 2 * DAY)

    a_day(3)

    assert sent(request_reminders.TO_REMIND) == []
    choice.refresh_from_db()
    assert choice.status == Choice.Status.UNAVAILABLE


def test_both_sides_are_asked_three_weeks_after_acceptance_and_once_more(choice):
    answering.accept(choice.pk, NOW)

    for day in range(1, 50):
        a_day(day)

    mails = sent(request_reminders.TO_ASK)
    asked = {(mail.to, mail.language, (mail.finished_at - NOW).days) for mail in mails}
    requester = choice.place.request.requester.email
    assert asked == {
        (choice.expert.email, "es", 21),
        (choice.expert.email, "es", 31),
        (requester, "fr", 21),
        (requester, "fr", 31),
    }


def test_who_said_what_came_of_it_is_not_asked_again_and_not_yet_is_asked_after_a_month(choice):
    answering.accept(choice.pk, NOW)
    a_day(21)
    outcomes.say(choice.pk, Side.EXPERT, HELPED, NOW + 22 * DAY)
    outcomes.say(choice.pk, Side.REQUESTER, HELPED | {"happened": "not_yet"}, NOW + 22 * DAY)

    for day in range(23, 55):
        a_day(day)

    asked = [(mail.to, (mail.finished_at - NOW).days) for mail in sent(request_reminders.TO_ASK)]
    requester = choice.place.request.requester.email
    assert sorted(asked) == sorted([(choice.expert.email, 21), (requester, 21), (requester, 52)])


def test_reminders_of_requests_can_be_stopped_and_the_next_question_still_comes(choice):
    topics.get(request_reminders.QUESTION).stop(choice.expert_id, NOW)

    a_day(3)

    assert sent(request_reminders.TO_REMIND) == []
    assert len(sent("advice/mail/request_asked")) == 1


def test_scans_a_week_late_take_only_the_latest_step(choice):
    answering.accept(choice.pk, NOW)

    a_day(40)

    assert days_of(request_reminders.TO_ASK) == [40, 40]
