"""“Answer the partner”: letters go both ways by mail, and no address goes with them."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.urls import reverse

from mailings import answering, delivery, inbound, relay
from mailings.models import Announcement, AnnouncementAnswer, OutgoingMail
from partners.refusals import Refused
from tests.factories import (
    NOW,
    AnnouncementFactory,
    LeadFactory,
    PartnerUserFactory,
    PreferencesFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
AUTHOR, PERSON = "ada@authors.example", "bo@partners.example"


@pytest.fixture(autouse=True)
def _world(settings):
    settings.INBOUND_ADDRESS = "portal@in.example.org"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def announcement() -> Announcement:
    return AnnouncementFactory(
        title="Lamps", author=PartnerUserFactory(name="Ada Author", email=AUTHOR)
    )


@pytest.fixture
def person():
    return PartnerUserFactory(name="Bo Partner", email=PERSON)


def arrives(answer, to_author: bool, sender: str, text: str, files=(), number=1) -> str:
    """A reply by mail to what this place was told."""
    token = relay.reply_token(answering.PLACES[to_author], answer.pk)
    message = EmailMessage()
    message["From"], message["To"] = sender, f"portal+reply-{token}@in.example.org"
    message["Message-ID"], message["Subject"] = f"<{number}@mail.example.net>", "Re: Lamps"
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="text", subtype="plain", filename=name)
    return inbound.receive(message.as_bytes(), "", NOW)


def letters() -> list[tuple[str, str]]:
    """To whom, and which words, of all letters so far."""
    mails = OutgoingMail.objects.filter(template=answering.TEMPLATE).order_by("pk")
    return [(mail.to, mail.context["text"]) for mail in mails]


def test_a_partner_answers_on_a_page_and_the_author_gets_it_by_mail(
    client, announcement, person, mailoutbox
):
    client.force_login(person)
    url = reverse("announcement_answer", args=[announcement.pk])
    assert url in client.get(announcement.get_absolute_url()).content.decode()

    answer = client.post(url, {"text": "We have a machine."})
    delivery.deliver()

    assert answer["Location"] == announcement.get_absolute_url()
    [mail] = mailoutbox
    assert mail.to == [AUTHOR]
    assert mail.subject == "Bo Partner wrote to you: Lamps"
    assert "We have a machine." in mail.body
    assert PERSON not in mail.message().as_string()


def test_replies_by_mail_go_back_and_forth_without_an_address(announcement, person, mailoutbox):
    first = answering.answer(announcement.pk, person, "We have a machine.", NOW)
    arrives(first, True, AUTHOR, f"How large?\n\nOn Monday Bo <{PERSON}> wrote:\n> We have")
    second = AnnouncementAnswer.objects.latest("pk")
    arrives(second, False, PERSON, "Two metres.", number=2)
    delivery.deliver()

    assert letters() == [
        (AUTHOR, "We have a machine."),
        (PERSON, "How large?"),
        (AUTHOR, "Two metres."),
    ]
    for mail in mailoutbox:
        said = mail.message().as_string()
        assert (AUTHOR in said, PERSON in said) == (mail.to == [AUTHOR], mail.to == [PERSON])
        assert mail.message()["Reply-To"].startswith("portal+reply-")


def test_both_go_on_in_the_portal_also_when_the_announcement_was_withdrawn(
    client, announcement, person
):
    first = answering.answer(announcement.pk, person, "One", NOW)
    Announcement.objects.update(status=Announcement.Status.WITHDRAWN)
    url = reverse("announcement_answer_on", args=[first.pk])

    for user, text in ((announcement.author, "Two"), (person, "Three")):
        client.force_login(user)
        assert client.post(url, {"text": text})["Location"] == url
    client.force_login(LeadFactory())

    assert client.post(url, {"text": "Four"}).status_code == 404
    assert letters() == [(AUTHOR, "One"), (PERSON, "Two"), (AUTHOR, "Three")]


@pytest.mark.parametrize(
    "status", [one for one in Announcement.Status if one != Announcement.Status.PUBLISHED]
)
def test_nobody_answers_what_is_not_published(client, status, person):
    announcement = AnnouncementFactory(status=status, publish_at=NOW)
    client.force_login(person)
    url = reverse("announcement_answer", args=[announcement.pk])

    assert client.post(url, {"text": "One"}).status_code == 404
    with pytest.raises(Refused, match="not there any more"):
        answering.answer(announcement.pk, person, "One", NOW)
    assert letters() == []


def test_partners_alone_answer_and_not_themselves(client, announcement):
    announcement.audience = "public"
    announcement.save()
    url = reverse("announcement_answer", args=[announcement.pk])

    for user in (UserFactory(), announcement.author):
        client.force_login(user)
        assert client.post(url, {"text": "One"}).status_code == 403
        assert url not in client.get(announcement.get_absolute_url()).content.decode()
    with pytest.raises(Refused, match="your own"):
        answering.answer(announcement.pk, announcement.author, "One", NOW)
    assert letters() == []


def test_refusals_lose_nothing_that_was_typed(client, announcement, person):
    announcement.author.is_active = False
    announcement.author.save()
    client.force_login(person)

    page = client.post(
        reverse("announcement_answer", args=[announcement.pk]), {"text": "A long letter."}
    ).content.decode()

    assert "This person cannot be written to any more." in page
    assert "A long letter.</textarea>" in page


def test_twenty_messages_a_day_are_enough_by_page_and_by_mail(person):
    for _number in range(20):
        last = answering.answer(AnnouncementFactory().pk, person, "Buy gold.", NOW)
    with pytest.raises(Refused, match="20 messages"):
        answering.answer(AnnouncementFactory().pk, person, "Buy gold.", NOW)

    back = answering.go_on(last.pk, last.announcement.author, "No.", NOW)
    arrives(back, False, PERSON, "Buy gold.")

    assert len(letters()) == 21
    assert OutgoingMail.objects.filter(template="mailings/mail/reply_not_taken").count() == 1
    answering.answer(AnnouncementFactory().pk, person, "Good day.", NOW + timedelta(days=1))
    assert len(letters()) == 22


def test_a_file_in_a_reply_is_refused_and_its_sender_is_told(announcement, person):
    first = answering.answer(announcement.pk, person, "One", NOW)

    arrives(first, True, AUTHOR, "See the plan.", files=[("plan.txt", b"plan")])

    assert letters() == [(AUTHOR, "One")]
    told = OutgoingMail.objects.get(template="mailings/mail/reply_not_taken")
    assert (told.to, told.context["sentences"]) == (
        AUTHOR,
        ["Files are not passed on here. Send the words without them."],
    )


def test_one_of_the_two_cannot_write_as_the_other(announcement, person):
    first = answering.answer(announcement.pk, person, "One", NOW)

    arrives(first, True, PERSON, "I agree to everything.")

    assert letters() == [(AUTHOR, "One")]


def test_a_letter_to_somebody_who_left_meanwhile_does_not_leave(announcement, person, mailoutbox):
    answering.answer(announcement.pk, person, "One", NOW)
    announcement.author.is_active = False
    announcement.author.save()

    delivery.deliver()

    assert mailoutbox == []
    assert OutgoingMail.objects.get().state == OutgoingMail.State.SKIPPED


def test_the_frame_of_a_letter_is_in_the_readers_language(announcement, person):
    PreferencesFactory(user=announcement.author, language="fr")

    answering.answer(announcement.pk, person, "One", NOW)

    assert OutgoingMail.objects.get().language == "fr"


def test_the_words_are_kept_in_the_mail_alone(announcement, person):
    answering.answer(announcement.pk, person, "One", NOW)

    assert {field.name for field in AnnouncementAnswer._meta.get_fields()} == {
        "id",
        "announcement",
        "person",
        "is_by_author",
        "at",
    }
