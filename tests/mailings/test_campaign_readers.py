"""Who got an announcement, who did not, and why: each person of the audience in one state."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from mailings import announcement_mails, campaign_readers, campaigning
from mailings.campaign_readers import People, Standing
from mailings.models import Campaign, Frequency, OutgoingMail
from partners import time_zones
from partners.audience import Audience
from tests.factories import (
    NOW,
    AnnouncementFactory,
    LeadFactory,
    PartnerUserFactory,
    PreferencesFactory,
    RoleFactory,
    SubscriptionFactory,
    UserFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db
State = OutgoingMail.State
SINCE = NOW + timedelta(hours=1)  # after the mailing began


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def subscribed(name, **values):
    return SubscriptionFactory(user__name=name, user__email=f"{name}@example.org", **values).user


@pytest.fixture
def campaign() -> Campaign:
    """Two were written to; there is somebody in each standing. The author is one reader more."""
    author = subscribed("author", frequency=Frequency.DAILY)
    announcement = AnnouncementFactory(author=author)
    subscribed("sent")
    subscribed("skipped")
    subscribed("daily", frequency=Frequency.DAILY)
    subscribed("weekly", frequency=Frequency.WEEKLY)
    subscribed("stopped", frequency=Frequency.NEVER)
    PreferencesFactory(user=subscribed("narrowed"), languages=["es"])
    PartnerUserFactory(name="never-chose", email="never-chose@example.org")
    SubscriptionFactory(user__name="outside", user=UserFactory())
    subscribed("closed", user__is_active=False)
    found = campaigning.start(announcement.pk, None, NOW)
    late = subscribed("later", since=SINCE)
    SubscriptionFactory(user=late, topic=topic_called("events"))
    subscribed("later-digest", frequency=Frequency.DAILY, since=SINCE)
    found.mails.filter(reader__name="sent").update(
        state=State.SENT, answer="250 Taken", finished_at=NOW
    )
    found.mails.filter(reader__name="skipped").update(
        state=State.SKIPPED, answer=announcement_mails.LEFT, finished_at=NOW
    )
    return found


#: Name of a person of `campaign` → the state the person is in, where it is called otherwise
OTHERWISE = {"later-digest": "later", "author": "daily"}
EVERYBODY = {
    *("sent", "skipped", "daily", "weekly", "stopped", "narrowed", "never-chose", "author"),
    *("later", "later-digest"),
}


def test_each_person_of_the_audience_is_in_exactly_one_state(campaign):
    people = People(campaign, NOW)
    found = people[0:100]
    assert {one.name: one.state for one in found} == {
        name: OTHERWISE.get(name, name) for name in EVERYBODY
    }
    assert len(found) == people.count() == len(EVERYBODY)
    assert people.numbers == {"sent": 1, "skipped": 1, "daily": 2, "later": 2} | dict.fromkeys(
        ("weekly", "stopped", "narrowed", "never-chose"), 1
    )
    audience = Audience(campaign.announcement.audience).people(NOW)
    assert {one.address for one in found} == set(audience.values_list("email", flat=True))


def test_what_the_digests_leave_out_is_no_digest(campaign):
    """The standings agree with what the digests of this announcement would hold."""
    from mailings import digesting

    keys = set(Audience(campaign.announcement.audience).people(NOW).values_list("pk", flat=True))
    wanted = digesting._readers(campaign.announcement, keys, NOW)
    standings = dict(campaign_readers.others(campaign, NOW).values_list("pk", "standing"))
    assert wanted == {
        (pk, standing)
        for pk, standing in standings.items()
        if standing in (Standing.DAILY, Standing.WEEKLY)
    }


def test_who_changed_the_choice_since_keeps_the_state_of_the_mail(campaign):
    reader = campaign.mails.get(state=State.SENT).reader
    reader.subscriptions.update(frequency=Frequency.WEEKLY)
    assert People(campaign, NOW, "sent")[0:9] == [
        ("sent", "sent@example.org", "sent", "250 Taken", NOW)
    ]


def test_who_is_erased_stays_in_the_list(campaign):
    campaign.mails.filter(state=State.SENT).update(reader=None)
    [found] = People(campaign, NOW, state="sent")[0:9]
    assert (found.name, found.address) == (None, "sent@example.org")


def test_an_announcement_for_core_members_has_them_alone():
    announcement = AnnouncementFactory(audience="core")
    subscribed("partner")
    core = RoleFactory(user=UserFactory(name="core"), kind="core_member").user
    campaign = campaigning.start(announcement.pk, None, NOW)
    assert [one.name for one in People(campaign, NOW)[0:9]] == [core.name]


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_pages_hold_everybody_once_in_the_same_order(campaign, size):
    people = People(campaign, NOW)
    found = []
    for start in range(0, people.count(), size):
        found += people[start : start + size]
    assert found == people[0:100]
    assert [one.name for one in found[:3]] == ["sent", "skipped", "author"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("later", ["later", "later-digest"]),
        ("SENT@example", ["sent"]),
        ("digest later", ["later-digest"]),
        ("nobody", []),
    ],
)
def test_people_are_found_by_words_of_name_or_address(campaign, words, names):
    people = People(campaign, NOW, words)
    assert [one.name for one in people[0:9]] == names
    assert people.count() == len(names)


# The pages


@pytest.fixture
def lead(client):
    user = LeadFactory(name="Lead")
    client.force_login(user)
    return user


def readers(campaign) -> str:
    return reverse("announcement_campaign_readers", args=[campaign.announcement_id])


def test_the_lead_filters_and_searches(client, campaign, lead):
    page = client.get(readers(campaign), {"state": "skipped"})
    assert [one.name for one in page.context["page"]] == ["skipped"]
    assert announcement_mails.LEFT in page.content.decode()
    page = client.get(readers(campaign), {"q": "later", "state": "later"})
    assert [one.name for one in page.context["page"]] == ["later", "later-digest"]
    assert page.context["groups"] == [
        ("Written to", []),
        ("Everybody else", [("later", "Chose this topic afterwards", 2)]),
    ]


def test_a_state_that_is_none_is_said_and_shows_all(client, campaign, lead):
    page = client.get(readers(campaign), {"state": "asleep"})
    assert page.context["page"].paginator.count == len(EVERYBODY)
    assert "There is no state of this name" in page.content.decode()


def test_times_are_those_of_the_reader_of_the_page(client, campaign, lead):
    campaign.mails.filter(state=State.SENT).update(finished_at="2026-03-09T22:30:00Z")
    address = readers(campaign)
    assert "9 March 2026, 22:30" in client.get(address).content.decode()
    PreferencesFactory(user=lead, time_zone="Asia/Tokyo")
    page = client.get(address).content.decode()
    assert "10 March 2026, 07:30" in page and "Asia/Tokyo (UTC+9)" in page
    client.cookies[time_zones.COOKIE] = "America/Lima"
    page = client.get(address).content.decode()
    assert "9 March 2026, 17:30" in page and "America/Lima (UTC−5)" in page


def test_the_page_of_the_mailing_says_what_became_of_all_others(client, campaign, lead):
    page = client.get(reverse("announcement_campaign", args=[campaign.announcement_id]))
    assert page.context["others"] == [
        ("daily", "Gets it in a daily digest", 2),
        ("weekly", "Gets it in a weekly digest", 1),
        ("narrowed", "Narrowed it away", 1),
        ("stopped", "Stopped this topic", 1),
        ("never-chose", "Never chose", 1),
        ("later", "Chose this topic afterwards", 2),
    ]
    words = page.content.decode()
    assert f"{readers(campaign)}?state=narrowed" in words and readers(campaign) in words


def test_the_file_has_everybody(client, campaign, lead):
    address = reverse("announcement_campaign_csv", args=[campaign.announcement_id])
    lines = b"".join(client.get(address)).decode("utf-8-sig").splitlines()
    assert lines[0] == "Name,Address,State,Why,Time (UTC)"
    assert f"skipped,skipped@example.org,Not sent,{announcement_mails.LEFT}," in lines[2]
    assert "narrowed,narrowed@example.org,Narrowed it away,," in lines
    assert len(lines) == 1 + len(EVERYBODY)


@pytest.mark.parametrize("name", ["announcement_campaign_readers", "announcement_campaign_csv"])
def test_nobody_but_the_lead_reads_it(client, campaign, name):
    client.force_login(campaign.announcement.author)
    assert client.get(reverse(name, args=[campaign.announcement_id])).status_code == 403


def test_many_people_take_the_same_queries(
    client, campaign, lead, django_assert_num_queries, django_assert_max_num_queries
):
    client.get(readers(campaign))
    with django_assert_max_num_queries(20) as first:
        client.get(readers(campaign))
    SubscriptionFactory.create_batch(5, frequency=Frequency.WEEKLY)
    with django_assert_num_queries(len(first)):
        client.get(readers(campaign))
