"""The pages of an author: the form, the preview, handing in, and agreeing to the Lead's words."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mailings import announcing
from mailings.models import Announcement, ListRules, RulesAcceptance
from tests.factories import (
    NOW,
    AnnouncementFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerUserFactory,
    SubscriptionFactory,
    topic_called,
)
from tests.mailings.test_announcing import accept, draft, handed_in

pytestmark = pytest.mark.django_db
Status = Announcement.Status
WRITE = "/announcements/write/"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def author(client):
    """A partner who accepted the rules, signed in."""
    partner = PartnerUserFactory()
    client.force_login(partner)
    accept(partner)
    return partner


def typed(code="projects", **others):
    found = {
        "version": 0,
        "topic": topic_called(code).pk,
        "title": "Lamps of two cities",
        "text": "Two plants collect **lamps**.",
        "language": "en",
        "audience": "partners",
    }
    return found | others


def newest() -> Announcement:
    return Announcement.objects.latest("pk")


def words(response) -> str:
    return response.content.decode()


# The form


def test_first_the_topic_then_the_form_that_it_asks_for(client, author):
    page = words(client.get(WRITE))
    assert "?topic=events" in page and "?topic=lead" not in page
    asked = {
        code: set(client.get(WRITE, {"topic": code}).context["form"].fields)
        & {"begins_on", "ends_on", "closes_on", "amount", "currency", "who_may_apply"}
        for code in ("projects", "events", "documents", "finance")
    }
    assert asked == {
        "projects": set(),
        "events": {"begins_on", "ends_on"},
        "documents": {"closes_on"},
        "finance": {"closes_on", "amount", "currency", "who_may_apply"},
    }
    assert "Choose another one" in words(client.get(WRITE, {"topic": "mars"}))


def test_a_draft_is_kept_with_all_that_was_typed(client, author):
    house = OrganisationFactory()
    MembershipFactory(user=author, organisation=house)
    sent = typed(
        "finance",
        text="•\tLamps\r\n•\tBatteries",
        closes_on="2027-01-31",
        amount="250000",
        currency="usd",
        who_may_apply="Cities",
        links="example.org/lamps\n\nhttps://example.org/fund",
        organisation=house.pk,
        countries=["PE", "KE"],
        file=SimpleUploadedFile("plan.txt", b"A plan"),
    )
    client.post(f"{WRITE}?topic=finance", sent)
    saved = newest()
    assert saved.author == author and saved.status == Status.DRAFT
    assert saved.text == "- Lamps\n- Batteries"
    assert (saved.amount, saved.currency, saved.who_may_apply) == (250_000, "USD", "Cities")
    assert saved.links == ["https://example.org/lamps", "https://example.org/fund"]
    assert saved.organisation == house
    assert {country.pk for country in saved.countries.all()} == {"PE", "KE"}
    assert [file.name for file in saved.files.all()] == ["plan.txt"]
    form = client.get(reverse("announcement_edit", args=[saved.pk])).context["form"]
    assert form.initial["links"] == saved.links and form["closes_on"].value() == saved.closes_on


@pytest.mark.parametrize(
    ("code", "wrong", "field"),
    [
        ("projects", {"title": ""}, "title"),
        ("projects", {"links": "two words"}, "links"),
        ("projects", {"links": "javascript://alert(1)"}, "links"),
        ("projects", {"links": "\n".join(f"a{n}.org" for n in range(11))}, "links"),
        ("events", {}, "begins_on"),
        ("events", {"begins_on": "2027-01-05", "ends_on": "2027-01-04"}, "ends_on"),
        ("finance", {"amount": "5"}, "currency"),
        ("finance", {"amount": "-5", "currency": "USD"}, "amount"),
        ("finance", {"amount": "5", "currency": "$"}, "currency"),
        ("projects", {"language": "xx"}, "language"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(client, author, code, wrong, field):
    page = client.post(WRITE, typed(code, **wrong))
    assert set(page.context["form"].errors) == {field}
    assert not Announcement.objects.exists()


def test_the_rules_are_accepted_with_the_first_draft_and_asked_for_no_more(client):
    partner = PartnerUserFactory()
    client.force_login(partner)
    rules = announcing.current_rules()
    form = client.get(WRITE, {"topic": "projects"}).context["form"]
    assert form["rules"].value() == rules.pk
    page = client.post(WRITE, typed(rules=rules.pk))
    assert set(page.context["form"].errors) == {"accepts"}
    client.post(WRITE, typed(rules=rules.pk, accepts="on"))
    assert RulesAcceptance.objects.get().user == partner
    assert "accepts" not in client.get(WRITE, {"topic": "projects"}).context["form"].fields


def test_rules_that_changed_while_one_wrote_are_not_accepted_unread(client):
    client.force_login(PartnerUserFactory())
    old = announcing.current_rules()
    ListRules.objects.create(text="New rules.", published_at=old.published_at + HOUR)
    page = client.post(WRITE, typed(rules=old.pk, accepts="on"))
    assert "rules of the list have changed" in words(page)
    assert not RulesAcceptance.objects.exists() and not Announcement.objects.exists()


def test_the_rules_are_there_for_everybody(client):
    assert "What belongs here" in words(client.get("/announcements/rules/"))


def test_a_second_window_gets_both_texts_and_saving_once_more_settles_it(client, author):
    pk = draft(author=author).pk
    address = reverse("announcement_edit", args=[pk])
    client.post(address, typed(version=1, title="From the first"))
    page = client.post(address, typed(version=1, title="From the second"))
    assert page.status_code == 409
    assert ("Title", "From the first", "From the second") in page.context["differences"]
    assert page.context["form"]["version"].value() == "2"
    assert 'value="From the second"' in words(page)
    assert Announcement.objects.get(pk=pk).title == "From the first"
    client.post(address, typed(version=2, title="From the second"))
    assert Announcement.objects.get(pk=pk).title == "From the second"


def test_what_was_typed_after_it_was_handed_in_elsewhere_stays_on_the_page(client, author):
    announcement = handed_in(author=author)
    address = reverse("announcement_edit", args=[announcement.pk])
    page = client.post(address, typed(version=1, title="One more word"))
    assert "Waits for the Lead" in words(page) and 'value="One more word"' in words(page)
    assert client.get(address).url == reverse("announcement_preview", args=[announcement.pk])


def test_a_file_can_be_removed(client, author):
    client.post(WRITE, typed(file=SimpleUploadedFile("plan.txt", b"A plan")))
    saved = newest()
    address = reverse("announcement_edit", args=[saved.pk])
    client.post(address, typed(version=1, remove_file=[saved.files.get().pk, "x"]))
    assert not saved.files.exists()


# The look of it


def test_the_preview_button_shows_the_text_and_saves_nothing(client, author):
    page = words(client.post(WRITE, typed(preview="1")))
    assert "<strong>lamps</strong>" in page
    assert not Announcement.objects.exists()


def test_the_live_preview_is_a_part_that_writes_nothing(client, author):
    AnnouncementFactory(title="Lamps of two cities")
    sent = typed(text="**Bold** <script>alert(1)</script>")
    part = words(client.post("/announcements/look/", sent))
    assert "<strong>Bold</strong>" in part and "<script>" not in part
    assert "Is this announced already?" in part and "<html" not in part
    assert Announcement.objects.count() == 1
    assert client.post("/announcements/look/", {"title": "x" * 500}).status_code == 200


def test_the_preview_shows_facts_and_who_would_get_it(client, author):
    announcement = draft(author=author, links=["https://example.org/a"], amount=5, currency="USD")
    announcement.countries.set(["KE"])
    SubscriptionFactory()
    AnnouncementFactory(title=announcement.title)
    page = client.get(reverse("announcement_preview", args=[announcement.pk]))
    assert page.context["readership"].at_once == "fewer than 5"
    for shown in ("Kenya", "USD 5", "https://example.org/a", "Is this announced already?"):
        assert shown in words(page), shown


def test_few_readers_are_counted_for_the_lead_alone(client, author):
    announcement = handed_in(author=author)
    SubscriptionFactory.create_batch(5)
    SubscriptionFactory(frequency="daily")
    address = reverse("announcement_preview", args=[announcement.pk])
    found = client.get(address).context["readership"]
    assert (found.at_once, found.in_digest) == (5, "fewer than 5")
    assert found.regions == [("Region not known", 6)]
    client.force_login(LeadFactory())
    found = client.get(address).context["readership"]
    assert (found.at_once, found.in_digest) == (5, 1)


def test_what_stands_on_the_page_alone_is_shown_beside_the_mail(client, author):
    client.post(WRITE, typed(file=SimpleUploadedFile("plan.txt", b"A plan")))
    page = words(client.get(reverse("announcement_preview", args=[newest().pk])))
    assert "On its page, not in the mail" in page and "plan.txt" in page


def test_one_and_five_subscribers_take_the_same_queries(
    client, author, django_assert_num_queries, django_assert_max_num_queries
):
    address = reverse("announcement_preview", args=[draft(author=author).pk])
    SubscriptionFactory()
    client.get(address)
    with django_assert_max_num_queries(40) as first:
        client.get(address)
    SubscriptionFactory.create_batch(4)
    with django_assert_num_queries(len(first)):
        client.get(address)


# Handing in, agreeing, withdrawing


def test_handing_in_says_what_comes_next_or_what_is_missing(client, author):
    announcement = draft(author=author, topic=topic_called("events"))
    address = reverse("announcement_submit", args=[announcement.pk])
    assert "first day of the event" in words(client.post(address, follow=True))
    Announcement.objects.filter(pk=announcement.pk).update(begins_on="2027-01-05")
    assert "The Lead reads it" in words(client.post(address, follow=True))
    assert Announcement.objects.get(pk=announcement.pk).status == Status.SUBMITTED


def test_the_author_sees_the_difference_and_answers_by_a_button(client, author):
    lead = LeadFactory()
    found = []
    for answer in ("yes", "no"):
        announcement = handed_in(author=author)
        announcing.edit_for_author(announcement.pk, "Lamps", announcement.text, lead, NOW)
        address = reverse("announcement_agree", args=[announcement.pk])
        page = words(client.get(address))
        assert "<ins>Lamps</ins>" in page
        assert "Choose one of the two" in words(client.post(address))
        client.post(address, {"answer": answer, "edit": announcement.edit.pk})
        found.append(Announcement.objects.get(pk=announcement.pk))
    assert [one.status for one in found] == [Status.PUBLISHED, Status.SUBMITTED]
    assert found[0].title == "Lamps" and found[1].title != "Lamps"


def test_nobody_agrees_to_words_that_came_after_those_on_the_page(client, author):
    lead, announcement = LeadFactory(), handed_in(author=author)
    announcing.edit_for_author(announcement.pk, "Lamps", announcement.text, lead, NOW)
    address = reverse("announcement_agree", args=[announcement.pk])
    shown = re.search(r'name="edit" value="(\d+)"', words(client.get(address)))[1]
    client.post(address, {"answer": "no", "edit": shown})
    announcing.edit_for_author(announcement.pk, "Batteries", announcement.text, lead, NOW)

    said = words(client.post(address, {"answer": "yes", "edit": shown}, follow=True))

    assert "proposes other words now" in said
    announcement.refresh_from_db()
    assert (announcement.status, announcement.edit.title) == (Status.EDITED, "Batteries")


def test_deleting_a_draft_asks_first(client, author):
    address = reverse("announcement_drop", args=[draft(author=author).pk])
    assert "cannot be undone" in words(client.get(address))
    assert Announcement.objects.count() == 1
    assert client.post(address).url == WRITE
    assert not Announcement.objects.exists()


def test_withdrawing_asks_first(client, author):
    announcement = AnnouncementFactory(author=author)
    address = reverse("announcement_withdraw", args=[announcement.pk])
    assert "cannot be undone" in words(client.get(address))
    assert Announcement.objects.get(pk=announcement.pk).status == Status.PUBLISHED
    client.post(address, {"reason": "It does not take place."})
    assert Announcement.objects.get(pk=announcement.pk).status == Status.WITHDRAWN


def test_the_page_to_write_on_lists_what_one_has_written(client, author):
    edited = handed_in(author=author)
    announcing.edit_for_author(edited.pk, "Lamps", "Text", LeadFactory(), NOW)
    AnnouncementFactory()
    own = client.get(WRITE).context["own"]
    assert [one for one, _look in own] == [edited]
    assert reverse("announcement_agree", args=[edited.pk]) in words(client.get(WRITE))
