"""A test mail: the announcement as readers will get it, to nobody but who asks."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mailings import delivery, trying_out
from mailings.models import Announcement, OutgoingMail
from partners.refusals import Refused
from tests.factories import NOW, AnnouncementFactory, LeadFactory, PartnerUserFactory

pytestmark = pytest.mark.django_db
Status = Announcement.Status


@pytest.fixture(autouse=True)
def clock(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(NOW, tick=False):
        yield


def asked(user, announcement):
    client = Client()
    client.force_login(user)
    return client.post(reverse("announcement_test", args=[announcement.pk]), follow=True)


def test_the_author_gets_the_mail_as_readers_will_and_nothing_is_published():
    announcement = AnnouncementFactory(status=Status.DRAFT, title="Lamps", text="Two **plants**.")
    answer = asked(announcement.author, announcement)
    assert announcement.author.email in answer.content.decode()

    delivery.deliver(5)

    mail = OutgoingMail.objects.get()
    words = mail.content.decode()
    assert (mail.state, mail.to) == ("sent", announcement.author.email)
    assert mail.subject == "Test: Lamps"
    assert "<strong>plants</strong>" in words
    assert "Nobody else gets it" in words
    assert "/mail/stop/" not in words
    announcement.refresh_from_db()
    assert announcement.status == Status.DRAFT


def test_of_what_waits_the_lead_gets_one_and_nobody_else():
    announcement = AnnouncementFactory(status=Status.SUBMITTED)
    assert asked(LeadFactory(), announcement).status_code == 200
    assert asked(PartnerUserFactory(), announcement).status_code in (403, 404)
    assert OutgoingMail.objects.count() == 1


def test_ten_an_hour_are_enough():
    announcement = AnnouncementFactory()
    for _n in range(trying_out.AN_HOUR):
        trying_out.send(announcement, announcement.author, NOW)
    with pytest.raises(Refused, match="ten test mails"):
        trying_out.send(announcement, announcement.author, NOW)


def test_of_a_draft_that_was_deleted_no_mail_leaves():
    announcement = AnnouncementFactory(status=Status.DRAFT)
    trying_out.send(announcement, announcement.author, NOW)
    announcement.delete()
    delivery.deliver(5)
    assert OutgoingMail.objects.get().state == "skipped"
