"""The switch for two Leads: what goes to everybody is sent when both agreed to these words."""

import pytest
import time_machine
from django.urls import reverse

from mailings import announcing
from mailings.announcement_moderation import KINDS
from mailings.models import Announcement, Campaign, MailingPolicy, TrustedAuthor
from partners.models import Decision, Role
from partners.refusals import Refused
from tests.factories import NOW, AnnouncementFactory, LeadFactory, RoleFactory, UserFactory
from tests.mailings.test_announcing import accept

pytestmark = pytest.mark.django_db
Status = Announcement.Status


@pytest.fixture(autouse=True)
def switched_on():
    MailingPolicy.objects.create(pk=1, four_eyes=True)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def leads():
    other = UserFactory(name="Other Lead")
    RoleFactory(user=other, kind=Role.Kind.CO_LEAD)
    return LeadFactory(name="First Lead"), other


def waiting(**values) -> Announcement:
    return AnnouncementFactory(status=Status.SUBMITTED, published_at=None, **values)


def state(announcement) -> str:
    announcement.refresh_from_db()
    return announcement.status


def test_it_is_sent_when_the_second_lead_agrees_and_not_before(leads):
    first, second = leads
    announcement = waiting()
    with pytest.raises(Refused, match="another Lead"):
        announcing.approve(announcement.pk, first, NOW)

    announcing.approve_first(announcement.pk, first, NOW)
    assert (state(announcement), Campaign.objects.count()) == (Status.SUBMITTED, 0)
    with pytest.raises(Refused, match="another Lead"):
        announcing.approve(announcement.pk, first, NOW)
    with pytest.raises(Refused, match="another Lead"):
        announcing.let_through(announcement.pk, first, NOW)

    announcing.approve(announcement.pk, second, NOW)
    assert (state(announcement), Campaign.objects.count()) == (Status.PUBLISHED, 1)
    assert [one.action for one in Decision.objects.order_by("pk")] == [
        "approved as the first",
        "approved",
    ]


def test_other_words_need_both_again(leads):
    first, second = leads
    announcement = waiting()
    announcing.approve_first(announcement.pk, first, NOW)
    Announcement.objects.filter(pk=announcement.pk).update(version=2)
    with pytest.raises(Refused, match="another Lead"):
        announcing.approve(announcement.pk, second, NOW)


def test_words_of_one_lead_that_the_author_takes_wait_for_the_other(leads):
    first, second = leads
    announcement = waiting()
    announcing.edit_for_author(announcement.pk, "Other title", "Other text.", first, NOW)
    announcing.agree(announcement.pk, announcement.author, NOW)
    assert state(announcement) == Status.SUBMITTED

    with pytest.raises(Refused, match="another Lead"):
        announcing.approve(announcement.pk, first, NOW)
    announcing.approve(announcement.pk, second, NOW)
    assert (state(announcement), announcement.title) == (Status.PUBLISHED, "Other title")


def test_a_partner_who_is_let_through_waits_too(leads):
    announcement = AnnouncementFactory(status=Status.DRAFT, published_at=None)
    accept(announcement.author)
    TrustedAuthor.objects.create(user=announcement.author, by=leads[0])
    announcing.submit(announcement.pk, announcement.author, NOW)
    assert state(announcement) == Status.SUBMITTED


def test_what_names_a_country_or_is_for_core_members_needs_one_lead(leads):
    narrowed = waiting()
    narrowed.countries.set(["KE"])
    for announcement in (narrowed, waiting(audience="core")):
        announcing.approve(announcement.pk, leads[0], NOW)
        assert state(announcement) == Status.PUBLISHED


def test_switched_off_one_lead_is_enough(leads):
    MailingPolicy.objects.update(four_eyes=False)
    announcement = waiting()
    announcing.approve(announcement.pk, leads[0], NOW)
    assert state(announcement) == Status.PUBLISHED


def test_the_queue_knows_that_two_are_needed(leads):
    announcement = waiting()
    kind = KINDS[0]
    [item] = kind.describe(kind.waiting(NOW))
    assert item.facts["needs_two"]
    assert item.object == announcement


def test_the_author_is_told_that_another_lead_reads_the_words(leads, client):
    announcement = waiting()
    announcing.edit_for_author(announcement.pk, "Other title", "Other text.", leads[0], NOW)
    client.force_login(announcement.author)
    address = reverse("announcement_agree", args=[announcement.pk])

    page = client.get(address).content.decode()
    assert "another Lead reads these words before they are published" in page
    assert "at once" not in page
    said = {"answer": "yes", "edit": announcement.edit.pk}
    answer = client.post(address, said, follow=True)
    assert [str(one) for one in answer.context["messages"]] == [
        "Another Lead reads these words before they are published."
    ]
