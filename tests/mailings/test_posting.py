"""Announcements by mail: what is a partner's becomes a draft, and nothing else becomes anything."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mailings import inbound, posting
from mailings.models import Announcement, IncomingCount, OutgoingMail, PostedMail
from partners.models import Partner, User
from tests.factories import NOW, PartnerUserFactory, UserFactory

pytestmark = pytest.mark.django_db

TO = "portal+post@portal.example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECEIVED = "Received: from mx.example.net by mx.portal.example.org; Tue, 24 Nov 2026 09:00:00 +0000"
PASS = "Authentication-Results: mx.portal.example.org; dmarc=pass header.from=example.net"
FAIL = "Authentication-Results: mx.portal.example.org; dmarc=fail header.from=example.net"
Outcome = posting.Outcome


@pytest.fixture(autouse=True)
def portal(settings):
    settings.INBOUND_ADDRESS = "portal@portal.example.org"
    settings.MAIL_DOMAIN = "portal.example.org"
    settings.AUTHSERV_ID = "mx.portal.example.org"


@pytest.fixture
def ann():
    return PartnerUserFactory(email="ann@example.net", name="Ann")


def written(
    text="Two plants collect lamps.\n",
    *more: str,
    sender="Ann <ann@example.net>",
    subject="Lamps",
    number="1",
) -> bytes:
    """The bytes of an ordinary mail; `more` are headers on top of it."""
    lines = [
        *more,
        RECEIVED,
        f"From: {sender}",
        f"To: {TO}",
        f"Subject: {subject}",
        f"Message-ID: <{number}@mail.example.net>",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
    ]
    return "\r\n".join(lines).encode()


def receive(content: bytes, now=NOW):
    return inbound.receive(content, TO, now)


def mails() -> list[tuple[str, str]]:
    return list(OutgoingMail.objects.order_by("pk").values_list("template", "to"))


# What becomes a draft


def test_a_partners_mail_that_our_server_vouches_for_is_a_draft(ann):
    assert receive(written("Two plants.\n", PASS)) is Outcome.DRAFTED

    draft = Announcement.objects.get()
    assert (draft.author, draft.status, draft.title) == (ann, "draft", "Lamps")
    assert draft.text == "Two plants."
    assert draft.audience == "partners"
    assert mails() == [("mailings/mail/posted_draft", "ann@example.net")]


@pytest.mark.parametrize(
    ("subject", "topic"),
    [("Lamps", "projects"), ("Events: a workshop", "events"), ("[Financial schemes] x", "finance")],
)
def test_the_subject_may_begin_with_a_topic(ann, subject, topic):
    receive(written("Text.\n", PASS, subject=subject))
    assert Announcement.objects.get().topic.code == topic


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("=?utf-8?q?R=C3=A9union_=C3=A0_Lima?=", "Réunion à Lima"),
        ("=?iso-8859-1?q?R=E9union?=", "Réunion"),
        ("Réunion", "Réunion"),  # as it is, which many programs do
        ("a\x00b", "ab"),
        ("\u202eLamps", "Lamps"),
        ("=?utf-8?b?AAAA?=", "Without a title"),
    ],
)
def test_a_subject_is_read_as_it_was_meant(ann, subject, title):
    assert receive(written("Two plants.\n", PASS, subject=subject)) is Outcome.DRAFTED
    assert Announcement.objects.get().title == title


def test_a_subject_of_no_charset_is_no_poison(ann):
    content = written("Two plants.\n", PASS, subject="R@union").replace(b"R@", b"R\xe9")

    assert receive(content) is Outcome.DRAFTED
    assert Announcement.objects.get().title == "R\ufffdunion"


def test_of_html_the_words_are_taken_and_attachments_are_checked(ann):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ann@example.net", TO, "Lamps"
    message["Message-ID"] = "<1@mail.example.net>"
    message.set_content("<p>Two <b>plants</b>.</p><script>alert(1)</script>", subtype="html")
    message.add_attachment(
        b"A note.\n",
        maintype="text",
        subtype="plain",
        filename="note.txt",
    )
    message.add_attachment(
        b"MZ\x90\x00", maintype="application", subtype="octet-stream", filename="run.exe"
    )
    content = f"{PASS}\r\n{RECEIVED}\r\n".encode() + message.as_bytes()

    assert receive(content) is Outcome.DRAFTED
    draft = Announcement.objects.get()
    assert draft.text == "Two plants."
    assert [one.name for one in draft.files.all()] == ["note.txt"]
    assert OutgoingMail.objects.get().context["lost"]


@pytest.mark.parametrize(
    ("results", "is_vouched"),
    [
        ("dmarc=pass header.from=example.net", True),
        ("dkim=pass header.d=example.net", True),
        ("dkim=fail header.d=other.example; dkim=pass header.d=example.net", True),
        ("dmarc=pass header.from=other.example", False),
        ("dkim=pass header.d=other.example", False),
        ("dkim=pass header.d=net", False),
        ("dkim=fail header.d=example.net", False),
        ("spf=pass smtp.mailfrom=example.net", False),
        ("dmarc=none header.from=example.net; dkim=pass header.d=example.net", False),
    ],
)
def test_nothing_but_an_aligned_pass_vouches_for_a_sender(ann, results, is_vouched):
    header = f"Authentication-Results: mx.portal.example.org; {results}"
    assert receive(written("Text.\n", header)) is (Outcome.DRAFTED if is_vouched else Outcome.ASKED)


def test_a_result_that_a_stranger_wrote_vouches_for_nothing(ann, settings):
    other = "Authentication-Results: mx.example.com; dmarc=pass header.from=example.net"
    assert receive(written("Text.\n", other)) is Outcome.ASKED
    below = written("Text.\n", number="2").replace(
        RECEIVED.encode(), f"{RECEIVED}\r\n{PASS}".encode()
    )
    assert receive(below, NOW + 2 * DAY) is Outcome.ASKED
    settings.AUTHSERV_ID = ""
    assert receive(written("Text.\n", PASS, number="3"), NOW + 4 * DAY) is Outcome.ASKED
    assert Announcement.objects.count() == 0


# Whom we ask


def test_without_a_proof_the_address_on_file_is_asked_once_a_day(ann):
    assert receive(written()) is Outcome.ASKED
    assert receive(written(number="2")) is Outcome.ASKED_BEFORE
    assert receive(written(number="3"), NOW + DAY + HOUR) is Outcome.ASKED
    assert mails() == [("mailings/mail/posted_question", "ann@example.net")] * 2
    assert Announcement.objects.count() == 0


@time_machine.travel(NOW + HOUR, tick=False)
def test_the_link_shows_the_words_and_its_button_makes_the_draft_once(ann):
    receive(written("Two plants.\n"))
    posted = PostedMail.objects.get()
    address = reverse("announcement_posted", args=[posted.token])
    client = Client(enforce_csrf_checks=True)

    for verb in (client.get, client.head, client.options):
        verb(address)
    assert Announcement.objects.count() == 0
    page = client.get(address)
    assert "Two plants." in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"

    client = Client()
    answers = [client.post(address) for _n in range(2)]
    draft = Announcement.objects.get()
    assert {one.url for one in answers} == {reverse("announcement_edit", args=[draft.pk])}
    assert (draft.author, draft.text) == (ann, "Two plants.")
    posted.refresh_from_db()
    assert (posted.state, posted.title, posted.text) == ("drafted", "", "")
    assert client.get(address).status_code == 410


@time_machine.travel(NOW + HOUR, tick=False)
def test_the_button_works_in_a_browser_and_asks_for_the_token_of_its_form(ann):
    """With no-referrer a browser says "Origin: null" (partners/quiet.py)."""
    receive(written("Two plants.\n"))
    address = reverse("announcement_posted", args=[PostedMail.objects.get().token])
    client = Client(enforce_csrf_checks=True)
    client.get(address)

    assert client.post(address, headers={"origin": "null"}).status_code == 403
    assert Announcement.objects.count() == 0
    data = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert client.post(address, data, headers={"origin": "null"}).status_code == 302
    assert Announcement.objects.count() == 1


def test_what_nobody_called_theirs_is_erased_after_two_weeks(ann):
    receive(written())
    posting.forget(NOW + 15 * DAY)
    posted = PostedMail.objects.get()
    assert (posted.state, posted.text) == ("refused", "")
    with pytest.raises(posting.Refused, match="does not wait"):
        posting.confirm(posted.token, NOW + 15 * DAY)
    posting.forget(NOW + 91 * DAY)
    assert PostedMail.objects.count() == 0


# What becomes nothing

HOSTILE = {
    "no partner": (written("x\n", PASS, sender="eve@example.net"), Outcome.UNKNOWN_SENDER),
    "two senders": (
        written("x\n", PASS, sender="ann@example.net, eve@example.net"),
        Outcome.UNKNOWN_SENDER,
    ),
    "a second From": (
        written("x\n", PASS, "From: eve@example.net"),
        Outcome.UNKNOWN_SENDER,
    ),
    "a name that is an address": (
        written("x\n", PASS, sender='"ann@example.net" <eve@example.net>'),
        Outcome.UNKNOWN_SENDER,
    ),
    "forged": (written("x\n", FAIL), Outcome.FORGED),
    "an absence": (written("x\n", PASS, "Auto-Submitted: auto-replied"), Outcome.AUTOMATIC),
    "a bounce": (written("x\n", PASS, "Return-Path: <>"), Outcome.AUTOMATIC),
    "a list": (written("x\n", PASS, "List-Id: <news.example.net>"), Outcome.AUTOMATIC),
    "bulk": (written("x\n", PASS, "Precedence: bulk"), Outcome.AUTOMATIC),
    "our own": (written("x\n", PASS, "X-Portal-Loop: portal.example.org"), Outcome.OUR_OWN),
    "no words": (written("\n", PASS), Outcome.EMPTY),
    "quotes alone": (written("> one\n> two\n", PASS), Outcome.EMPTY),
    "too large": (written("x\n" * 700_000, PASS), Outcome.TOO_LARGE),
    "a head without an end": (
        written("x\n", PASS, *(f"X-Filler-{n}: {'x' * 900}" for n in range(80))),
        Outcome.UNKNOWN_SENDER,
    ),
}


def counts() -> dict[str, int]:
    return dict(IncomingCount.objects.values_list("sort", "number"))


@pytest.mark.parametrize("name", HOSTILE)
def test_each_sort_of_hostile_mail_becomes_nothing_and_is_answered_to_nobody(ann, name):
    content, outcome = HOSTILE[name]
    assert receive(content) is outcome
    assert Announcement.objects.count() == 0
    assert mails() == []
    assert counts() == {outcome: 1}


def test_former_partners_and_blocked_people_post_nothing(ann):
    Partner.objects.filter(person=ann).update(status=Partner.Status.WITHDRAWN)
    assert receive(written("x\n", PASS)) is Outcome.UNKNOWN_SENDER
    Partner.objects.filter(person=ann).update(status=Partner.Status.APPROVED)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert receive(written("x\n", PASS, number="2")) is Outcome.UNKNOWN_SENDER
    UserFactory(email="bob@example.net")
    assert receive(written("x\n", PASS, sender="bob@example.net")) is Outcome.UNKNOWN_SENDER


def test_the_same_mail_again_and_a_flood_are_dropped(ann):
    assert receive(written("x\n", PASS)) is Outcome.DRAFTED
    assert receive(written("x\n", PASS)) is Outcome.AGAIN
    found = [receive(written("x\n", PASS, number=f"n{n}")) for n in range(6)]
    assert found == [Outcome.DRAFTED] * 4 + [Outcome.TOO_MANY] * 2
    assert Announcement.objects.count() == 5
    assert counts() == {Outcome.DRAFTED: 5, Outcome.AGAIN: 1, Outcome.TOO_MANY: 2}


def test_a_posting_address_with_anything_behind_it_is_none(ann):
    for recipient in ("portal+posts@portal.example.org", "portal+post-x@portal.example.org"):
        assert inbound.receive(written("x\n", PASS), recipient, NOW) == inbound.Outcome.NO_REPORT
