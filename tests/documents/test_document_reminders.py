"""Documents whose day of review has come: the owner is asked, then the Lead; one answer ends it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from documents import document_reminders
from documents.models import Document
from documents.moderation import KINDS
from mailings import delivery
from mailings.models import OutgoingMail, Reminder
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    DocumentFactory,
    LeadFactory,
    PartnerUserFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def document() -> Document:
    return DocumentFactory(owner=PartnerUserFactory(), review_by=TODAY)


def days_pass(clock, number: int):
    for day in range(number):
        clock.move_to(NOW + day * DAY)
        document_reminders.scan(NOW + day * DAY)
        document_reminders.scan(NOW + day * DAY)
        clock.move_to(NOW + day * DAY + timedelta(hours=5))
        delivery.deliver()


def test_the_owner_is_asked_three_times_and_nobody_else(document, clock, mailoutbox):
    DocumentFactory(owner=PartnerUserFactory(), review_by=TODAY + 400 * DAY)
    DocumentFactory(owner=PartnerUserFactory(), review_by=None)
    DocumentFactory(owner=PartnerUserFactory(), review_by=TODAY, status=Document.Status.ARCHIVED)
    DocumentFactory(owner=PartnerUserFactory(), review_by=TODAY, published=False)
    DocumentFactory(owner=UserFactory(is_active=False), review_by=TODAY)

    days_pass(clock, 70)

    assert [mail.to for mail in mailoutbox] == [[document.owner.email]] * 3
    assert {mail.subject for mail in mailoutbox} == {f"Is “{document.title}” still right?"}
    assert document.get_absolute_url() in mailoutbox[0].body
    assert list(Reminder.objects.values_list("step", flat=True).order_by("step")) == [0, 1, 2]


def test_still_right_on_the_page_moves_the_day_and_stops_the_mail(
    document, clock, mailoutbox, client
):
    document_reminders.scan(NOW)
    client.force_login(document.owner)
    page = client.get(document.get_absolute_url()).content.decode()
    client.post(reverse("document_still_right", args=[document.code]))
    document.refresh_from_db()

    days_pass(clock, 70)

    assert "Still right" in page
    assert (document.review_by.year, document.review_by.month) == (TODAY.year + 2, TODAY.month)
    assert mailoutbox == []
    assert OutgoingMail.objects.get().state == "skipped"
    assert not Decision.objects.exists()  # it is the Lead's log


def test_nobody_else_says_so_and_nothing_is_due_twice(document, client):
    client.force_login(PartnerUserFactory())
    assert client.post(reverse("document_still_right", args=[document.code])).status_code == 403
    document_reminders.still_right(document.pk, document.owner, NOW)
    with pytest.raises(Refused):
        document_reminders.still_right(document.pk, document.owner, NOW)


def test_the_lead_sees_what_nobody_keeps_at_once_and_what_an_owner_lets_lie_after_a_month(document):
    lonely = DocumentFactory(owner=None, review_by=TODAY - DAY)
    gone = DocumentFactory(owner=UserFactory(is_active=False), review_by=TODAY)

    def rows(at) -> set[int]:
        return {one.pk for one in document_reminders.overdue(at)}

    assert rows(NOW) == {lonely.pk, gone.pk}
    assert rows(NOW + 30 * DAY) == {lonely.pk, gone.pk, document.pk}
    [kind] = [one for one in KINDS if one.code == "document_reviews"]
    items = kind.describe(kind.waiting(NOW))
    assert {item.title for item in items} == {lonely.title, gone.title}
    assert all(item.facts["owner_left"] for item in items)


def test_who_stops_the_mail_gets_none_and_the_lead_is_asked(document, clock, mailoutbox):
    days_pass(clock, 1)
    Client().post(re.search(r"https?://[^/]+(/\S*stop\S*)", mailoutbox[0].body)[1])
    mailoutbox.clear()

    days_pass(clock, 70)

    assert mailoutbox == []
    assert [one.pk for one in document_reminders.overdue(NOW)] == [document.pk]


def test_another_owner_is_asked_at_once(clock, mailoutbox):
    document, lead = DocumentFactory(owner=None, review_by=TODAY - 90 * DAY), LeadFactory()
    owner = PartnerUserFactory()
    with pytest.raises(Refused):
        document_reminders.give_to(document.pk, UserFactory().email, lead, NOW)

    document_reminders.give_to(document.pk, owner.email.upper(), lead, NOW)
    delivery.deliver()

    document.refresh_from_db()
    assert document.owner == owner
    assert [mail.to for mail in mailoutbox] == [[owner.email]]
    assert list(document_reminders.overdue(NOW)) == []
    assert Decision.objects.get().reason == owner.email
