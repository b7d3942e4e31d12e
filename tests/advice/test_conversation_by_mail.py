"""Replies by e-mail come back into the conversation, and no address goes the other way."""

from email.message import EmailMessage

import pytest
import time_machine

from advice import answering, asking, drafting, outcomes, sending
from advice.models import Choice, Message, Side
from mailings import delivery, inbound, relay
from mailings.models import OutgoingMail
from tests.factories import NOW, AdviceRequestFactory, ExpertFactory

pytestmark = pytest.mark.django_db
OURS = "portal@in.example.org"


@pytest.fixture(autouse=True)
def world(settings):
    settings.INBOUND_ADDRESS = OURS
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def choice() -> Choice:
    request = AdviceRequestFactory()
    place = request.places.create(number=1)
    expert = ExpertFactory(claimed=True)
    drafting.choose(request.pk, {place.pk: [(expert.pk, [])]}, request.requester, NOW)
    sending.send(request.pk, request.requester, NOW)
    return place.choices.select_related("expert", "place__request__requester").get()


def reply(sender: str, token: str, text: str, files=(), **headers) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = sender, f"portal+reply-{token}@in.example.org"
    message["Message-ID"] = headers.pop("message_id", "<1@mail.example.net>")
    message["Subject"] = "Re: Can you help somebody in Uruguay?"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="text", subtype="plain", filename=name)
    return message.as_bytes()


def arrives(choice, side, text, **values) -> str:
    token = relay.reply_token(f"advice_{side}", choice.pk)
    address = {
        Side.EXPERT: choice.expert.email,
        Side.REQUESTER: choice.place.request.requester.email,
    }[side]
    content = reply(values.pop("sender", address), token, text, **values)
    return inbound.receive(content, "", NOW)


def test_the_question_to_the_expert_can_be_answered_by_reply(choice):
    delivery.deliver()
    token = relay.reply_token("advice_expert", choice.pk)

    arrives(choice, Side.EXPERT, "How many cells are there?\n\n> Our plant for chlorine stops.")

    message = Message.objects.get()
    assert (message.side, message.text, message.channel) == (
        Side.EXPERT,
        "How many cells are there?",
        "mail",
    )
    assert "Our plant" in message.folded
    assert token


def test_a_reply_goes_on_to_the_other_side_without_an_address(choice, mailoutbox):
    arrives(choice, Side.EXPERT, f"Write to {choice.expert.email}.\n\n-- \nDr A\n+49 30 1234567")

    mail = OutgoingMail.objects.get(template="advice/mail/request_message")
    assert mail.to == choice.place.request.requester.email
    delivery.deliver()
    [passed_on] = [one for one in mailoutbox if "writes:" in one.body]
    everything = passed_on.message().as_string()
    assert choice.expert.email not in everything
    assert "1234567" not in everything


def test_after_acceptance_a_reply_keeps_the_addresses_that_were_given(choice):
    answering.accept(choice.pk, NOW)

    arrives(choice, Side.REQUESTER, "My colleague is ana@example.org.")

    assert "ana@example.org" in Message.objects.get().text


@pytest.mark.parametrize(
    "hostile",
    [
        {"sender": "stranger@example.net"},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Portal_Loop": "localhost", "message_id": "<2@mail.example.net>"},
    ],
)
def test_nothing_hostile_gets_into_a_conversation(choice, hostile, settings):
    settings.MAIL_DOMAIN = "localhost"
    before = OutgoingMail.objects.count()

    arrives(choice, Side.EXPERT, "Buy gold.", **hostile)

    assert not Message.objects.exists()
    notices = OutgoingMail.objects.filter(template="mailings/mail/reply_not_taken")
    assert OutgoingMail.objects.count() - notices.count() == before
    assert {mail.to for mail in notices} <= {choice.expert.email}


def test_one_side_cannot_write_as_the_other(choice):
    requester = choice.place.request.requester.email

    arrives(choice, Side.EXPERT, "I accept everything.", sender=requester)

    assert not Message.objects.exists()


def test_a_file_comes_along_and_a_wrong_one_is_named(choice):
    arrives(
        choice,
        Side.EXPERT,
        "See the plan.",
        files=[("plan.txt", b"Forty cells"), ("run.txt", b"MZ\x90\x00\x03")],
    )

    message = Message.objects.get()
    assert [one.name for one in message.attachments.all()] == ["plan.txt"]


def test_a_closed_conversation_takes_nothing_more(choice):
    answering.decline(choice.pk, Choice.Reason.TIME, "", NOW)

    arrives(choice, Side.EXPERT, "One more thing.")

    assert not Message.objects.exists()


def test_the_same_reply_twice_is_one_message(choice):
    for _ in range(2):
        arrives(choice, Side.EXPERT, "How many cells?")

    assert Message.objects.count() == 1


def test_the_expert_may_write_after_the_request_is_finished(choice):
    answering.accept(choice.pk, NOW)
    outcomes.finish(choice.place.request_id, choice.place.request.requester, NOW)

    arrives(choice, Side.EXPERT, "One more paper.")

    assert Message.objects.count() == 1


def test_nobody_writes_about_a_request_that_was_withdrawn(choice):
    asking.withdraw(choice.place.request_id, choice.place.request.requester, "", NOW)

    arrives(choice, Side.EXPERT, "Hello?")

    assert not Message.objects.exists()
