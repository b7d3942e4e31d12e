"""Who is asked whether a practice is still valid, how often, and what the link in the mail does."""

import re
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.test import Client
from django.urls import reverse

from documents import practice_reminders, reviewing
from documents.models import Practice, PracticeReview
from mailings import delivery, topics
from mailings.models import OutgoingMail, Reminder
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PracticeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DUE = NOW - relativedelta(months=24)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def scan_and_deliver(clock, at) -> None:
    """The daily scan, and the mail of its day."""
    clock.move_to(at)
    practice_reminders.scan(at)
    clock.move_to(at + timedelta(hours=5))
    delivery.deliver()


def addresses(mailoutbox) -> list[str]:
    return sorted(to for mail in mailoutbox for to in mail.to)


def link_in(mail) -> str:
    return re.search(r"/practices/link/\S+", mail.body)[0]


@pytest.fixture
def practice() -> Practice:
    return PracticeFactory(reviewed_at=DUE)


@pytest.fixture
def orphan() -> Practice:
    """The owner has left; a contact person and a resource person are there."""
    contact = UserFactory(email="contact@example.org", name="Contact")
    return PracticeFactory(
        reviewed_at=DUE,
        owner=UserFactory(is_active=False),
        organisation=OrganisationFactory(contact=contact),
    )


def person_of(practice):
    return practice.current.experts.get()


def test_the_owner_is_asked_three_times_and_by_no_second_scan(practice, clock, mailoutbox):
    PracticeFactory(reviewed_at=DUE + DAY)
    for days in range(0, 64, 2):
        scan_and_deliver(clock, NOW + days * DAY)
        practice_reminders.scan(NOW + days * DAY)

    to_owner = [mail for mail in mailoutbox if mail.to == [practice.owner.email]]
    assert [len(to_owner), len(mailoutbox)] == [3, 6]
    assert {mail.subject for mail in to_owner} == {f"Is “{practice.current.title}” still valid?"}
    assert "/practices/" + practice.code + "/edit/" in to_owner[0].body
    assert Counter(Reminder.objects.values_list("step", flat=True)) == {0: 2, 1: 2, 2: 2}


def test_when_the_owner_has_left_colleagues_are_asked_each_once(orphan, clock, mailoutbox):
    both = PracticeFactory(
        reviewed_at=DUE, owner=None, organisation=OrganisationFactory(contact=UserFactory())
    )
    person_of(both).__class__.objects.filter(pk=person_of(both).pk).update(
        email=both.organisation.contact.email
    )
    paused = PracticeFactory(reviewed_at=DUE, owner=None)
    withdrawn = PracticeFactory(reviewed_at=DUE, owner=None)
    for practice, change in (
        (paused, {"paused_until": NOW.date() + 90 * DAY}),
        (withdrawn, {"status": "withdrawn"}),
    ):
        type(person_of(practice)).objects.filter(pk=person_of(practice).pk).update(**change)

    scan_and_deliver(clock, NOW)
    practice_reminders.scan(NOW)

    assert addresses(mailoutbox) == sorted(
        ["contact@example.org", person_of(orphan).email, both.organisation.contact.email]
    )
    words = {mail.to[0]: mail.body for mail in mailoutbox}
    assert "names you as a resource" in words[person_of(orphan).email]
    assert "contact person of the" in words["contact@example.org"]
    assert all("owner has left" in " ".join(body.split()) for body in words.values())


def test_one_answer_stops_mail_that_waits_and_the_steps_to_come(orphan, clock, mailoutbox):
    practice_reminders.scan(NOW)
    assert OutgoingMail.objects.count() == 2

    reviewing.still_valid(orphan.pk, PracticeReview.Role.RESOURCE_PERSON, None, NOW)
    clock.move_to(NOW + timedelta(hours=5))
    delivery.deliver()
    scan_and_deliver(clock, NOW + 60 * DAY)

    assert mailoutbox == []
    assert set(OutgoingMail.objects.values_list("state", "answer")) == {
        ("skipped", "The question was answered meanwhile.")
    }


def test_opening_the_link_changes_nothing_the_button_answers_once(practice, clock, mailoutbox):
    scan_and_deliver(clock, NOW)
    link, client = link_in(mailoutbox[0]), Client(enforce_csrf_checks=True)

    page = client.get(link)
    practice.refresh_from_db()
    assert (page.status_code, practice.reviewed_at) == (200, DUE)
    assert page["Referrer-Policy"] == "no-referrer"
    assert client.post(link).status_code == 403

    token = client.cookies["csrftoken"].value
    done = client.post(link, {"csrfmiddlewaretoken": token}, headers={"origin": "null"})
    again = client.post(link, {"csrfmiddlewaretoken": token}, headers={"origin": "null"})

    practice.refresh_from_db()
    assert (done.status_code, again.status_code, client.get(link).status_code) == (200, 410, 410)
    assert practice.reviewed_at == NOW + timedelta(hours=5)
    assert PracticeReview.objects.get().user == practice.owner
    assert "sessionid" not in client.cookies


def test_a_resource_person_without_sign_in_answers(orphan, clock, mailoutbox, client):
    scan_and_deliver(clock, NOW)
    mail = next(mail for mail in mailoutbox if mail.to == [person_of(orphan).email])

    assert client.post(link_in(mail)).status_code == 200

    review = PracticeReview.objects.get()
    assert (review.role, review.user) == ("person", None)


def _too_old(practice, clock):
    clock.move_to(NOW + 31 * DAY)


def _other_address(practice, clock):
    practice.owner.email = "moved@example.org"
    practice.owner.save()


def _other_owner(practice, clock):
    practice.owner = PartnerUserFactory()
    practice.save()


def _archived(practice, clock):
    practice.status = Practice.Status.ARCHIVED
    practice.save()


@pytest.mark.parametrize("change", [_too_old, _other_address, _other_owner, _archived])
def test_a_link_is_dead_and_says_what_to_do(practice, clock, mailoutbox, client, change):
    scan_and_deliver(clock, NOW)
    change(practice, clock)

    response = client.post(link_in(mailoutbox[0]))

    assert response.status_code == 410
    assert "Send me a fresh link" in response.text
    assert not PracticeReview.objects.exists()


def test_the_pages_of_dead_links_are_the_same_whether_a_link_was_ever_there(
    practice, clock, mailoutbox, client
):
    scan_and_deliver(clock, NOW)
    known = link_in(mailoutbox[0])
    unknown = reverse("practice_by_link", args=["0" * 32])
    _too_old(practice, clock)

    def shown(url: str) -> str:
        return re.sub('value="[^"]+"', "", client.get(url).text.replace(url, "here"))

    pages = [shown(url) for url in (known, unknown)]
    sent = [client.post(f"{url}fresh/").text for url in (known, unknown)]

    assert client.get(unknown).status_code == 410
    assert pages[0] == pages[1]
    assert sent[0] == sent[1]


def test_a_fresh_link_goes_to_the_address_of_today_and_not_to_everybody_at_once(
    practice, clock, mailoutbox, client
):
    scan_and_deliver(clock, NOW)
    old = link_in(mailoutbox[0])
    _other_address(practice, clock)
    mailoutbox.clear()

    for _n in range(3):
        client.post(f"{old}fresh/")
    delivery.deliver()

    assert addresses(mailoutbox) == ["moved@example.org"]
    assert client.post(link_in(mailoutbox[0])).status_code == 200
    assert [one.pk for one in practice_reminders.overdue(NOW + 40 * DAY)] == []


def test_no_fresh_link_leaves_when_the_question_is_answered(practice, clock, mailoutbox, client):
    scan_and_deliver(clock, NOW)
    link = link_in(mailoutbox[0])
    client.post(link)
    mailoutbox.clear()

    client.post(f"{link}fresh/")
    delivery.deliver()

    assert mailoutbox == []
    assert "There is nothing left to do" in client.get(link).text


def test_who_stops_the_mails_gets_none_for_the_later_steps(practice, orphan, clock, mailoutbox):
    scan_and_deliver(clock, NOW)
    for mail in list(mailoutbox):
        token = re.search(r"/mail/stop/(\w+)/|stop/(\w+)", mail.body)
        Client().post(re.search(r"https?://[^/]+(/\S*stop\S*)", mail.body)[1])
        assert token
    mailoutbox.clear()

    scan_and_deliver(clock, NOW + 30 * DAY)

    assert mailoutbox == []
    topic = topics.get(practice_reminders.OWNER)
    assert topic.is_stopped(practice.pk)
    topic.start(practice.pk, NOW)
    assert not topic.is_stopped(practice.pk)


def test_the_lead_sees_what_is_overdue_and_what_nobody_can_be_asked_about(orphan, clock):
    asked = PracticeFactory(reviewed_at=DUE)
    late = PracticeFactory(reviewed_at=DUE - 30 * DAY)
    lonely = PracticeFactory(reviewed_at=DUE - DAY, owner=None)
    type(person_of(lonely)).objects.filter(pk=person_of(lonely).pk).update(email="")
    off = PracticeFactory(reviewed_at=DUE, reminders_off_at=NOW)

    found = {one.pk: one.since for one in practice_reminders.overdue(NOW)}

    assert found == {late.pk: NOW, lonely.pk: NOW - DAY, off.pk: NOW}
    assert asked.pk in {one.pk for one in practice_reminders.overdue(NOW + 30 * DAY)}


def test_another_owner_is_asked_at_once_and_leaves_the_queue_for_a_while(clock, mailoutbox):
    practice, lead = PracticeFactory(reviewed_at=DUE - 90 * DAY, owner=None), LeadFactory()
    owner = PartnerUserFactory()
    for address in ("nobody@example.org", UserFactory().email):
        with pytest.raises(Refused):
            practice_reminders.give_to(practice.pk, address, lead, NOW)

    practice_reminders.give_to(practice.pk, owner.email.upper(), lead, NOW)
    delivery.deliver()

    practice.refresh_from_db()
    assert practice.owner == owner
    assert addresses(mailoutbox) == [owner.email]
    assert Client().get(link_in(mailoutbox[0])).status_code == 200
    assert list(practice_reminders.overdue(NOW)) == []
    assert list(practice_reminders.overdue(NOW + 30 * DAY)) == [practice]
    assert Decision.objects.get().reason == owner.email
