"""Choosing what one gets by mail, stopping it with one click, and starting it again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from experts import reminders
from mailings import inbound, subscribing, topics
from mailings.models import (
    AnnouncementTopic,
    Frequency,
    Preferences,
    StopLink,
    Subscription,
)
from partners import vocabulary
from partners.models import Term
from partners.refusals import Refused
from tests.factories import (
    NOW,
    AnnouncementFactory,
    ExpertFactory,
    LeadFactory,
    PartnerUserFactory,
    SubscriptionFactory,
    UserFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
NOTHING_SPECIAL = {
    "language": "en",
    "time_zone": "UTC",
    "regions": [],
    "countries": [],
    "terms": [],
    "languages": [],
}


def how_often(user) -> dict[str, str]:
    rows = Subscription.objects.filter(user=user).order_by("topic__position")
    return dict(rows.values_list("topic__code", "frequency"))


def token_of(subscription) -> str:
    return topics.tokens(subscribing.TOPIC, [subscription.pk])[subscription.pk]


# Choosing


def test_what_is_chosen_is_written_for_each_topic_and_for_all():
    user, term = PartnerUserFactory(), Term.objects.exclude(parent=None).first()
    projects, events = topic_called("projects"), topic_called("events")

    subscribing.choose(
        user.pk,
        {projects.pk: "at_once", events.pk: "never"},
        {
            "language": "fr",
            "time_zone": "Africa/Nairobi",
            "regions": ["africa"],
            "countries": ["JP"],
            "terms": [term.pk],
            "languages": ["en", "fr"],
        },
        NOW,
    )

    assert how_often(user) == {"projects": "at_once", "events": "never"}
    kept = Preferences.objects.get(user=user)
    assert (kept.language, kept.time_zone, kept.chosen_at) == ("fr", "Africa/Nairobi", NOW)
    assert (kept.regions, kept.languages) == (["africa"], ["en", "fr"])
    assert list(kept.countries.values_list("pk", flat=True)) == ["JP"]
    assert list(kept.terms.all()) == [term]


def test_a_second_choice_takes_the_place_of_the_first():
    row = SubscriptionFactory()
    choice = {**NOTHING_SPECIAL, "countries": ["JP"], "regions": ["africa"]}
    subscribing.choose(row.user_id, {}, choice, NOW)

    subscribing.choose(row.user_id, {row.topic_id: "weekly"}, NOTHING_SPECIAL, LATER)

    row.refresh_from_db()
    kept = Preferences.objects.get(user=row.user)
    assert (row.frequency, row.changed_at, kept.chosen_at) == ("weekly", LATER, LATER)
    assert (kept.regions, kept.countries.count()) == ([], 0)


def test_what_is_chosen_again_keeps_the_day_on_which_it_was_first():
    row = SubscriptionFactory()

    subscribing.choose(row.user_id, {row.topic_id: "at_once"}, None, NOW)

    row.refresh_from_db()
    assert row.changed_at == NOW - timedelta(days=30)
    assert not Preferences.objects.exists()


def test_a_topic_that_is_not_named_stays_as_it_was():
    row = SubscriptionFactory(topic=topic_called("events"))

    subscribing.choose(row.user_id, {topic_called().pk: "daily"}, None, NOW)

    assert how_often(row.user) == {"projects": "daily", "events": "at_once"}


def test_a_change_holds_for_the_very_next_mail():
    row, announcement = SubscriptionFactory(), AnnouncementFactory()
    announcement.countries.set(["KE"])
    fitting = Subscription.objects.fitting(announcement).filter(pk=row.pk)
    assert fitting.exists()

    subscribing.choose(row.user_id, {}, {**NOTHING_SPECIAL, "countries": ["JP"]}, NOW)
    assert not fitting.exists()

    subscribing.choose(row.user_id, {}, NOTHING_SPECIAL, NOW)
    assert fitting.exists()

    subscribing.choose(row.user_id, {row.topic_id: "never"}, None, NOW)
    assert not fitting.exists()

    subscribing.start(row.pk, NOW)
    assert fitting.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "de"},
        {"time_zone": "Mars/Olympus"},
        {"regions": ["mars"]},
        {"countries": ["XX"]},
        {"terms": [987654]},
        {"languages": ["xx"]},
    ],
)
def test_what_no_mail_could_be_written_with_is_refused_and_nothing_is_kept(wrong):
    user = PartnerUserFactory()

    with pytest.raises(Refused):
        subscribing.choose(user.pk, {topic_called().pk: "daily"}, NOTHING_SPECIAL | wrong, NOW)


@pytest.mark.parametrize("frequencies", [{987654: "daily"}, {None: "daily"}])
def test_a_topic_that_is_gone_is_refused(frequencies):
    with pytest.raises(Refused):
        subscribing.choose(PartnerUserFactory().pk, frequencies, None, NOW)


def test_an_unknown_frequency_is_refused():
    with pytest.raises(Refused):
        subscribing.choose(PartnerUserFactory().pk, {topic_called().pk: "hourly"}, None, NOW)


def test_a_sign_in_that_is_closed_or_gone_chooses_nothing():
    for key in (PartnerUserFactory(is_active=False).pk, 987654):
        with pytest.raises(Refused):
            subscribing.choose(key, {topic_called().pk: "daily"}, None, NOW)


def test_nobody_is_subscribed_by_becoming_a_partner():
    user = PartnerUserFactory()

    assert how_often(user) == {}
    assert not Subscription.objects.fitting(AnnouncementFactory()).exists()
    assert subscribing.choice_of(user.pk) == subscribing.Choice(False, [], [])


def test_what_one_gets_is_said_by_how_often():
    user = PartnerUserFactory()
    for code, frequency in (
        ("lead", "at_once"),
        ("events", "weekly"),
        ("projects", "at_once"),
        ("finance", "never"),
    ):
        SubscriptionFactory(user=user, topic=topic_called(code), frequency=frequency)

    assert subscribing.choice_of(user.pk) == subscribing.Choice(
        True, [("At once", ["Projects", "News from the Lead"]), ("Once a week", ["Events"])], []
    )


def test_what_narrows_is_said_as_well():
    user, term = PartnerUserFactory(), Term.objects.exclude(parent=None).first()
    choice = {"regions": ["africa"], "countries": ["PE"], "terms": [term.pk], "languages": ["fr"]}
    subscribing.choose(user.pk, {}, NOTHING_SPECIAL | choice, NOW)

    assert subscribing.choice_of(user.pk).narrowed == [
        ("Only these places", ["Africa", "Peru"]),
        ("Only this expertise", [str(term)]),
        ("Only these languages", ["French"]),
    ]


def test_what_was_announced_before_somebody_wanted_it_is_known_to_be_older():
    user, topic = PartnerUserFactory(), topic_called()

    def since_after(frequency, now):
        subscribing.choose(user.pk, {topic.pk: frequency}, None, now)
        return Subscription.objects.values_list("since", flat=True).get()

    assert since_after("weekly", NOW) == NOW
    assert since_after("daily", LATER) == NOW
    assert since_after("never", LATER) == NOW
    subscribing.start(Subscription.objects.get().pk, LATER)
    assert Subscription.objects.get().since == LATER


def test_a_term_that_narrows_is_merged_and_not_deleted():
    old, other = Term.objects.exclude(parent=None)[:2]
    user = PartnerUserFactory()
    subscribing.choose(user.pk, {}, {**NOTHING_SPECIAL, "terms": [old.pk, other.pk]}, NOW)

    with pytest.raises(Refused):
        vocabulary.delete(old.pk, LeadFactory(), NOW)
    vocabulary.merge(old.pk, other.pk, LeadFactory(), NOW)

    assert list(Preferences.objects.get(user=user).terms.all()) == [other]


@pytest.mark.django_db(transaction=True)
def test_two_windows_that_save_at_once_leave_one_choice_for_each_topic():
    user = PartnerUserFactory()
    keys = list(AnnouncementTopic.objects.values_list("pk", flat=True))
    barrier, failed = threading.Barrier(2), []

    def save(frequency):
        barrier.wait()
        try:
            subscribing.choose(user.pk, dict.fromkeys(keys, frequency), NOTHING_SPECIAL, NOW)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    windows = [threading.Thread(target=save, args=[one]) for one in ("daily", "weekly")]
    for window in windows:
        window.start()
    for window in windows:
        window.join()

    rows = list(Subscription.objects.filter(user=user))
    assert (failed, len(rows), len({row.frequency for row in rows})) == ([], len(keys), 1)


# One click in a mail


@pytest.fixture
def program():
    """A mail program: no cookie, no token of a form."""
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("before", ["at_once", "daily", "weekly"])
def test_starting_again_brings_back_what_was_before(before):
    row = SubscriptionFactory(frequency=before)

    subscribing.stop(row.pk, NOW)
    subscribing.stop(row.pk, LATER)
    row.refresh_from_db()
    assert (row.frequency, row.frequency_before, row.changed_at) == ("never", before, NOW)
    assert subscribing.is_stopped(row.pk)

    subscribing.start(row.pk, LATER)
    subscribing.start(row.pk, LATER)
    row.refresh_from_db()
    assert (row.frequency, row.frequency_before, row.changed_at) == (before, "", LATER)


def test_who_chose_never_at_first_and_starts_gets_one_mail_a_week():
    row = SubscriptionFactory(frequency="never")

    subscribing.start(row.pk, NOW)

    row.refresh_from_db()
    assert row.frequency == Frequency.WEEKLY


def test_what_was_stopped_on_the_page_is_brought_back_as_well():
    row = SubscriptionFactory(frequency="daily")
    subscribing.choose(row.user_id, {row.topic_id: "never"}, None, NOW)

    subscribing.start(row.pk, NOW)

    row.refresh_from_db()
    assert row.frequency == "daily"


def test_a_row_that_is_gone_is_nothing_to_stop_or_start():
    subscribing.stop(987654, NOW)
    subscribing.start(987654, NOW)

    assert not subscribing.is_stopped(987654)
    assert topics.get(subscribing.TOPIC).called(987654) == "Announcements"
    assert not Subscription.objects.exists()


def test_one_click_without_a_cookie_stops_this_topic_and_no_other(program):
    row = SubscriptionFactory()
    SubscriptionFactory(user=row.user, topic=topic_called("events"))

    answer = program.post(
        reverse("mail_stop", args=[token_of(row)]), {"List-Unsubscribe": "One-Click"}
    )

    assert (answer.status_code, len(program.cookies)) == (200, 0)
    assert how_often(row.user) == {"projects": "never", "events": "at_once"}
    assert "These mails are off" in answer.content.decode()


def test_the_page_behind_the_link_names_the_topic_in_the_readers_language(program):
    address = reverse("mail_stop", args=[token_of(SubscriptionFactory())])

    pages = {code: program.get(address, {"lang": code}).content.decode() for code in ("en", "fr")}

    assert '<p class="kind">Projects</p><h1>Stop these mails?</h1>' in pages["en"]
    assert '<p class="kind">Projets</p><h1>Ne plus recevoir ces messages ?</h1>' in pages["fr"]


def test_looking_at_the_page_stops_nothing(program):
    row = SubscriptionFactory()
    for ask in (program.get, program.head, program.options):
        ask(reverse("mail_stop", args=[token_of(row)]))

    assert how_often(row.user) == {"projects": "at_once"}


def test_a_mail_to_the_unsubscribe_address_stops_the_topic(settings):
    settings.INBOUND_ADDRESS = "portal@example.org"
    row = SubscriptionFactory()
    message = b"From: somebody@example.org\r\nSubject: stop\r\n\r\n"

    inbound.receive(message, f"portal+stop-{token_of(row)}@example.org", NOW)

    assert how_often(row.user) == {"projects": "never"}


# Whose link it is


def test_a_link_of_an_announcement_and_of_a_profile_lead_to_their_person():
    row, expert = SubscriptionFactory(), ExpertFactory(claimed=True)
    theirs = StopLink.objects.create(topic=reminders.TOPIC, object_id=expert.pk)

    assert topics.user_behind(StopLink.objects.get(token=token_of(row))) == row.user_id
    assert topics.user_behind(theirs) == expert.user_id


def test_links_of_nobody_lead_nowhere():
    closed = SubscriptionFactory(user=UserFactory(is_active=False))
    unclaimed = ExpertFactory()
    links = [
        StopLink.objects.create(topic=topic, object_id=key)
        for topic, key in (
            (subscribing.TOPIC, closed.pk),
            (subscribing.TOPIC, 987654),
            (reminders.TOPIC, unclaimed.pk),
            ("document", 1),
            ("forgotten", 1),
        )
    ]

    assert [topics.user_behind(link) for link in [*links, None]] == [None] * 6
