"""What stays hidden, goes with a person, or is refused, whatever way somebody tries."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from advice import (
    answering,
    asking,
    conversing,
    drafting,
    outcomes,
    request_reminders,
    sending,
    telling,
)
from advice.models import Attachment, Choice, Message, Side, Story
from experts import listing, permissions
from experts.models import Audience, Expert
from mailings import delivery
from mailings.models import OutgoingMail
from partners.refusals import Refused
from tests.factories import (
    NOW,
    TODAY,
    AdviceRequestFactory,
    ExpertFactory,
    LeadFactory,
    PartnerUserFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HELPED = {"happened": "yes", "helped": "yes", "sentence": "It works.", "agrees": True}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def asked(**values) -> Choice:
    request = AdviceRequestFactory(**values)
    place = request.places.create(number=1)
    expert = ExpertFactory(claimed=True, email_audience=Audience.ACCEPTED)
    drafting.choose(request.pk, {place.pk: [(expert.pk, [])]}, request.requester, NOW)
    sending.send(request.pk, request.requester, NOW)
    return telling.choices([place.choices.get().pk]).popitem()[1]


def accepted(**values) -> Choice:
    choice = asked(**values)
    answering.accept(choice.pk, NOW)
    return telling.choices([choice.pk])[choice.pk]


def knows(choice) -> bool:
    requester = choice.place.request.requester
    expert = Expert.objects.get(pk=choice.expert_id)
    return permissions.can_see(requester, expert, "email", TODAY)


# Contact data


def test_the_address_of_an_expert_who_helps_is_known_to_who_asked_and_to_nobody_else():
    choice = accepted()

    assert knows(choice)
    expert = Expert.objects.get(pk=choice.expert_id)
    assert not permissions.can_see(PartnerUserFactory(), expert, "email", TODAY)


def test_who_leaves_the_list_takes_the_own_address_back(mailoutbox):
    choice = accepted()
    mailoutbox.clear()
    listing.remove(choice.expert_id, None, NOW)

    asking.move_on(NOW)

    assert not knows(choice)
    bodies = " ".join(mail.body for mail in mailoutbox if mail.to != [choice.expert.email])
    assert "has left the list" in bodies
    assert choice.expert.email not in bodies


def test_an_audience_that_was_narrowed_again_counts_at_once():
    choice = accepted()
    Expert.objects.filter(pk=choice.expert_id).update(email_audience=Audience.LEAD)

    page = Client()
    page.force_login(choice.place.request.requester)
    shown = page.get(reverse("choice_detail", args=[choice.pk])).content.decode()

    assert not knows(choice)
    assert choice.expert.email not in shown


def test_an_address_in_the_request_is_hidden_from_experts_who_have_not_accepted(mailoutbox):
    choice = asked(
        text="We need help. Write to ministry@example.org or +598 2 917 0710.",
        house="Ministry (office@example.org)",
    )
    client = Client()
    client.force_login(choice.expert.user)
    address = reverse("choice_detail", args=[choice.pk])

    page = client.get(address).content.decode()
    assert "ministry@example.org" not in page
    assert "office@example.org" not in page
    [question] = [mail for mail in mailoutbox if mail.to == [choice.expert.email]]
    assert "ministry@example.org" not in question.message().as_string()
    assert "office@example.org" not in question.message().as_string()
    answering.accept(choice.pk, NOW)
    assert "ministry@example.org" in client.get(address).content.decode()


def test_a_mail_of_acceptance_that_waits_stays_here_when_the_request_was_withdrawn():
    choice = accepted()
    asking.withdraw(choice.place.request_id, choice.place.request.requester, "", NOW)
    Choice.objects.filter(pk=choice.pk).update(status=Choice.Status.CALLED_OFF)

    delivery.deliver()

    waited = OutgoingMail.objects.filter(context__what="accepted")
    assert {mail.state for mail in waited} == {"skipped"}


# Who is gone


def test_an_expert_who_left_after_the_end_is_not_written_to_any_more():
    choice = accepted()
    outcomes.finish(choice.place.request_id, choice.place.request.requester, NOW)
    listing.remove(choice.expert_id, None, NOW)

    with pytest.raises(Refused):
        conversing.say(choice.pk, Side.REQUESTER, "Are you there?", [], NOW)
    assert not request_reminders.outcomes_due(Side.EXPERT, NOW + 30 * DAY).exists()


def test_who_has_left_the_list_accepts_nothing():
    choice = asked()
    listing.remove(choice.expert_id, None, NOW)

    with pytest.raises(Refused):
        answering.accept(choice.pk, NOW)


def test_links_and_replies_of_a_closed_sign_in_do_nothing():
    choice = asked()
    conversing.say(choice.pk, Side.EXPERT, "Which figures?", [], NOW)
    delivery.deliver()
    link = choice.links.get(side=Side.REQUESTER)
    requester = choice.place.request.requester
    requester.is_active = False
    requester.save()

    answer = Client().post(
        reverse("answer_by_link", args=[link.token]), {"say": "1", "say-text": "Hello"}
    )

    assert answer.status_code == 410
    assert not Message.objects.filter(side=Side.REQUESTER).exists()


# Stories


def test_a_story_that_the_lead_hid_stays_hidden_whatever_the_sides_say_later():
    choice = accepted()
    for side in (Side.REQUESTER, Side.EXPERT):
        outcomes.say(choice.pk, side, HELPED, NOW)
    outcomes.hide(Story.objects.get().pk, "Names a person.", LeadFactory(), NOW)

    for agrees in (False, True):
        outcomes.say(choice.pk, Side.EXPERT, HELPED | {"agrees": agrees}, NOW + DAY)

    assert not Story.objects.shown().exists()


def test_new_words_of_a_story_are_new_to_the_lead():
    choice = accepted()
    for side in (Side.REQUESTER, Side.EXPERT):
        outcomes.say(choice.pk, side, HELPED, NOW)
    outcomes.see(Story.objects.get().pk, LeadFactory(), NOW)

    outcomes.say(choice.pk, Side.EXPERT, HELPED | {"sentence": "Buy my book."}, NOW + DAY)

    assert Story.objects.get().seen_at is None


def test_a_sentence_of_a_story_has_no_address():
    choice = accepted()

    outcomes.say(choice.pk, Side.EXPERT, HELPED | {"sentence": "Ask a@example.org."}, NOW)

    assert "example.org" not in choice.outcomes.get().sentence


def test_nothing_is_told_of_a_request_that_was_withdrawn():
    choice = accepted()
    asking.withdraw(choice.place.request_id, choice.place.request.requester, "", NOW)

    with pytest.raises(Refused):
        outcomes.say(choice.pk, Side.EXPERT, HELPED, NOW)


# The Lead, and what is nobody's business


def test_the_lead_sees_nothing_of_a_draft(client, lead):
    request = AdviceRequestFactory(text="A secret plan of ours.")
    place = request.places.create(number=1)
    drafting.choose(request.pk, {place.pk: [(ExpertFactory().pk, [])]}, request.requester, NOW)

    for name in ("advice_choice", "advice_advicerequest"):
        page = client.get(reverse(f"admin:{name}_changelist"), {"q": "secret"})
        assert "secret plan" not in page.content.decode()
    assert client.get(request.get_absolute_url()).status_code == 404


def test_handing_on_does_not_tell_why_somebody_cannot_be_asked():
    choice = asked()
    busy = ExpertFactory(max_open_requests=0)
    own = ExpertFactory(user=choice.place.request.requester)

    sentences = set()
    for colleague in (busy, own):
        with pytest.raises(Refused) as refused:
            answering.hand_on(choice.pk, colleague.pk, "", NOW)
        sentences.add(str(refused.value).replace(str(colleague), "X"))

    assert sentences == {"X cannot be asked for this request now."}


# Too much


def test_keys_that_are_no_keys_are_left_out():
    wrong = ["9" * 5000, "٣", "-1", "1e9", "\x00"]

    assert Client().post(reverse("request_terms"), {"terms": wrong}).status_code in (200, 400)


def test_one_persons_files_have_a_limit_and_the_text_stays(monkeypatch):
    monkeypatch.setattr(drafting, "BYTES_AT_MOST", 20)
    request = AdviceRequestFactory()
    client = Client()
    client.force_login(request.requester)
    sent = {
        "country": "UY",
        "text": "Our lamps pile up.",
        "ways": ["training"],
        "languages": ["es"],
        "mail_language": "es",
    }
    address = reverse("request_edit", args=[request.pk])

    client.post(address, sent | {"file": SimpleUploadedFile("a.txt", b"Fifteen letters")})
    page = client.post(address, sent | {"file": SimpleUploadedFile("b.txt", b"Fifteen letters")})

    assert Attachment.objects.count() == 1
    assert "Give a link instead" in page.content.decode()
    assert "Our lamps pile up." in page.content.decode()


def test_a_name_of_two_lines_is_one_line_in_mails(mailoutbox):
    requester = PartnerUserFactory(name="Ana\nOfficial")

    choice = asked(requester=requester)

    [question] = [mail for mail in mailoutbox if mail.to == [choice.expert.email]]
    assert question.message()["From"].startswith("Ana Official via")
