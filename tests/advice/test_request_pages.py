"""From the first word to the answer, as people use the pages."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from advice import answering, conversing, drafting, sending
from advice.models import AdviceRequest, Attachment, Choice, Message, Side
from mailings import delivery
from tests.factories import (
    NOW,
    AdviceRequestFactory,
    ExpertFactory,
    LeadFactory,
    NeedFactory,
    PartnerUserFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
FILLED = {
    "country": "UY",
    "text": "Spent lamps from schools: who has set up a collection?",
    "ways": ["remote_advice"],
    "languages": ["es", "en"],
    "mail_language": "es",
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def partner():
    return PartnerUserFactory()


def asked(expert=None, **values) -> Choice:
    """An expert with a sign-in who is asked by a partner."""
    request = AdviceRequestFactory(**values)
    place = request.places.create(number=1)
    expert = expert or ExpertFactory(claimed=True)
    drafting.choose(request.pk, {place.pk: [(expert.pk, [])]}, request.requester, NOW)
    sending.send(request.pk, request.requester, NOW)
    return Choice.objects.get(place=place)


def test_a_partner_writes_chooses_checks_and_sends(partner):
    expert = ExpertFactory(claimed=True, languages=["es", "en"])
    client = signed_in(partner)

    first = client.post(reverse("request_add"), FILLED)
    request = AdviceRequest.objects.get()
    assert first.url == reverse("request_experts", args=[request.pk])
    assert "products-lamps" in request.terms.values_list("code", flat=True)
    place = request.places.get()
    page = client.get(first.url)
    assert expert.name in page.content.decode()
    second = client.post(first.url, {f"place-{place.pk}": expert.pk})
    assert second.url == reverse("request_check", args=[request.pk])
    third = client.post(second.url)

    assert third.url == request.get_absolute_url()
    choice = Choice.objects.get()
    assert (choice.expert, choice.status) == (expert, Choice.Status.ASKED)
    assert len(choice.why) >= 2


def test_a_visitors_text_is_kept_until_sign_in_and_nothing_is_stored_before():
    client = Client()
    page = client.post(reverse("request_add"), FILLED)
    assert "Your text is kept" in page.content.decode()
    assert not AdviceRequest.objects.exists()

    client.force_login(UserFactory())
    again = client.get(reverse("request_add"))

    assert FILLED["text"] in again.content.decode()
    assert 'value="UY" selected' in again.content.decode()
    client.post(reverse("request_add"), FILLED)
    assert AdviceRequest.objects.get().text == FILLED["text"]


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(partner):
    wrong = {**FILLED, "wanted_by": "2020-01-01", "languages": []}

    page = signed_in(partner).post(reverse("request_add"), wrong).content.decode()

    assert "This date is past" in page
    assert FILLED["text"] in page
    assert 'value="2020-01-01"' in page


def test_the_terms_that_were_unticked_stay_away(partner):
    client = signed_in(partner)

    client.post(reverse("request_add"), {**FILLED, "terms_shown": "1", "terms": []})

    assert not AdviceRequest.objects.get().terms.exists()


def test_the_terms_found_in_a_text_are_shown_while_it_is_typed():
    page = Client().post(reverse("request_terms"), {"text": "We have spent fluorescent tubes."})

    assert "Lamps" in page.content.decode()
    assert not AdviceRequest.objects.exists()


def test_a_team_gets_a_place_for_each_field(partner):
    request = AdviceRequestFactory(requester=partner)
    terms = ["products-lamps", "handling-transport"]
    keys = list(AdviceRequestFactory(terms=terms).terms.values_list("pk", flat=True))
    values = {**FILLED, "team": "on", "terms_shown": "1", "terms": keys}

    signed_in(partner).post(reverse("request_edit", args=[request.pk]), values)

    assert sorted(request.places.values_list("term", flat=True)) == sorted(keys)
    signed_in(partner).post(
        reverse("request_edit", args=[request.pk]), {**values, "terms": keys[:1]}
    )
    assert list(request.places.values_list("term", flat=True)) == [None]


def test_a_file_is_added_and_removed_while_the_draft_grows(partner):
    request = AdviceRequestFactory(requester=partner)
    address = reverse("request_edit", args=[request.pk])
    client = signed_in(partner)

    client.post(address, {**FILLED, "file": SimpleUploadedFile("plan.txt", b"40,000 lamps")})
    attachment = Attachment.objects.get()
    served = client.get(reverse("request_file", args=[attachment.pk]))
    assert b"".join(served.streaming_content) == b"40,000 lamps"
    client.post(address, {**FILLED, "remove_file": attachment.pk})

    assert not Attachment.objects.exists()


def test_a_file_of_a_kind_that_is_not_taken_is_answered_and_the_text_stays(partner):
    request = AdviceRequestFactory(requester=partner)
    bad = SimpleUploadedFile("run.exe", b"MZ\x90\x00\x03binary\x00")

    page = signed_in(partner).post(
        reverse("request_edit", args=[request.pk]), {**FILLED, "file": bad}
    )

    assert "does not know this kind of file" in page.content.decode()
    assert FILLED["text"] in page.content.decode()


def test_a_request_that_begins_with_a_need_has_its_country_and_words(partner):
    need = NeedFactory(country_id="PE", description="A store for seized mercury.")

    page = signed_in(partner).get(f"{reverse('request_add')}?need={need.pk}").content.decode()

    assert "A store for seized mercury." in page
    assert 'value="PE" selected' in page
    signed_in(partner).post(f"{reverse('request_add')}?need={need.pk}", FILLED)
    assert AdviceRequest.objects.get().need == need


def test_only_proposed_experts_can_be_chosen(partner):
    request = AdviceRequestFactory(requester=partner)
    place = request.places.create(number=1)
    paused = ExpertFactory(paused_until=NOW.date() + timedelta(days=9))

    answer = signed_in(partner).post(
        reverse("request_experts", args=[request.pk]), {f"place-{place.pk}": paused.pk}
    )

    assert answer.status_code == 409
    assert not Choice.objects.exists()


# The expert's side


def test_an_expert_who_is_signed_in_accepts(partner):
    choice = asked()
    client = signed_in(choice.expert.user)
    assert (
        choice.place.request.requester.email
        not in client.get(reverse("choice_detail", args=[choice.pk])).content.decode()
    )

    client.post(reverse("choice_detail", args=[choice.pk]), {"accept": "1"})

    choice.refresh_from_db()
    assert choice.status == Choice.Status.ACCEPTED
    assert choice.changes.latest("pk").channel == "portal"
    page = client.get(reverse("choice_detail", args=[choice.pk])).content.decode()
    assert choice.place.request.requester.email in page


def _link(choice: Choice, side=Side.EXPERT) -> str:
    """The link in the newest mail to this side, after it left."""
    delivery.deliver()
    return reverse("answer_by_link", args=[choice.links.filter(side=side).latest("pk").token])


def test_an_expert_accepts_by_the_link_in_the_mail_without_signing_in():
    choice = asked()
    address = _link(choice)
    client = Client()
    for read in (client.get, client.head, client.options):
        read(address)
        assert Choice.objects.get(pk=choice.pk).status == Choice.Status.ASKED

    done = client.post(address, {"accept": "1"}, follow=True)

    assert "Thank you" in done.content.decode()
    choice.refresh_from_db()
    assert choice.status == Choice.Status.ACCEPTED
    change = choice.changes.latest("pk")
    assert (change.actor, change.channel) == (None, "mail")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"decline": "1", "decline-reason": "time"}, Choice.Status.DECLINED),
        ({"unavailable": "1", "unavailable-until": "2026-12-24"}, Choice.Status.UNAVAILABLE),
        ({"hand_on": "1", "hand_on-colleague": "Colleague (example)"}, Choice.Status.HANDED_ON),
        ({"decline": "1"}, Choice.Status.ASKED),
        ({"unavailable": "1", "unavailable-until": "2020-12-24"}, Choice.Status.ASKED),
        ({"hand_on": "1", "hand_on-colleague": "Nobody at all"}, Choice.Status.ASKED),
        ({"magic": "1"}, Choice.Status.ASKED),
    ],
)
def test_each_button_by_link_does_what_it_says_and_wrong_input_nothing(sent, status):
    ExpertFactory(name="Colleague (example)", claimed=True)
    choice = asked()

    Client().post(_link(choice), sent)

    choice.refresh_from_db()
    assert choice.status == status


def test_the_requesters_link_cannot_answer_for_the_expert():
    choice = asked()
    conversing.say(choice.pk, Side.EXPERT, "Which figures do you have?", [], NOW)
    address = _link(choice, Side.REQUESTER)

    Client().post(address, {"accept": "1"})

    choice.refresh_from_db()
    assert choice.status == Choice.Status.ASKED


def test_a_dead_link_says_nothing_and_offers_a_fresh_one():
    choice = asked()
    address = _link(choice)
    expert = choice.expert
    expert.email = "moved@example.org"
    expert.save()

    page = Client().get(address)

    assert page.status_code == 410
    assert choice.place.request.text not in page.content.decode()


# The conversation


def test_a_message_without_addresses_until_acceptance_and_with_them_after():
    choice = asked()
    requester, expert = choice.place.request.requester, choice.expert
    words = "Call me at +598 2 917 0710 or write to me@example.org"
    signed_in(requester).post(
        reverse("choice_detail", args=[choice.pk]), {"say": "1", "say-text": words}
    )
    page = signed_in(expert.user).get(reverse("choice_detail", args=[choice.pk]))
    assert "me@example.org" not in page.content.decode()
    assert "917 0710" not in page.content.decode()

    answering.accept(choice.pk, NOW)

    page = signed_in(expert.user).get(reverse("choice_detail", args=[choice.pk]))
    assert "me@example.org" in page.content.decode()


def test_an_empty_message_is_answered_and_not_kept():
    choice = asked()

    page = signed_in(choice.expert.user).post(
        reverse("choice_detail", args=[choice.pk]), {"say": "1", "say-text": "  "}
    )

    assert "Write something first" in page.content.decode()
    assert not Message.objects.exists()


def test_a_file_of_a_message_is_for_this_conversation_alone():
    choice, other = asked(), asked()
    upload = SimpleUploadedFile("plan.txt", b"Drawing")
    signed_in(choice.expert.user).post(
        reverse("choice_detail", args=[choice.pk]),
        {"say": "1", "say-text": "See the drawing.", "say-file": upload},
    )
    attachment = Attachment.objects.get()
    address = reverse("request_file", args=[attachment.pk])

    assert signed_in(choice.place.request.requester).get(address).status_code == 200
    assert signed_in(other.expert.user).get(address).status_code == 404
    token = _link(other).split("/")[-2]
    by_link = reverse("answer_by_link_file", args=[token, attachment.pk])
    assert Client().get(by_link).status_code == 404


def test_the_lead_reads_and_writes_in_a_conversation_and_both_sides_get_it():
    choice, lead = asked(), LeadFactory()
    client = signed_in(lead)

    client.post(reverse("choice_detail", args=[choice.pk]), {"say": "1", "say-text": "Can I help?"})

    message = Message.objects.get()
    assert (message.side, message.author) == (Side.LEAD, lead)


# Who sees what


def test_nobody_else_sees_a_request():
    choice = asked()
    stranger = signed_in(PartnerUserFactory())
    chosen_only = ExpertFactory(claimed=True)

    for address in (
        choice.place.request.get_absolute_url(),
        reverse("choice_detail", args=[choice.pk]),
    ):
        assert stranger.get(address).status_code == 404
        assert signed_in(chosen_only.user).get(address).status_code == 404


def test_a_sentence_for_the_lead_is_not_shown_to_the_requester():
    choice = asked()
    answering.decline(choice.pk, Choice.Reason.OTHER, "I know this ministry too well.", NOW)
    address = choice.place.request.get_absolute_url()

    own = signed_in(choice.place.request.requester).get(address).content.decode()
    leads = signed_in(LeadFactory()).get(address).content.decode()

    assert "too well" not in own
    assert "too well" in leads


def test_a_withdrawn_request_is_closed_for_both(partner):
    choice = asked()
    request = choice.place.request

    signed_in(request.requester).post(request.get_absolute_url(), {"withdraw": "1", "reason": ""})

    request.refresh_from_db()
    assert request.status == AdviceRequest.Status.WITHDRAWN
    page = signed_in(choice.expert.user).get(reverse("choice_detail", args=[choice.pk]))
    assert "This conversation is closed" in page.content.decode()


def test_a_draft_is_dropped_by_its_writer_alone(partner):
    request = AdviceRequestFactory(requester=partner)

    assert signed_in(LeadFactory()).post(request.get_absolute_url()).status_code == 404
    signed_in(partner).post(request.get_absolute_url(), {"drop": "1"})

    assert not AdviceRequest.objects.exists()


def test_the_pages_take_the_same_queries_however_many_requests(
    partner, django_assert_max_num_queries
):
    client = signed_in(partner)
    for _ in range(3):
        AdviceRequestFactory(requester=partner)
    client.get(reverse("advice_home"))

    with django_assert_max_num_queries(8):
        client.get(reverse("advice_home"))


def test_a_draft_is_kept_as_far_as_it_is(partner):
    client = signed_in(partner)

    saved = client.post(
        reverse("request_add"), {"text": "Lamps, more later", "later": "1"}, follow=True
    )

    draft = AdviceRequest.objects.get()
    assert "Your draft is saved." in saved.content.decode()
    assert client.get(reverse("request_experts", args=[draft.pk])).status_code == 200
    check = client.get(reverse("request_check", args=[draft.pk])).content.decode()
    assert "Choose the country." in check
    assert client.post(reverse("request_check", args=[draft.pk])).status_code == 409
    assert (draft.text, draft.country, draft.languages) == ("Lamps, more later", None, [])
    page = client.post(reverse("request_edit", args=[draft.pk]), {"text": "Lamps"})
    assert "Choose a country." in page.content.decode()


def test_the_way_back_after_sending_leads_to_the_request():
    choice = asked()
    request = choice.place.request
    client = signed_in(request.requester)

    for page in ("edit", "experts", "check"):
        answer = client.get(reverse(f"request_{page}", args=[request.pk]))
        assert answer.url == request.get_absolute_url()


def test_who_came_for_an_expert_finds_that_one_on_top_and_ticked(partner):
    expert = ExpertFactory(claimed=True, terms=("sites-remediation",))
    for _ in range(3):
        ExpertFactory(claimed=True)
    first = signed_in(partner).post(f"{reverse('request_add')}?expert={expert.pk}", FILLED)

    page = signed_in(partner).get(first.url)

    [row] = page.context["rows"]
    assert (row["proposals"][0]["expert"], row["proposals"][0]["ticked"]) == (expert, True)


def test_an_expert_steps_back_and_only_the_lead_reads_why():
    choice = asked()
    answering.accept(choice.pk, NOW)
    words = "I left the institute."

    signed_in(choice.expert.user).post(
        reverse("choice_detail", args=[choice.pk]),
        {"step_back": "1", "step_back-words": words},
    )

    choice.refresh_from_db()
    assert choice.status == Choice.Status.CALLED_OFF
    address = choice.place.request.get_absolute_url()
    assert words in signed_in(LeadFactory()).get(address).content.decode()
    assert words not in signed_in(choice.place.request.requester).get(address).content.decode()


@pytest.mark.parametrize(
    "text, title",
    [
        ("", "no text yet"),
        ("Who knows lamps?", "Who knows lamps?"),
        (
            "One two three four five six seven eight nine. Ten.",
            "One two three four five six seven eight nine…",
        ),
        (
            "One two three\nfour five six seven eight nine ten",
            "One two three four five six seven eight nine…",
        ),
    ],
)
def test_a_request_is_called_by_its_first_words(text, title):
    assert AdviceRequest(text=text).title == title
