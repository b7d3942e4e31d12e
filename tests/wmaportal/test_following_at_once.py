"""What is followed at once: one mail with all that is new, each hour at most."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.translation import get_language, gettext

from mailings import delivery, digesting, following, retention, topics
from mailings.models import Digest, DigestNews, Follow, Frequency, OutgoingMail, StopLink
from partners.models import Country, User
from tests.factories import (
    AnnouncementFactory,
    ExpertFactory,
    NeedFactory,
    PartnerUserFactory,
    PreferencesFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: No hour at which a digest begins
NOW = datetime(2026, 12, 2, 15, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def person():
    return UserFactory()


def at_once(by: User, kind="country", key="KE") -> Follow:
    follow = following.begin(kind, key, by, NOW - DAY)
    following.set_frequency(follow.pk, Frequency.AT_ONCE, by, NOW - DAY)
    return Follow.objects.get(pk=follow.pk)


def letter(mail: OutgoingMail | None = None):
    mail = mail or OutgoingMail.objects.latest("pk")
    return digesting.letters([mail], NOW)[mail.pk]


def shown() -> list[tuple[str, list[str]]]:
    followed = letter().context["followed"]
    return [(thing.name, [one.title for one in items]) for thing, items in followed]


# When, and how many


def test_forty_new_results_are_one_mail_and_none_comes_twice(person):
    at_once(person, "expert-search", "region=africa")
    experts = [ExpertFactory(country_id="KE") for _n in range(40)]

    assert digesting.write_due(NOW) == 1
    [(name, titles)] = shown()
    assert (name, sorted(titles)) == ("Experts: Africa", sorted(one.name for one in experts))
    assert letter().context["number"] == 40
    assert [digesting.write_due(NOW + hours * HOUR) for hours in range(1, 5)] == [0] * 4


def test_all_things_of_a_person_are_one_mail(person):
    for key in ("KE", "JP"):
        at_once(person, key=key)
        NeedFactory(country_id=key, title=f"A store in {key}")
    assert digesting.write_due(NOW) == 1
    assert shown() == [("Japan", ["A store in JP"]), ("Kenya", ["A store in KE"])]


def test_there_is_one_mail_an_hour_at_most(person):
    at_once(person)
    NeedFactory(country_id="KE", title="A store")
    assert digesting.write_due(NOW) == 1
    NeedFactory(country_id="KE", title="Training")
    assert digesting.write_due(NOW.replace(minute=59)) == 0
    assert digesting.write_due(NOW.replace(hour=16, minute=0)) == 1
    assert shown() == [("Kenya", ["Training"])]


def test_what_is_followed_once_a_day_or_week_waits_for_its_digest(person):
    following.begin("country", "KE", person, NOW - 9 * DAY)
    digesting.write_due(NOW)
    NeedFactory(country_id="KE", title="A store")
    assert digesting.write_due(NOW + HOUR) == 0


def test_announcements_that_come_at_once_are_not_in_it():
    partner = PartnerUserFactory()
    announcement = AnnouncementFactory(published_at=NOW - HOUR)
    partner.subscriptions.create(
        topic=announcement.topic,
        frequency=Frequency.AT_ONCE,
        since=NOW - 9 * DAY,
        changed_at=NOW - 9 * DAY,
    )
    at_once(partner)
    assert digesting.write_due(NOW) == 0
    NeedFactory(country_id="KE", title="A store")
    digesting.write_due(NOW + HOUR)
    assert (letter().context["groups"], letter().context["number"]) == ([], 1)


def test_nothing_is_sent_where_nothing_is_new_or_nobody_may_sign_in(person):
    at_once(person)
    assert digesting.write_due(NOW) == 0
    NeedFactory(country_id="KE")
    User.objects.update(is_active=False)
    assert digesting.write_due(NOW + HOUR) == 0


@pytest.mark.django_db(transaction=True)
def test_three_schedulers_write_one_mail_an_hour():
    people = [UserFactory() for _n in range(10)]
    for one in people:
        at_once(one)

    def schedule(moment):
        try:
            digesting.write_due(moment)
        finally:
            connection.close()

    for hours in range(3):
        NeedFactory(country_id="KE", title=f"Need {hours}")
        moment = NOW + hours * HOUR
        threads = [threading.Thread(target=schedule, args=[moment]) for _n in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    assert OutgoingMail.objects.count() == 30
    told = DigestNews.objects.filter(digest__mail__isnull=False)
    assert {len(one.items) for one in told} == {1}
    assert len(set(told.values_list("follow", "items__0"))) == told.count() == 30


def test_looks_without_news_are_forgotten_after_a_day(person):
    at_once(person)
    for hours in (0, 1, 30):
        digesting.write_due(NOW + hours * HOUR)
    assert Digest.objects.filter(frequency=Frequency.AT_ONCE, mail=None).count() == 3
    assert retention.forget(NOW + 30 * HOUR)["empty digests dropped"] == 2
    assert digesting.write_due(NOW + 30 * HOUR) == 0


# One click, and choosing


def test_one_click_stops_what_comes_at_once_and_starts_it_again(person):
    NeedFactory(country_id="KE", title="Known")
    follow, weekly = at_once(person), following.begin("country", "JP", person, NOW - DAY)
    announcement = AnnouncementFactory()
    person.subscriptions.create(topic=announcement.topic, frequency=Frequency.AT_ONCE)
    NeedFactory(country_id="KE", title="A store")
    digesting.write_due(NOW)
    link = StopLink.objects.get(token=letter().stop)
    topic = topics.get(link.topic)

    topic.stop(link.object_id, NOW)
    assert topic.is_stopped(link.object_id)
    assert dict(Follow.objects.values_list("pk", "frequency")) == {
        follow.pk: "never",
        weekly.pk: "weekly",
    }
    assert person.subscriptions.get().frequency == "at_once"
    assert letter() == digesting.Skip("Nothing of it is to be said any more.")

    topic.start(link.object_id, NOW + HOUR)
    follow.refresh_from_db()
    assert (follow.frequency, topic.is_stopped(link.object_id)) == ("at_once", False)


@pytest.mark.parametrize("frequency", ["at_once", "daily", "weekly"])
def test_what_was_new_while_it_was_stopped_is_not_sent(person, frequency):
    follow = following.begin("country", "KE", person, NOW - 40 * DAY)
    following.set_frequency(follow.pk, frequency, person, NOW - 40 * DAY)
    topic = topics.get(digesting.TOPICS[frequency])
    topic.stop(person.pk, NOW - 30 * DAY)
    NeedFactory(country_id="KE", title="Meanwhile")
    topic.start(person.pk, NOW - 9 * DAY)
    assert digesting.write_due(NOW) == 0

    following.set_frequency(follow.pk, Frequency.NEVER, person, NOW)
    NeedFactory(country_id="KE", title="Meanwhile, too")
    following.set_frequency(follow.pk, frequency, person, NOW)
    assert digesting.write_due(NOW + 8 * DAY) == 0


def test_ten_things_at_once_are_as_many_as_can_be(person):
    for country in Country.objects.all()[:10]:
        at_once(person, key=country.pk)
    last = Country.objects.all()[10]
    with pytest.raises(following.Refused, match="10 things at once"):
        at_once(person, key=last.pk)
    assert person.follows.get(key=last.pk).frequency == "weekly"


def test_the_list_offers_four_answers_and_keeps_what_is_chosen(person):
    follow = following.begin("country", "KE", person, NOW - DAY)
    client = Client()
    client.force_login(person)
    address = reverse("follow_frequency", args=[follow.pk])
    for frequency in ("at_once", "daily", "weekly", "never"):
        page = client.post(address, {"frequency": frequency}, follow=True).content.decode()
        follow.refresh_from_db()
        assert follow.frequency == frequency
        assert f'name="frequency" value="{frequency}" aria-pressed="true"' in page
    client.post(address, {"frequency": "hourly"})
    follow.refresh_from_db()
    assert (follow.frequency, follow.frequency_before) == ("never", "weekly")


# What it says


@pytest.mark.parametrize(
    ("language", "says", "why"),
    [
        ("en", "this is new in what you follow.", "hear at once of what you follow."),
        ("fr", "voici ce qui est nouveau", "tout de suite"),
        ("es", "esto es lo nuevo", "enseguida"),
    ],
)
def test_it_says_so_in_the_language_of_the_reader(settings, person, language, says, why):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    PreferencesFactory(user=person, language=language)
    at_once(person)
    NeedFactory(country_id="KE", title="A store (example)")
    digesting.write_due(NOW)

    delivery.deliver(5)

    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.subject) == ("sent", "A store (example)")
    message = message_from_bytes(bytes(mail.content), policy=policy.default)
    for form in ("plain", "html"):
        words = " ".join(message.get_body([form]).get_content().split())
        assert [part in words for part in (says, why, "A store (example)")] == [True] * 3


def test_things_and_items_are_named_in_the_language_of_each_reader(monkeypatch):
    readers = {language: UserFactory() for language in ("fr", "en", "es")}
    for language, reader in readers.items():
        PreferencesFactory(user=reader, language=language)
        at_once(reader, "expert-search", "region=africa")
    ExpertFactory(country_id="KE")
    kind = following.kind_of("expert-search")

    def items(key, user, codes):
        return [replace(one, title=gettext("Africa")) for one in kind.items(key, user, codes)]

    monkeypatch.setitem(following._kinds, "expert-search", replace(kind, items=items))
    assert digesting.write_due(NOW) == 3
    mails = list(OutgoingMail.objects.all())
    letters = digesting.letters(mails, NOW)
    followed = {mail.language: letters[mail.pk].context["followed"] for mail in mails}
    words = {
        language: (thing.name.partition(": ")[2], item.title)
        for language, [(thing, [item])] in followed.items()
    }
    assert words == {
        "fr": ("Afrique", "Afrique"),
        "en": ("Africa", "Africa"),
        "es": ("África", "África"),
    }
    assert get_language() == "en"
