"""From any mail that can be stopped its reader, and nobody else, comes to the mail preferences."""

import re

import pytest
import time_machine
from django.core import mail as sent_mail
from django.test import Client
from django.urls import reverse

from documents import practice_reminders
from documents.models import Document, Practice
from experts import contact, invitations
from mailings import delivery, suppression, topics
from mailings.models import AnnouncementTopic, OutgoingMail, StopLink, Subscription, Suppression
from meetings.models import Outcome
from partners.models import Organisation, User
from tests.factories import NOW, ExpertFactory, LeadFactory, PartnerUserFactory
from tests.mailings.test_headers import OF_THE_LIST, REMINDERS, STEPS

pytestmark = pytest.mark.django_db
SITE = "https://portal.example.org"


@pytest.fixture(autouse=True)
def _at_portal(settings):
    settings.SITE_URL = SITE
    with time_machine.travel(NOW, tick=False):
        yield


def sent(template: str) -> StopLink:
    """Write this mail by its own step; the link in its headers."""
    STEPS[template]("José")
    delivery.deliver()
    [one] = sent_mail.outbox
    [token] = re.findall(rf"<{SITE}/mail/stop/(\w+)/>", one.extra_headers["List-Unsubscribe"])
    return StopLink.objects.get(token=token)


def page(link: StopLink) -> str:
    return reverse("mail_preferences_by_mail", args=[link.token])


@pytest.mark.parametrize("template", sorted(REMINDERS | OF_THE_LIST))
def test_the_link_of_each_mail_opens_what_its_reader_gets_and_no_session(template):
    link = sent(template)
    reader = User.objects.get(email=OutgoingMail.objects.get().to)
    client = Client(enforce_csrf_checks=True)

    stop = client.get(reverse("mail_stop", args=[link.token]))
    shown = client.get(page(link))
    assert page(link) in stop.content.decode()
    assert shown.status_code == 200
    assert reader.email not in shown.content.decode()
    assert "José" not in shown.content.decode()

    every = {f"topic_{one.pk}": "weekly" for one in AnnouncementTopic.objects.filter(is_open=True)}
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    client.post(page(link), {**every, **token, "language": "en", "time_zone": "UTC"})
    chosen = Subscription.objects.filter(frequency="weekly")
    assert set(chosen.values_list("user", flat=True)) == {reader.pk}
    assert "sessionid" not in client.cookies
    assert client.get(reverse("mail_preferences")).status_code == 302


@pytest.mark.parametrize("template", sorted(REMINDERS | OF_THE_LIST))
def test_the_links_of_a_sign_in_that_was_closed_open_nothing(client, template):
    link = sent(template)
    User.objects.filter(email=OutgoingMail.objects.get().to).update(is_active=False)

    assert client.get(page(link)).status_code == 410
    assert client.post(page(link)).status_code == 410


def _document_given():
    Document.objects.update(owner=PartnerUserFactory(email="new@example.org"))


def _action_given():
    Outcome.objects.update(owner=PartnerUserFactory(email="new@example.org"))


def _contact_replaced():
    contact = PartnerUserFactory(email="new@example.org")
    Organisation.objects.filter(pk=Practice.objects.get().organisation_id).update(contact=contact)


def _practice_given():
    PartnerUserFactory(email="new@example.org")
    practice_reminders.give_to(Practice.objects.get().pk, "new@example.org", LeadFactory(), NOW)


def _practice_given_in_admin():
    practice, lead = Practice.objects.get(), LeadFactory(totp=True)
    new = PartnerUserFactory(email="new@example.org")
    client = Client()
    client.force_login(lead)
    form = {"owner": new.email}
    for inline in ("versions", "reviews"):
        form |= {f"{inline}-TOTAL_FORMS": 0, f"{inline}-INITIAL_FORMS": 0}
    answer = client.post(f"/admin/documents/practice/{practice.pk}/change/", form)
    practice.refresh_from_db()
    assert (answer.status_code, practice.owner) == (302, new)


GIVEN = (
    ("documents/mail/document_review", _document_given),
    ("documents/mail/practice_review", _practice_given),
    ("documents/mail/practice_review", _practice_given_in_admin),
    ("documents/mail/practice_review_colleague", _contact_replaced),
    ("meetings/mail/action_due", _action_given),
)


@pytest.mark.parametrize(("template", "give"), GIVEN)
def test_a_mail_to_a_former_owner_neither_stops_nor_opens_what_the_new_one_gets(
    client, template, give
):
    link = sent(template)
    give()
    new = User.objects.get(email="new@example.org")

    client.post(reverse("mail_stop", args=[link.token]))

    assert topics.user_behind(StopLink.objects.filter(pk=link.pk).first()) != new.pk
    stopped = Suppression.objects.filter(address_hash=suppression.hash_of(new.email))
    assert not stopped.exists()
    assert not Practice.objects.filter(reminders_off_at__isnull=False).exists()


def _old_link(expert) -> StopLink:
    return StopLink.objects.create(topic="profile", object_id=expert.pk)


def test_a_mailbox_that_is_not_the_persons_own_opens_nothing(client):
    """The profile's address may be that of an office."""
    expert = ExpertFactory(user=PartnerUserFactory(), email="office@example.org")

    assert client.get(page(_old_link(expert))).status_code == 410


def test_links_of_before_a_claim_or_another_address_open_nothing(client):
    claimed = PartnerUserFactory(email="ana@example.org")
    expert = ExpertFactory(user=None, email="ana@example.org")
    link = _old_link(expert)
    invited = invitations.invite_to_claim(expert.pk, LeadFactory(), NOW)
    invitations.accept(invited.token, claimed, NOW)
    assert client.get(page(link)).status_code == 410

    link = _old_link(expert)
    assert client.get(page(link)).status_code == 200
    contact._write(expert.pk, claimed, {"email": "other@example.org"}, NOW)
    assert client.get(page(link)).status_code == 410
