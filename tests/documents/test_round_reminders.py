"""Who is invited to comment and reminded before the close: on which day, and when no more."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from documents import answering, commenting, round_reminders, rounds
from documents.models import CommentRound, Invitee
from documents.round_reminders import COMMENTS, INVITATION
from mailings import delivery, outbox
from mailings.models import OutgoingMail, Reminder
from partners.audience import Audience
from partners.models import Partner, Role
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    LeadFactory,
    PartnerUserFactory,
    RoleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def day(text: str, time: str = "23:59") -> datetime:
    """ "12-04" of this year."""
    return datetime.fromisoformat(f"{NOW.year}-{text}T{time}+00:00")


def opened(*people, **values) -> CommentRound:
    """A round that began just now, with these people asked."""
    values = {"opens_at": NOW, "opened_at": NOW, "closes_at": day("12-24")} | values
    made = CommentRoundFactory(**values)
    Invitee.objects.bulk_create(Invitee(round=made, user=user) for user in people)
    return made


def deliver(clock, at: datetime):
    clock.move_to(at)
    delivery.deliver()


def days_pass(clock, first: str, last: str):
    """The daily scan at five, twice, and the mail of the hour after it."""
    at = day(first, "05:00")
    while at.date() <= day(last).date():
        clock.move_to(at)
        round_reminders.scan(at)
        round_reminders.scan(at)
        deliver(clock, at + HOUR)
        at += DAY


def invite(clock):
    round_reminders.invite(NOW)
    deliver(clock, NOW)


def sent(topic=COMMENTS) -> list[tuple[str, str]]:
    """(address, day) of the mails of this sort that left."""
    mails = OutgoingMail.objects.filter(state="sent", reminder__topic=topic).order_by("pk")
    return [(mail.to, f"{mail.finished_at:%m-%d}") for mail in mails]


def days(topic=COMMENTS) -> list[str]:
    return [on for _to, on in sent(topic)]


def days_of(comment_round) -> list[str]:
    """On which its one invitee was reminded."""
    invitee = comment_round.invitees.get()
    return [on for to, on in sent() if to == invitee.user.email]


def test_one_invitation_and_at_most_two_reminders_none_within_two_days(clock):
    expected = {
        day("11-27"): [],
        day("11-28"): [],
        day("11-29"): ["11-27"],
        day("12-01"): ["11-29"],
        day("12-03"): ["12-01"],
        day("12-04", "00:00"): ["11-27", "12-02"],
        day("12-04"): ["11-27", "12-02"],
        day("12-24"): ["12-17", "12-22"],
    }
    made = {closes: opened(PartnerUserFactory(), closes_at=closes) for closes in expected}
    invite(clock)
    days_pass(clock, "11-25", "12-26")
    assert days(INVITATION) == ["11-24"] * len(made)
    assert {closes: days_of(one) for closes, one in made.items()} == expected


def test_the_invitation_leaves_when_the_round_begins_and_to_nobody_who_was_not_asked(clock):
    partner, lead = PartnerUserFactory(), LeadFactory()
    made = CommentRoundFactory(
        status="prepared", opened_at=None, opened_by=None, opens_at=NOW + 3 * HOUR
    )
    rounds.open_round(made.pk, lead, NOW)
    assert round_reminders.invite(NOW + 2 * HOUR) == 0
    joined = PartnerUserFactory()
    commenting.no_comments(made.pk, joined, NOW + 3 * HOUR)

    asked = made.invitees.filter(done_at=None).count()
    assert round_reminders.invite(NOW + 3 * HOUR) == asked
    assert round_reminders.invite(NOW + 4 * HOUR) == 0
    deliver(clock, NOW + 4 * HOUR)
    assert (partner.email, "11-24") in sent(INVITATION)
    assert joined.email not in dict(sent(INVITATION))


def test_a_prolonged_round_reminds_again_only_when_it_is_more_than_a_week_longer(clock):
    expected = {  # (day of the change, new close): reminders; the close was 4 December
        ("11-26", "12-24"): ["12-17", "12-22"],
        ("11-28", "12-06"): ["11-27", "12-04"],  # between the steps: the second one moves
        ("12-03", "12-06"): ["11-27", "12-02"],
        ("12-03", "12-11"): ["11-27", "12-02"],
        ("12-03", "12-12"): ["11-27", "12-02", "12-05", "12-10"],  # by more than a week
        ("12-03", "12-24"): ["11-27", "12-02", "12-17", "12-22"],
    }
    made = {change: opened(PartnerUserFactory(), closes_at=day("12-04")) for change in expected}
    invite(clock)
    first = "11-25"
    for on in ("11-26", "11-28", "12-03"):
        days_pass(clock, first, on)
        first = f"{day(on) + DAY:%m-%d}"
        for (changed_on, closes), one in made.items():
            if changed_on == on:
                CommentRound.objects.filter(pk=one.pk).update(closes_at=day(closes))
    days_pass(clock, first, "12-24")
    assert {change: days_of(one) for change, one in made.items()} == expected


def test_only_people_who_have_not_answered_and_want_to_hear_of_it_are_reminded(clock, mailoutbox):
    silent, drafting, commented, nothing, stopped = PartnerUserFactory.create_batch(5)
    former, inactive = PartnerUserFactory.create_batch(2)
    core = RoleFactory(user=UserFactory(), kind=Role.Kind.CORE_MEMBER).user
    people = [silent, drafting, commented, nothing, stopped, former, inactive, core]
    made, other = opened(*people), opened(stopped)
    narrow = opened(silent, core, audience=Audience.CORE)
    invite(clock)
    invited = [to for to, _on in sent(INVITATION)]
    assert sorted(invited) == sorted(
        [*(person.email for person in people), stopped.email, core.email]
    )

    CommentFactory(round=made, author=drafting, status="draft")
    CommentFactory(round=made, author=commented, status="draft")
    commenting.send_all(made.pk, commented, NOW)
    commenting.no_comments(made.pk, nothing, NOW)
    mail = next(
        mail for mail in mailoutbox if mail.to == [stopped.email] and made.title in mail.subject
    )
    stop = re.search(r"https?://[^/]+(/\S*stop\S*)", mail.body)[1]
    assert stop in mail.message()["List-Unsubscribe"]
    assert Client().get(stop).status_code == 200
    assert not Invitee.objects.filter(stopped_at__isnull=False).exists()
    Client().post(stop)
    Partner.objects.filter(person=former).update(status=Partner.Status.WITHDRAWN)
    inactive.is_active = False
    inactive.save()
    mailoutbox.clear()

    days_pass(clock, "11-25", "12-18")
    assert sorted(
        (mail.to[0], title_in(mail, made, other, narrow)) for mail in mailoutbox
    ) == sorted(
        [
            (silent.email, made.title),
            (drafting.email, made.title),
            (core.email, made.title),
            (stopped.email, other.title),
            (core.email, narrow.title),
        ]
    )
    words = {mail.to[0]: mail.body for mail in mailoutbox}
    assert "You have one draft" in words[drafting.email]
    assert "one draft" not in words[silent.email]

    Client().post(stop, {"start": "1"})
    days_pass(clock, "12-19", "12-26")
    assert (stopped.email, "12-22") in sent()


def title_in(mail, *found) -> str:
    return next(one.title for one in found if mail.subject.endswith(one.title))


def _cancelled(made, person, clock):
    answering.cancel(made.pk, "The text was withdrawn by its author.", LeadFactory(), NOW)


def _finished(made, person, clock):
    answering.finish(made.pk, LeadFactory(), NOW, "Everybody who could answer did so.")


def _closed(made, person, clock):
    clock.move_to(made.closes_at)


def _answered(made, person, clock):
    commenting.no_comments(made.pk, person, NOW)


def _inactive(made, person, clock):
    person.is_active = False
    person.save()


def _no_partner(made, person, clock):
    Partner.objects.filter(person=person).update(status=Partner.Status.WITHDRAWN)


def _hidden(made, person, clock):
    document = made.version.document
    document.audience = Audience.CORE
    document.save()


def _stopped(made, person, clock):
    made.invitees.update(stopped_at=NOW)


def _prolonged(made, person, clock):
    made.closes_at += 8 * DAY
    made.save()


OVER = "The round takes no comments any more."
NOT_ASKED = "The person is not one of those who are asked any more."


@pytest.mark.parametrize(
    ("change", "why", "topics"),
    [
        (_cancelled, OVER, [INVITATION, COMMENTS]),
        (_finished, OVER, [INVITATION, COMMENTS]),
        (_closed, OVER, [INVITATION, COMMENTS]),
        (_answered, "The person answered meanwhile.", [INVITATION, COMMENTS]),
        (_inactive, NOT_ASKED, [INVITATION, COMMENTS]),
        (_no_partner, NOT_ASKED, [INVITATION, COMMENTS]),
        (_hidden, NOT_ASKED, [INVITATION, COMMENTS]),
        (_stopped, "Reminders were switched off meanwhile.", [COMMENTS]),
        (_prolonged, "The round was prolonged: reminders come before the new close.", [COMMENTS]),
    ],
)
def test_mail_that_waits_does_not_leave_once_it_is_not_true_any_more(clock, change, why, topics):
    for topic in topics:
        clock.move_to(NOW)
        person = PartnerUserFactory()
        made = opened(person, closes_at=day("11-28"))
        if topic == COMMENTS:
            made.opened_at = made.opens_at = NOW - 20 * DAY
            made.save()
            _invited_long_ago(made)
        round_reminders.scan(NOW)
        waiting = OutgoingMail.objects.get(state="queued", to=person.email)
        assert waiting.reminder.topic == topic
        clock.move_to(NOW + HOUR)
        change(made, person, clock)
        delivery.deliver()
        waiting.refresh_from_db()
        assert (waiting.state, waiting.answer) == ("skipped", why)


def _invited_long_ago(made):
    Reminder.objects.bulk_create(
        Reminder(topic=INVITATION, object_id=key, cycle=made.opened_at, step=0, at=made.opened_at)
        for key in made.invitees.values_list("pk", flat=True)
    )


def test_while_the_invitation_waits_no_reminder_is_written(clock):
    opened(PartnerUserFactory(), closes_at=day("12-04"))
    round_reminders.invite(NOW)
    for days_later in range(6):
        assert round_reminders.scan(NOW + days_later * DAY)["round reminders"] == 0
    deliver(clock, day("11-29", "12:00"))
    days_pass(clock, "11-30", "12-05")
    assert (days(INVITATION), days()) == (["11-29"], ["12-02"])


def test_the_mails_say_what_is_asked_until_when_and_where(clock, mailoutbox, settings):
    settings.SITE_URL = "https://portal.example.org"
    partner = PartnerUserFactory(name="Ann <Bo> & Co")
    made = opened(partner, invitation="Is 15 right?\n\nSay <why> & how.", title="Limits & tests")
    made.questions.create(number=1, text="Wet or dry?")
    made.questions.create(number=2, text="Which test?")
    elsewhere = opened(PartnerUserFactory(), version=None, address="https://example.org/basel.pdf")
    round_reminders.invite(NOW)
    french = OutgoingMail.objects.get(reminder__object_id=elsewhere.invitees.get().pk)
    french.language = "fr"
    french.save()
    deliver(clock, NOW)

    mail, other = sorted(mailoutbox, key=lambda one: one.to != [partner.email])
    html = mail.alternatives[0][0]
    link = f"https://portal.example.org{made.get_absolute_url()}"
    assert mail.subject == "Please comment: Limits & tests"
    for words in (
        "Dear Ann <Bo> & Co,",
        "Is 15 right?\n\nSay <why> & how.",
        "1. Wet or dry?",
        "2. Which test?",
        str(made.opened_by),
        made.version.document.title,
        "24 December 2026, 23:59 UTC",
        "“I have no comments”",
        link,
    ):
        assert " ".join(words.split()) in " ".join(mail.body.split())
    assert "Say &lt;why&gt; &amp; how." in html
    assert f'href="{link}"' in html
    assert "24 December 2026, 23:59 UTC" in html
    assert "24 décembre 2026, 23:59 UTC" in other.body
    assert "https://example.org/basel.pdf" in other.body

    mailoutbox.clear()
    days_pass(clock, "12-17", "12-17")
    assert {mail.subject for mail in mailoutbox} == {
        f"Comments close on 24 December 2026, 23:59 UTC: {one.title}" for one in (made, elsewhere)
    }
    assert all("/rounds/" in mail.body and "no comments" in mail.body for mail in mailoutbox)


def test_thirty_people_take_as_many_queries_as_three(clock):
    numbers = []
    for people in (3, 30):
        made = opened(*PartnerUserFactory.create_batch(people))
        for at, topic in ((NOW, INVITATION), (day("12-17", "05:00"), COMMENTS)):
            clock.move_to(at)
            with CaptureQueriesContext(connection) as queries:
                round_reminders.scan(at)
                mails = list(
                    OutgoingMail.objects.filter(
                        state="queued", reminder__topic=topic
                    ).select_related("reminder")
                )
                letters = outbox.letters(mails, at)
            assert len(letters) == people
            assert all(isinstance(one, outbox.Letter) for one in letters.values())
            numbers.append(len(queries))
            OutgoingMail.objects.update(state="sent", finished_at=at)
        answering.cancel(made.pk, "Counted, and needed no more.", LeadFactory(), NOW)
    assert numbers[:2] == numbers[2:]
