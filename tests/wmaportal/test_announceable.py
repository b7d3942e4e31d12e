"""One click on the page of a thing makes a draft that says what it is, for those who may see it."""

from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse

from advice.models import Call
from mailings.models import Announcement, AnnouncementTopic
from partners.models import Term
from tests.factories import (
    NOW,
    TODAY,
    CommentRoundFactory,
    DocumentFactory,
    LeadFactory,
    MeetingFactory,
    NeedFactory,
    PartnerUserFactory,
    PracticeFactory,
    UserFactory,
)
from wmaportal import announceable

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def partner():
    return PartnerUserFactory()


def begun(client: Client, kind: str, key: int) -> Announcement:
    answer = client.post(reverse("announce", args=[kind, key]))
    announcement = Announcement.objects.get()
    assert answer.url == reverse("announcement_edit", args=[announcement.pk])
    return announcement


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_meeting_becomes_an_event_with_its_days_place_and_audience(partner):
    meeting = MeetingFactory(title="Lamps", summary="About lamps.", audience="partners")
    found = begun(signed_in(partner), "meeting", meeting.pk)

    assert (found.topic.code, found.title, found.author) == ("events", "Lamps", partner)
    assert (found.begins_on, found.ends_on) == (date(2027, 3, 9), date(2027, 3, 10))
    assert (found.status, found.audience) == ("draft", "partners")
    assert found.about_path == meeting.get_absolute_url()
    assert [one.pk for one in found.countries.all()] == ["TH"]
    assert "9 to 10 March 2027. Conference centre (example), Bangkok, Thailand." in found.text
    assert "About lamps." in found.text


def test_each_other_thing_becomes_a_draft(partner):
    document = DocumentFactory(title="Guide", countries=["KE"])
    comment_round = CommentRoundFactory(status="open", title="Say what you think")
    practice = PracticeFactory(version={"title": "Collecting lamps"})
    need = NeedFactory(title="A store")
    lead, term = LeadFactory(), Term.objects.exclude(parent=None).first()
    call = Call.objects.create(
        term=term, region="africa", opened_by=lead, ends_on=TODAY + timedelta(days=9)
    )
    expected = {
        ("document", document.pk): ("documents", "Guide"),
        ("round", comment_round.pk): ("documents", "Say what you think"),
        ("practice", practice.pk): ("documents", "Collecting lamps"),
        ("need", need.pk): ("needs", "A store"),
        ("call", call.pk): ("experts", f"Experts are wanted: {term}"),
    }
    for (kind, key), (topic, title) in expected.items():
        draft = announceable.draft_of(kind, key, partner)
        assert (draft.topic, draft.title) == (topic, title)
        made = announceable.begin(draft, partner, NOW)
        assert made.about_path == draft.path
    assert draft.closes_on == call.ends_on
    assert "KE" in draft.countries


def test_who_may_not_see_a_thing_and_who_is_no_partner_gets_nothing(partner):
    draft = MeetingFactory(status="draft")
    meeting = MeetingFactory()
    address = reverse("announce", args=["meeting", meeting.pk])

    for kind, key in (("meeting", draft.pk), ("planet", 1)):
        answer = signed_in(partner).post(reverse("announce", args=[kind, key]))
        assert answer.status_code == 404
    assert signed_in(UserFactory()).post(address).status_code == 403
    assert Client().post(address).status_code == 302
    assert signed_in(partner).get(address).status_code == 405
    assert announceable.draft_of("meeting", draft.pk, AnonymousUser()) is None
    assert Announcement.objects.count() == 0


def test_a_title_that_is_too_long_is_cut(partner):
    meeting = MeetingFactory(title="Lamp " * 40)
    found = announceable.begin(announceable.draft_of("meeting", meeting.pk, partner), partner, NOW)
    assert len(found.title) <= 150
    assert found.title.endswith("…")


def test_a_topic_that_the_lead_closed_takes_nothing(partner):
    AnnouncementTopic.objects.filter(code="events").update(is_open=False)
    answer = signed_in(partner).post(
        reverse("announce", args=["meeting", MeetingFactory().pk]), follow=True
    )
    assert "There is no topic for this any more" in str(next(iter(answer.context["messages"])))


def test_the_page_of_a_meeting_offers_it_to_partners_alone(partner):
    meeting = MeetingFactory()
    address = reverse("announce", args=["meeting", meeting.pk])
    for user, offers in ((None, False), (UserFactory(), False), (partner, True)):
        client = signed_in(user) if user else Client()
        page = client.get(meeting.get_absolute_url()).content.decode()
        assert (address in page) is offers
