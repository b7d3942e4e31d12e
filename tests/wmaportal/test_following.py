"""Following: what is new of a country, a document, an expert or a search comes with the digest."""

import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from experts.models import Expert
from mailings import digesting, following, outbox, topics
from mailings.models import Digest, DigestNews, Follow, Frequency, OutgoingMail
from partners.models import User
from tests.factories import (
    AnnouncementFactory,
    DocumentFactory,
    ExpertFactory,
    LeadFactory,
    MeetingFactory,
    MissionFactory,
    NeedFactory,
    PartnerUserFactory,
    PracticeFactory,
    UserFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: A Monday at eight in the morning
NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
#: What can be followed → its list, and a search of it
LISTS = {
    "need-search": ("/advice/needs/", "region=africa&status=open"),
    "mission-search": ("/advice/missions/", "status=done"),
    "meeting-search": ("/meetings/", "kind=webinar"),
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def person():
    return UserFactory()


def begun(kind: str, key, by) -> Follow:
    """Followed since yesterday."""
    return following.begin(kind, str(key), by, NOW - DAY)


def items_of_news(follow: Follow) -> list[following.Item]:
    follow = Follow.objects.get(pk=follow.pk)
    _thing, items = following.look(follow, following.news_of(follow))
    return items


def news(follow: Follow) -> list[str]:
    return [one.title for one in items_of_news(follow)]


# What can be followed


def test_of_a_country_everything_is_new_that_every_floor_has_about_it(person):
    NeedFactory(country_id="KE", title="Known")
    follow = begun("country", "ke", person)
    assert (follow.key, follow.name, news(follow)) == ("KE", "Kenya", [])

    NeedFactory(country_id="KE", title="A store")
    PracticeFactory(version={"country_id": "KE", "title": "Collecting lamps"})
    DocumentFactory(title="Guide", countries=["KE"])
    MeetingFactory(country_id="KE", title="Nairobi")
    AnnouncementFactory(title="Grant", audience="public").countries.set(["KE"])
    NeedFactory(country_id="JP", title="Elsewhere")

    assert news(follow) == ["A store", "Collecting lamps", "Guide", "Nairobi", "Grant"]


def test_what_the_person_may_not_see_is_no_news(person):
    follow = begun("country", "KE", person)
    MeetingFactory(country_id="KE", audience="partners")
    MeetingFactory(country_id="KE", status="draft")
    AnnouncementFactory(audience="partners").countries.set(["KE"])
    assert news(follow) == []


def test_a_document_has_its_new_versions_as_news(person):
    document = DocumentFactory(title="Guide")
    follow = begun("document", document.code, person)
    VersionFactory(document=document, number=2)
    VersionFactory(document=document, number=3, published=False)
    assert news(follow) == ["Version 2 of “Guide”"]


def test_an_expert_has_new_good_practices_as_news(person):
    expert = ExpertFactory()
    follow = begun("practices-of-expert", expert.pk, person)
    practice = PracticeFactory(version={"title": "Collecting lamps"})
    practice.current.resource_persons.update(expert=expert)
    assert news(follow) == ["Collecting lamps"]


def test_a_search_has_who_newly_fits_as_news_and_is_one_however_it_is_spelt(person):
    ExpertFactory(country_id="KE")
    follow = begun("expert-search", "sort=name&region=africa&page=2", person)
    assert follow == begun("expert-search", "region=africa", person)
    assert follow.name == "Experts: Africa"

    new = ExpertFactory(country_id="KE")
    ExpertFactory(country_id="JP")
    assert news(follow) == [new.name]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("country", "XX"),
        ("document", "none"),
        ("practices-of-expert", "x"),
        ("practices-of-expert", "999999"),
        ("expert-search", ""),
        ("expert-search", "planet=mars"),
        ("planet", "mars"),
        ("need-search", "planet=mars"),
        ("need-search", "status=awaiting"),
        ("mission-search", "status=draft"),
        ("meeting-search", "kind=magic&year=never"),
        ("country", "K\0"),
        ("document", "\0"),
        ("practices-of-expert", "9" * 30),
        ("expert-search", "region=%00"),
    ],
)
def test_what_is_not_there_cannot_be_followed(person, kind, key):
    with pytest.raises(following.Refused, match="cannot be followed"):
        begun(kind, key, person)


@pytest.mark.parametrize("kind", ["expert-search", "document-search", "meeting-search"])
@pytest.mark.parametrize("words", ["見" * 200, "%00"])
def test_no_search_is_too_long_or_too_odd_to_be_answered(person, kind, words):
    with pytest.raises(following.Refused):
        begun(kind, f"q={words}", person)


@pytest.mark.parametrize(
    ("kind", "factory", "query", "name", "others"),
    [
        (
            "need-search",
            NeedFactory,
            "region=africa&q=waste&status=open",
            "Needs of countries: “waste”, Open, Africa",
            {"country_id": "JP"},
        ),
        (
            "mission-search",
            MissionFactory,
            "country=KE&year=2025",
            "Missions and joint projects: Kenya, 2025",
            {"country_id": "JP"},
        ),
        (
            "meeting-search",
            MeetingFactory,
            "kind=webinar&kind=core",
            "Meetings: Meeting of core members, Webinar",
            {"kind": "survey"},
        ),
    ],
)
def test_what_newly_fits_a_search_of_a_list_is_news(person, kind, factory, query, name, others):
    fits = {"title": "Of waste", "country_id": "KE"}
    fits |= {"need-search": {"status": "open"}, "mission-search": {"year": 2025}}.get(
        kind, {"kind": "webinar"}
    )
    factory(**fits)
    follow = begun(kind, query, person)
    assert (follow.name, news(follow)) == (name, [])
    new = factory(**fits)
    factory(**fits | others)
    assert [one.url for one in items_of_news(follow)] == [new.get_absolute_url()]


@pytest.mark.parametrize(
    ("kind", "factory", "name"),
    [
        ("need-search", NeedFactory, "Needs of countries"),
        ("mission-search", MissionFactory, "Missions and joint projects"),
        ("meeting-search", MeetingFactory, "Meetings"),
    ],
)
def test_a_list_is_followed_as_a_whole(person, kind, factory, name):
    factory()
    follow = begun(kind, "all", person)
    assert follow == begun(kind, "page=2&q=", person)
    assert (follow.key, follow.name, news(follow)) == ("all", name, [])
    new = factory()
    assert news(follow) == [str(new)]


def test_of_a_list_nobody_hears_what_the_pages_do_not_show_the_person(person):
    lead = LeadFactory()
    follows = [begun(kind, "all", one) for kind in LISTS for one in (person, lead)]
    NeedFactory(status="awaiting")
    MissionFactory(status="draft")
    MeetingFactory(status="draft")
    assert [news(one) for one in follows] == [[]] * len(follows)

    meeting = MeetingFactory(audience="core", title="Of the core")
    of_meetings = {one.user: news(one) for one in follows if one.kind == "meeting-search"}
    assert of_meetings == {person: [], lead: [meeting.title]}


@pytest.mark.parametrize(("kind", "key"), [("expert-search", "region=africa"), ("country", "KE")])
def test_of_a_long_search_what_stands_last_is_news_and_what_moves_up_is_none(
    monkeypatch, person, kind, key
):
    monkeypatch.setattr(following, "ITEMS_AT_MOST", 2)
    factory, title = (
        (ExpertFactory, "name") if kind == "expert-search" else (MeetingFactory, "title")
    )
    rows = [factory(country_id="KE", **{title: name}) for name in "ABCD"]
    follow = begun(kind, key, person)
    rows[0].delete()
    rows[3].delete()
    assert news(follow) == []
    factory(country_id="KE", **{title: "Z"})
    if kind == "country":  # needs stand before meetings, whatever is new
        NeedFactory.create_batch(2, country_id="KE", title="A need")
        assert sorted(news(follow)) == ["A need", "A need"]
        digesting.write_due(NOW)
    assert news(follow) == ["Z"]


def test_there_are_fifty_at_most(person):
    Follow.objects.bulk_create(
        [Follow(user=person, kind="country", key=f"{n}", name="x") for n in range(50)]
    )
    with pytest.raises(following.Refused, match="as many as can be"):
        begun("country", "KE", person)


# With the digest


def shown() -> list[tuple[str, list[str]]]:
    mail = OutgoingMail.objects.latest("pk")
    letter = digesting.letters([mail], NOW)[mail.pk]
    return [
        (thing.name, [one.title for one in items]) for thing, items in letter.context["followed"]
    ]


def test_news_come_once_a_week_and_once_only(person):
    follow = begun("country", "KE", person)
    NeedFactory(country_id="KE", title="A store")

    assert digesting.write_due(NOW) == 1
    assert shown() == [("Kenya", ["A store"])]
    assert digesting.write_due(NOW + 7 * DAY) == 0

    NeedFactory(country_id="KE", title="Training")
    assert digesting.write_due(NOW + 14 * DAY) == 1
    assert shown() == [("Kenya", ["Training"])]
    assert Digest.objects.exclude(mail=None).count() == 2
    assert news(follow) == []


def test_what_is_new_after_the_look_of_the_morning_comes_in_the_next_digest(person):
    follow = begun("country", "KE", person)
    following.set_frequency(follow.pk, Frequency.DAILY, person, NOW - DAY)
    assert digesting.write_due(NOW) == 0
    NeedFactory(country_id="KE", title="A store")
    assert [digesting.write_due(NOW + hours * HOUR) for hours in range(1, 23)] == [0] * 22
    assert digesting.write_due(NOW + DAY) == 1
    assert shown() == [("Kenya", ["A store"])]


def test_what_is_followed_since_this_morning_is_not_looked_at_before_the_next(person):
    following.begin("country", "KE", person, NOW)
    NeedFactory(country_id="KE", title="A store")
    assert digesting.write_due(NOW + HOUR) == 0
    assert digesting.write_due(NOW + 7 * DAY) == 1


def test_what_is_gone_or_hidden_when_the_mail_leaves_is_left_out(person):
    begun("expert-search", "region=africa", person)
    gone, stays = ExpertFactory(country_id="KE"), ExpertFactory(country_id="KE")
    digesting.write_due(NOW)
    Expert.objects.filter(pk=gone.pk).update(status=Expert.Status.UNLISTED)
    assert shown() == [("Experts: Africa", [stays.name])]


def elsewhere(do):
    """At the same time, in a connection of its own."""

    def run():
        try:
            do()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_who_follows_no_more_during_the_look_is_not_told_and_others_are(monkeypatch):
    ends, stops, stays, anew = [begun("country", "KE", UserFactory()) for _n in range(4)]
    begun("country", "JP", stays.user)
    for country in ("KE", "JP"):
        NeedFactory(country_id=country, title=f"A store in {country}")
    look = digesting._news

    def changes():
        following.end(ends.pk, ends.user)
        following.set_frequency(stops.pk, Frequency.NEVER, stops.user, NOW)
        following.stop_all(anew.user_id)
        following.start(anew.user_id, Frequency.WEEKLY, NOW)

    def looks(batch):
        found = look(batch)
        elsewhere(changes)
        return found

    monkeypatch.setattr(digesting, "_news", looks)
    assert digesting.write_due(NOW) == 1
    assert shown() == [("Japan", ["A store in JP"]), ("Kenya", ["A store in KE"])]
    assert set(DigestNews.objects.values_list("follow__user", flat=True)) == {stays.user_id}
    assert news(stops) == ["A store in KE"]


@pytest.mark.parametrize("wrong", [ZeroDivisionError, DatabaseError])
def test_where_a_look_breaks_the_others_are_told_and_it_is_told_by_the_next(
    monkeypatch, person, caplog, wrong
):
    begun("country", "KE", person)
    begun("country", "JP", person)
    for country in ("KE", "JP"):
        NeedFactory(country_id=country, title=f"A store in {country}")
    look = following.news_of

    def looks(follow):
        if follow.key == "JP":
            if wrong is DatabaseError:
                connection.cursor().execute("SELECT 1 / 0")
            raise wrong
        return look(follow)

    monkeypatch.setattr(following, "news_of", looks)
    assert digesting.write_due(NOW) == 1
    assert shown() == [("Kenya", ["A store in KE"])]
    assert "cannot be looked at" in caplog.text

    monkeypatch.setattr(following, "news_of", look)
    assert digesting.write_due(NOW + 7 * DAY) == 1
    assert shown() == [("Japan", ["A store in JP"])]


def test_a_thing_is_found_once_when_its_news_leave(monkeypatch, person):
    begun("country", "KE", person)
    NeedFactory(country_id="KE", title="A store")
    digesting.write_due(NOW)
    kind = following.kind_of("country")
    calls = []

    def counted(name):
        def call(key, user):
            calls.append(name)
            return getattr(kind, name)(key, user)

        return call

    counting = replace(kind, find=counted("find"), items=counted("items"))
    monkeypatch.setitem(following._kinds, "country", counting)
    assert shown() == [("Kenya", ["A store"])]
    begun("country", "JP", person)
    assert calls == ["find", "items"] * 2


def test_nothing_of_it_leaves_to_who_may_not_sign_in_any_more(person):
    begun("country", "KE", person)
    NeedFactory(country_id="KE", title="A store")
    digesting.write_due(NOW)
    User.objects.filter(pk=person.pk).update(is_active=False)
    mail = OutgoingMail.objects.get()
    assert isinstance(digesting.letters([mail], NOW)[mail.pk], outbox.Skip)


def test_announcements_and_what_is_followed_are_one_mail():
    partner = PartnerUserFactory()
    begun("country", "KE", partner)
    Follow.objects.update(frequency=Frequency.DAILY)
    NeedFactory(country_id="KE", title="A store")
    partner.subscriptions.create(
        topic_id=AnnouncementFactory(published_at=NOW - 2 * DAY).topic_id,
        frequency=Frequency.DAILY,
        since=NOW - 9 * DAY,
    )
    assert digesting.write_due(NOW) == 1


def test_what_is_new_in_several_ways_stands_once_in_a_mail():
    partner = PartnerUserFactory()
    for kind, key in (("country", "KE"), ("need-search", "all"), ("need-search", "region=africa")):
        following.begin(kind, key, partner, NOW - 9 * DAY)
    announcement = AnnouncementFactory(title="Grant", published_at=NOW - 2 * DAY)
    announcement.countries.set(["KE"])
    partner.subscriptions.create(
        topic=announcement.topic,
        frequency=Frequency.WEEKLY,
        since=NOW - 9 * DAY,
        changed_at=NOW - 9 * DAY,
    )
    NeedFactory(country_id="KE", title="A store")
    NeedFactory(country_id="JP", title="Elsewhere")

    digesting.write_due(NOW)

    mail = OutgoingMail.objects.get()
    letter = digesting.letters([mail], NOW)[mail.pk]
    [(_topic, [entry])] = letter.context["groups"]
    assert (entry.announcement, letter.context["number"]) == (announcement, 3)
    assert shown() == [("Kenya", ["A store"]), ("Needs of countries", ["Elsewhere"])]


def test_one_click_on_the_digest_stops_what_is_followed_too(person):
    follow = begun("country", "KE", person)
    weekly = topics.get("weekly-digest")
    weekly.stop(person.pk, NOW)
    follow.refresh_from_db()
    assert (follow.frequency, weekly.is_stopped(person.pk)) == ("never", True)
    weekly.start(person.pk, NOW)
    follow.refresh_from_db()
    assert follow.frequency == "weekly"


@pytest.mark.parametrize(
    "change",
    [
        lambda follow: following.end(follow.pk, follow.user),
        lambda follow: following.set_frequency(follow.pk, "never", follow.user, NOW),
        lambda follow: following.set_frequency(follow.pk, "daily", follow.user, NOW),
        lambda follow: following.stop_all(follow.user_id),
    ],
)
def test_a_change_takes_the_mail_out_of_the_claim_of_a_worker(
    person, change, django_capture_on_commit_callbacks
):
    follow = begun("country", "KE", person)
    NeedFactory(country_id="KE", title="A store")
    digesting.write_due(NOW)
    OutgoingMail.objects.update(claimed_by=uuid.uuid4(), lease_until=NOW + HOUR)
    with django_capture_on_commit_callbacks(execute=True):
        change(follow)
        assert OutgoingMail.objects.get().claimed_by
    mail = OutgoingMail.objects.get()
    assert (mail.claimed_by, mail.lease_until) == (None, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["end", "stop_all"])
def test_where_the_change_breaks_the_mail_keeps_its_claim(person, change, monkeypatch):
    """The claim is taken after the commit, and there is none."""
    follow = begun("country", "KE", person)
    asked = []

    def breaks(**whose):
        asked.append(connection.in_atomic_block)
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "ask_again_on_commit", breaks)
    with pytest.raises(ZeroDivisionError):
        following.end(follow.pk, person) if change == "end" else following.stop_all(person.pk)
    follow.refresh_from_db()
    assert (follow.frequency, asked) == ("weekly", [True])


def test_what_is_stopped_or_started_is_locked_in_the_order_of_a_digest(person):
    """Their names have the other order than their keys."""
    follows = [begun("country", key, person) for key in ("KE", "JP")]
    with CaptureQueriesContext(connection) as captured:
        following.stop(person.pk, Frequency.WEEKLY)
        following.start(person.pk, Frequency.WEEKLY, NOW)
        following.stop_all(person.pk)
    locks = [one["sql"] for one in captured if "FOR NO KEY UPDATE" in one["sql"]]
    assert ['"name"' in one.partition(" ORDER BY ")[2] for one in locks] == [False] * 3
    assert {Follow.objects.get(pk=one.pk).frequency for one in follows} == {"never"}


# On the pages


@pytest.fixture
def client(person):
    client = Client()
    client.force_login(person)
    return client


def test_a_button_on_the_page_begins_and_ends_it(client, person):
    address = reverse("country_detail", args=["ke"])
    assert reverse("follow", args=["country"]) in client.get(address).content.decode()

    answer = client.post(reverse("follow", args=["country"]), {"key": "KE"}, follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert "You follow “Kenya”" in answer.content.decode()
    follow = person.follows.get()
    assert "You follow this." in client.get(address).content.decode()

    answer = client.post(reverse("follow_end", args=[follow.pk]), follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert person.follows.count() == 0


def test_visitors_are_offered_nothing():
    page = Client().get(reverse("country_detail", args=["ke"])).content.decode()
    assert reverse("follow", args=["country"]) not in page


@pytest.mark.parametrize("query", ["?region=africa", "?region=africa&q=nobody-is-called-so"])
def test_a_search_is_followed_from_its_list_also_where_nothing_is_found(client, query):
    ExpertFactory(country_id="KE")
    page = client.get(reverse("expert_list") + query).content.decode()
    assert reverse("follow", args=["expert-search"]) in page
    assert (
        reverse("follow", args=["expert-search"])
        not in client.get(reverse("expert_list")).content.decode()
    )


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_and_a_search_of_it_are_followed_from_their_page(client, person, kind):
    address, query = LISTS[kind]
    follow = reverse("follow", args=[kind])
    assert follow not in Client().get(address).content.decode()
    for asked, key, label in (
        ("", "all", "Follow: hear of what is new"),
        (query, query, "Follow this search: hear of what is new"),
        ("q=nothing-is-called-so", "q=nothing-is-called-so", "Follow this search"),
        ("year=never", "all", "Follow: hear of what is new"),
    ):
        page = client.get(f"{address}?{asked}").content.decode()
        assert (follow in page, f'name="key" value="{escape(key)}"' in page) == (True, True)
        assert label in page
        answer = client.post(follow, {"key": key}, follow=True)
        back = address if key == "all" else f"{address}?{key}"
        assert answer.redirect_chain == [(back, 302)]
        assert "You follow this." in answer.content.decode()
        person.follows.all().delete()


def test_the_list_changes_how_often_and_nobody_changes_that_of_another(client, person):
    own, other = begun("country", "KE", person), begun("country", "KE", UserFactory())
    for follow in (own, other):
        client.post(reverse("follow_frequency", args=[follow.pk]), {"frequency": "daily"})
        client.post(reverse("follow_end", args=[other.pk]))
    client.post(reverse("follow_frequency", args=[own.pk]), {"frequency": "hourly"})
    assert dict(Follow.objects.values_list("pk", "frequency")) == {
        own.pk: "daily",
        other.pk: "weekly",
    }
