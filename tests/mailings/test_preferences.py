"""The page on which people choose what they get by mail: with sign-in, and from any mail."""

import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from experts import reminders
from mailings import subscribing, suppression, topics
from mailings.models import (
    AnnouncementTopic,
    Frequency,
    Preferences,
    StopLink,
    Subscription,
    Suppression,
)
from partners.models import Term
from tests.factories import (
    NOW,
    ExpertFactory,
    PartnerUserFactory,
    PreferencesFactory,
    SubscriptionFactory,
    UserFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db
OWN = "/mail/preferences/"
ALL_TOPICS = topics.everything()


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def user():
    return PartnerUserFactory(name="Amara Okafor", email="amara@example.org")


@pytest.fixture
def own(client, user):
    client.force_login(user)
    return client


@pytest.fixture
def by_mail(user):
    """The address in a mail about projects, which this person gets at once."""
    row = SubscriptionFactory(user=user)
    token = topics.tokens(subscribing.TOPIC, [row.pk])[row.pk]
    return reverse("mail_preferences_by_mail", args=[token])


@pytest.fixture
def stranger():
    """A browser without session or cookie, in which tokens of forms are asked for."""
    return Client(enforce_csrf_checks=True)


def answers(**changed) -> dict:
    """What the form sends where nothing is touched, by code of the topic where it is."""
    rows = AnnouncementTopic.objects.filter(is_open=True)
    found = {f"topic_{row.pk}": changed.pop(row.code, "never") for row in rows}
    return {**found, "language": "en", "time_zone": "UTC", **changed}


def how_often(user) -> dict[str, str]:
    """Of what comes at all."""
    rows = Subscription.objects.filter(user=user).exclude(frequency=Frequency.NEVER)
    return dict(rows.values_list("topic__code", "frequency"))


def words(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(text.split())


def with_form_token(browser, address: str, data: dict) -> dict:
    """The data, and the token that the page at this address gave to the browser."""
    page = browser.get(address).content.decode()
    return {
        **data,
        "csrfmiddlewaretoken": re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1],
    }


# With sign-in


def test_who_has_not_chosen_sees_that_nothing_comes_and_never_is_ticked(own):
    answer = own.get(OWN)

    assert "You have not chosen yet. You get no announcements until you do." in words(answer)
    ticked = [field.value() for field in answer.context["form"].of_topics()]
    assert ticked == ["never"] * AnnouncementTopic.objects.count()


def test_each_topic_has_its_words_and_four_answers(own):
    fields = own.get(OWN).context["form"].of_topics()

    assert [(field.label, str(field.help_text)) for field in fields] == list(
        AnnouncementTopic.objects.values_list("name", "about")
    )
    assert {len(field) for field in fields} == {4}


def test_what_the_lead_writes_about_a_topic_is_text(own):
    AnnouncementTopic.objects.filter(code="events").update(about="<b>Fairs</b> & more")

    assert "&lt;b&gt;Fairs&lt;/b&gt; &amp; more" in own.get(OWN).content.decode()


def test_a_choice_is_saved_and_said_on_top(own, user):
    term = Term.objects.exclude(parent=None).first()
    data = answers(
        projects="at_once",
        events="weekly",
        regions=["africa"],
        countries=["PE"],
        terms=[term.pk],
        languages=["fr", "en"],
        language="fr",
        time_zone="Africa/Nairobi",
    )

    answer = own.post(OWN, data, follow=True)

    assert how_often(user) == {"projects": "at_once", "events": "weekly"}
    text = words(answer)
    assert "Your choice is saved. It holds for the very next mail." in text
    assert "At once Projects Once a week Events Only these places Africa, Peru" in text
    kept = Preferences.objects.get(user=user)
    assert (kept.language, kept.time_zone) == ("fr", "Africa/Nairobi")
    shown = answer.context["form"]
    assert shown["countries"].value() == ["PE"]
    assert shown["terms"].value() == [term.pk]
    assert (shown.shows_countries, shown.shows_terms) == (True, True)


@pytest.mark.parametrize(
    ("zone", "shown"), [("Africa/Nairobi", "Africa/Nairobi"), ("none", "UTC"), ("Mars", "UTC")]
)
def test_the_zone_of_the_browser_is_offered_until_one_is_chosen(own, user, zone, shown):
    own.cookies["zone"] = zone
    assert own.get(OWN).context["form"]["time_zone"].value() == shown
    assert not Preferences.objects.exists()

    PreferencesFactory(user=user, time_zone="Asia/Tokyo")
    assert own.get(OWN).context["form"]["time_zone"].value() == "Asia/Tokyo"


def test_a_whole_group_of_expertise_can_be_chosen(own, user):
    group = Term.objects.filter(parent=None).first()

    own.post(OWN, answers(terms=[group.pk]))

    assert list(Preferences.objects.get(user=user).terms.all()) == [group]


def test_a_mistake_loses_nothing_that_was_chosen(own, user):
    SubscriptionFactory(user=user)
    data = answers(events="daily", countries=["JP"], time_zone="Mars/Olympus")
    del data[f"topic_{topic_called('needs').pk}"]

    answer = own.post(OWN, data)

    form = answer.context["form"]
    needs = f"topic_{topic_called('needs').pk}"
    assert set(form.errors) == {needs, "time_zone"}
    assert form[f"topic_{topic_called('events').pk}"].value() == "daily"
    assert form["countries"].value() == ["JP"]
    assert how_often(user) == {"projects": "at_once"}
    assert "Choose how often." in words(answer)


def test_one_button_gives_all_topics_the_same_and_saves_the_rest(own, user):
    own.post(OWN, answers(projects="at_once", regions=["africa"], all="weekly"))

    assert set(how_often(user).values()) == {"weekly"}
    assert len(how_often(user)) == AnnouncementTopic.objects.count()
    assert Preferences.objects.get(user=user).regions == ["africa"]


@pytest.mark.parametrize("rest", [{}, {"language": "en", "time_zone": "Mars/Olympus"}])
def test_stopping_all_is_never_refused(own, user, rest):
    SubscriptionFactory(user=user, frequency="daily")

    answer = own.post(OWN, {**rest, "all": "never"}, follow=True)

    assert how_often(user) == {}
    assert "You get no announcements by mail." in words(answer)
    assert not Preferences.objects.exists()
    stopped = Subscription.objects.get(user=user, topic__code="projects")
    assert stopped.frequency_before == "daily"


def test_a_closed_topic_is_not_asked_for_and_stays_as_it_was(own, user):
    SubscriptionFactory(user=user, topic=topic_called("needs"))
    AnnouncementTopic.objects.filter(code="needs").update(is_open=False)

    own.post(OWN, answers(projects="daily"))

    assert how_often(user) == {"projects": "daily", "needs": "at_once"}


def test_who_is_no_partner_reads_from_when_it_holds(client):
    client.force_login(UserFactory())

    assert "holds from the day on which you or your organisation is a partner" in words(
        client.get(OWN)
    )


def test_the_page_takes_the_same_queries_for_one_topic_and_for_all(
    own, user, django_assert_max_num_queries
):
    for topic in AnnouncementTopic.objects.all():
        SubscriptionFactory(user=user, topic=topic)
    own.get(OWN)
    with django_assert_max_num_queries(16) as with_all:
        own.get(OWN)
    Subscription.objects.exclude(topic__code="events").delete()

    with django_assert_max_num_queries(len(with_all)):
        own.get(OWN)


# An address that is marked


def test_who_is_not_written_to_sees_why_and_starts_again(own, user):
    hashed = suppression.hash_of(user.email)
    suppression.suppress(hashed, "", Suppression.Reason.BOUNCED, NOW)
    assert "The portal does not write to this address" in words(own.get(OWN))

    answer = own.post(OWN, {"again": "1"}, follow=True)

    assert not Suppression.objects.exists()
    assert "The portal writes to this address again." in words(answer)
    assert "The portal does not write to this address" not in words(answer)


# From a mail


def test_the_page_from_a_mail_works_both_ways_without_a_session(stranger, user, by_mail):
    data = with_form_token(stranger, by_mail, answers(all="never"))
    answer = stranger.post(by_mail, data)
    assert (answer.status_code, how_often(user)) == (200, {})
    assert "Your choice is saved" in words(answer)
    assert "You get no announcements by mail." in words(answer)

    data = with_form_token(stranger, by_mail, answers(events="daily", projects="weekly"))
    answer = stranger.post(by_mail, data)
    assert how_often(user) == {"projects": "weekly", "events": "daily"}
    assert "Once a day Events Once a week Projects" in words(answer)
    assert "sessionid" not in stranger.cookies


def test_the_page_from_a_mail_is_sent_by_a_browser_that_hides_where_it_comes_from(
    stranger, user, by_mail
):
    data = with_form_token(stranger, by_mail, answers(events="daily"))

    answer = stranger.post(by_mail, data, headers={"origin": "null"})

    assert (answer.status_code, how_often(user)) == (200, {"events": "daily"})


def test_without_the_token_of_the_form_nothing_is_saved(stranger, user, by_mail):
    assert stranger.post(by_mail, answers(all="never")).status_code == 403
    assert how_often(user) == {"projects": "at_once"}


@pytest.mark.parametrize("verb", ["get", "head", "options"])
def test_opening_a_link_changes_nothing(stranger, user, by_mail, verb):
    PreferencesFactory(user=user, regions=["africa"])

    for query in ("", "?all=never", "?again=1"):
        getattr(stranger, verb)(by_mail + query)

    assert how_often(user) == {"projects": "at_once"}
    assert Preferences.objects.get(user=user).regions == ["africa"]


def test_the_page_from_a_mail_names_nobody_and_no_site_learns_its_address(stranger, user, by_mail):
    for answer in (stranger.get(by_mail), stranger.head(by_mail)):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "no-store" in answer.headers["Cache-Control"]
    text = stranger.get(by_mail).content.decode()
    assert user.email not in text
    assert user.name not in text
    assert "Amara" not in text


def test_the_page_from_a_mail_is_in_the_language_of_the_mail(stranger, user, by_mail):
    PreferencesFactory(user=user, language="fr")

    answer = stranger.get(by_mail)

    assert (answer.headers["Content-Language"], '<html lang="fr"' in answer.text) == ("fr", True)
    said = words(answer)
    for part in ("Ce que vous recevez", "Une fois par semaine", "Projets", "qui peut y participer"):
        assert part in said
    assert "Cuándo" not in said
    assert "Lo que recibe" in words(stranger.get(by_mail, {"lang": "es"}))
    assert 'lang="en"' in stranger.get("/").text


def test_a_mistake_is_said_in_that_language_too(stranger, user, by_mail):
    PreferencesFactory(user=user, language="fr")
    data = with_form_token(stranger, by_mail, answers(time_zone="Mars/Olympus"))

    said = words(stranger.post(by_mail, data))

    assert "Mars/Olympus" in said
    assert "Select a valid choice" not in said


def test_a_link_counts_for_its_person_whoever_is_signed_in(client, user, by_mail):
    other = PartnerUserFactory()
    client.force_login(other)

    client.post(by_mail, answers(events="daily"))

    assert (how_often(user), how_often(other)) == ({"events": "daily"}, {})


def test_a_link_opens_no_session(stranger, by_mail):
    stranger.get(by_mail)

    assert stranger.get(OWN).status_code == 302
    assert stranger.get("/my/").status_code == 302


def test_a_mistake_on_the_page_from_a_mail_is_shown_there(client, user, by_mail):
    answer = client.post(by_mail, answers(events="daily", language="de"))

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["language"]
    assert answer.context["is_saved"] is False
    assert how_often(user) == {"projects": "at_once"}


def test_a_reminder_about_the_own_profile_leads_there_as_well(client):
    expert = ExpertFactory(claimed=True)
    token = topics.tokens(reminders.TOPIC, [expert.pk])[expert.pk]
    address = reverse("mail_preferences_by_mail", args=[token])
    assert address in client.get(reverse("mail_stop", args=[token])).content.decode()

    client.post(address, answers(lead="weekly"))

    assert how_often(expert.user) == {"lead": "weekly"}


@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_link_of_nobody_says_what_to_do(client, verb):
    closed = UserFactory(is_active=False)
    links = [
        *(StopLink.objects.create(topic=topic.code, object_id=987654) for topic in ALL_TOPICS),
        StopLink.objects.create(topic="document", object_id=closed.pk),
    ]

    for token in (*(link.token for link in links), "0" * 32):
        answer = getattr(client, verb)(reverse("mail_preferences_by_mail", args=[token]))
        assert answer.status_code == 410
        assert "use the link at the end of that mail" in words(answer)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        link = client.get(reverse("mail_stop", args=[token])).content.decode()
        assert "/mail/preferences/" not in link


@pytest.mark.parametrize("verb", ["get", "post"])
def test_who_gets_mail_without_a_sign_in_is_told_so(client, verb):
    expert = ExpertFactory(email="amara@example.org", name="Amara Okafor")
    for topic in (reminders.TOPIC, "survey", "request", "practice_person"):
        link = StopLink.objects.create(topic=topic, object_id=expert.pk)

        answer = getattr(client, verb)(reverse("mail_preferences_by_mail", args=[link.token]))

        assert (answer.status_code, topics.user_behind(link)) == (200, None)
        assert "went to somebody who has no sign-in to the portal" in words(answer)
        assert reverse("mail_stop", args=[link.token]) in answer.content.decode()
        assert "mara" not in answer.content.decode()
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "sessionid" not in client.cookies


# On the way


def test_my_page_asks_new_partners_to_choose_and_others_not(client, user):
    client.force_login(UserFactory())
    assert OWN not in client.get("/my/").content.decode()

    client.force_login(user)
    assert "You get none of it until you choose." in words(client.get("/my/"))

    client.post(OWN, answers())
    answer = client.get("/my/")
    assert OWN in answer.content.decode()
    assert "You get none of it until you choose." not in words(answer)


# What is followed


@pytest.fixture
def followed(user):
    for key, frequency in (("KE", "at_once"), ("JP", "weekly"), ("PE", "never")):
        name = {"KE": "Kenya", "JP": "Japan", "PE": "Peru"}[key]
        user.follows.create(kind="country", key=key, name=name, frequency=frequency)


def test_what_is_followed_is_shown_with_how_often(own, stranger, by_mail, followed):
    assert "New in what you follow At once Kenya Once a week Japan" in words(own.get(OWN))
    said = words(stranger.get(by_mail))
    assert "New in what you follow At once 1 Once a week 1" in said
    assert "Kenya" not in said.partition("How often")[0]


def test_who_stops_all_stops_what_is_followed_too(own, user, followed):
    own.post(OWN, answers(all="never"))
    assert list(user.follows.values_list("key", "frequency", "frequency_before")) == [
        ("JP", "never", "weekly"),
        ("KE", "never", "at_once"),
        ("PE", "never", ""),
    ]


def test_other_choices_leave_what_is_followed_as_it_is(own, user, followed):
    own.post(OWN, answers(projects="daily"))
    own.post(OWN, answers(all="weekly"))
    assert set(user.follows.values_list("frequency", flat=True)) == {"at_once", "weekly", "never"}
