"""Replies by mail: what a person wrote comes into the conversation, and nothing else does."""

import base64
import hashlib
import hmac
import io
import os
import subprocess
import sys
import time
from datetime import timedelta
from email.message import EmailMessage

import pytest
from anymail.signals import inbound as taken_by_a_service
from django.core.management import call_command
from django.test import Client
from django.urls import include, path
from PIL import Image

from mailings import inbound, mime, relay, replies, retention, tracking
from mailings.models import OutgoingMail, RelayAddress, RelayedReply
from partners.refusals import Refused
from tests.factories import NOW
from tests.mailings.test_reports import FILES
from wmaportal import urls as portal
from wmaportal.local import servers

pytestmark = pytest.mark.django_db

ADDRESS = "Ann@Example.net"
OTHER = "expert@example.com"
SECRET = "portal:0123456789abcdef0123"
HOUR = timedelta(hours=1)
RECEIVED = "Received: from mx.example.net by mx.portal.example.org; Tue, 24 Nov 2026 09:00:00 +0000"


class Taken(list):
    """What the conversation of the tests was given, with the key of the place."""

    address = ADDRESS
    refusal = ""

    def take(self, key, arrived, now):
        if self.refusal:
            RelayAddress.objects.create(topic="gone", object_id=1)  # to be rolled back
            raise Refused(self.refusal)
        self.append((key, arrived, now))

    @property
    def arrived(self):
        [(_key, arrived, _now)] = self
        return arrived


@pytest.fixture
def taken(settings, monkeypatch):
    """A conversation "test", whose place 7 is Ann's; it is unknown again after the test."""
    settings.INBOUND_ADDRESS = "portal@portal.example.org"
    settings.MAIL_DOMAIN = "portal.example.org"
    monkeypatch.setattr(relay, "_conversations", {})
    found = Taken()
    relay.register(relay.Conversation("test", lambda key: found.address, found.take))
    return found


def address_of(key=7) -> str:
    return f"portal+reply-{relay.reply_token('test', key)}@portal.example.org"


def written(text="Yes, on Tuesday.\n", *more: str, sender="Ann <ann@example.net>", number="1"):
    """The bytes of an ordinary reply; `more` are further headers."""
    lines = [
        *more,
        f"From: {sender}",
        f"To: {address_of()}",
        "Subject: Re: A question",
        *([f"Message-ID: <{number}@mail.example.net>"] if number else []),
    ]
    if not any(line.lower().startswith("content-type") for line in more):
        lines.append("Content-Type: text/plain; charset=utf-8")
    return ("\r\n".join(lines) + "\r\n\r\n" + text.replace("\n", "\r\n")).encode()


def read(content: bytes, key=7, now=NOW):
    return inbound.receive(content, address_of(key), now)


def told() -> list[tuple[str, list[str]]]:
    """(to, sentences) of the mails that tell a person."""
    return [(mail.to, mail.context["sentences"]) for mail in OutgoingMail.objects.order_by("pk")]


def with_files(*parts: tuple[str, str, bytes], text="See the file.", **headers) -> bytes:
    """A reply with (name, media type, content) attached."""
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = ADDRESS, address_of(), "<f@example.net>"
    message.set_content(text)
    for name, media_type, content in parts:
        main, sub = media_type.split("/")
        message.add_attachment(content, main, sub, filename=name, **headers)
    return message.as_bytes()


def png(edge: int) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (edge, edge), os.urandom(edge * edge * 3)).save(out, "PNG")
    return out.getvalue()


# What gets through


def test_what_the_person_wrote_comes_into_the_conversation(taken):
    assert read(written()) == relay.Outcome.TAKEN
    [(key, arrived, now)] = taken
    assert (key, now) == (7, NOW)
    assert arrived == relay.Arrived("Yes, on Tuesday.", "", [], [], "<1@mail.example.net>")
    assert told() == []


@pytest.mark.parametrize(
    "sender",
    [
        "ANN@EXAMPLE.NET",
        "ann@example.net (Ann)",
        '"Lee, Ann <x@example.org>" <ann@example.net>',
        "=?utf-8?q?Jos=C3=A9=40example=2Eorg?= <Ann@example.NET>",
        "Ann\r\n <ann@example.net>",
    ],
)
def test_the_sender_is_known_in_every_spelling(taken, sender):
    assert read(written(sender=sender)) == relay.Outcome.TAKEN


def test_a_domain_is_the_same_in_letters_and_in_ascii(taken):
    taken.address = "ann@müll.example"

    assert read(written(sender="ann@xn--mll-hoa.example")) == relay.Outcome.TAKEN


def test_the_token_of_a_place_stays_and_each_place_has_its_own(taken):
    assert relay.reply_token("test", 7) == relay.reply_token("test", 7)
    assert relay.reply_token("test", 8) != relay.reply_token("test", 7)
    assert len(relay.reply_token("test", 7)) == 32


def test_without_a_recipient_the_headers_say_which_place_it_is(taken):
    assert inbound.receive(written(), "", NOW) == relay.Outcome.TAKEN


def test_a_message_without_an_id_is_known_by_its_content(taken):
    content = written(number="")

    assert [read(content), read(content)] == [relay.Outcome.TAKEN, relay.Outcome.AGAIN]
    assert taken.arrived.message_id == (
        f"<{hashlib.sha256(content).hexdigest()}@no-message-id.invalid>"
    )


def test_the_command_takes_a_reply_from_its_standard_input(taken):
    out = io.StringIO()
    call_command("read_mail", recipient=address_of(), stdin=io.BytesIO(written()), stdout=out)

    assert out.getvalue() == "a reply, taken\n"
    assert taken.arrived.text == "Yes, on Tuesday."


def test_as_a_mail_server_calls_it_a_reply_to_nobody_is_accepted():
    done = subprocess.run(
        [sys.executable, "manage.py", "read_mail", "--recipient", f"portal+reply-{'0' * 32}@x.org"],
        cwd=servers.ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "wmaportal.settings",
            "INBOUND_ADDRESS": "portal@x.org",
        },
        input=b"From: ann@example.net\r\n\r\nHello\r\n",
        capture_output=True,
    )

    assert (done.returncode, done.stdout) == (0, b"a reply with an unknown token\n")


# What does not

ROW = "<0123456789abcdef0123456789abcdef@portal.example.org>"
HOSTILE = {
    "other sender": (written, {"sender": "eve@example.net"}, relay.Outcome.OTHER_SENDER),
    "address as a name": (
        written,
        {"sender": "ann@example.net <eve@example.net>"},
        relay.Outcome.OTHER_SENDER,
    ),
    "two addresses": (
        written,
        {"sender": "ann@example.net, eve@example.net"},
        relay.Outcome.OTHER_SENDER,
    ),
    "group": (written, {"sender": "x: ann@example.net;"}, relay.Outcome.OTHER_SENDER),
    "two in brackets": (
        written,
        {"sender": "<ann@example.net> <eve@example.net>"},
        relay.Outcome.OTHER_SENDER,
    ),
    "longer domain": (
        written,
        {"sender": "ann@example.net.example.org"},
        relay.Outcome.OTHER_SENDER,
    ),
}
AUTOMATIC = [
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: auto-generated (vacation)",
    "Auto-Submitted: no\r\nAuto-Submitted: auto-replied",
    "Return-Path: <>",
    "Return-Path: < >",
    "Precedence: bulk",
    "Precedence: Junk",
    "Precedence: list",
    "Precedence: auto_reply",
    "X-Autoreply: yes",
    "X-Autorespond: Away",
    "X-Auto-Response-Suppress: All",
    "List-Id: <list.example.net>",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    "X-Failed-Recipients: x@example.org",
    "X-Auto-Response-Suppress: OOF\r\nSubject: Réponse automatique : absent",
    "X-Loop: ann@example.net\r\nSubject: Out of office",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_only_the_one_address_of_the_person_is_believed(taken, name):
    make, values, outcome = HOSTILE[name]

    assert read(make(**values)) == outcome
    assert (taken, RelayedReply.objects.count()) == ([], 0)
    assert {to for to, _sentences in told()} <= {taken.address}


def test_who_writes_from_a_second_address_is_told_once_a_day_at_the_first(taken):
    from_second = written(sender="ann@example.org")
    for hours in (0, 2, 23, 25):
        assert read(from_second, now=NOW + hours * HOUR) == relay.Outcome.OTHER_SENDER

    [(to, [sentence]), _again] = told()
    assert to == taken.address
    assert "from another address" in sentence
    assert "example.org" not in str(OutgoingMail.objects.first().context)


def test_a_forged_second_address_is_not_told(taken, settings):
    settings.AUTHSERV_ID = "mx.portal.example.org"
    header = "Authentication-Results: mx.portal.example.org; dmarc=fail"

    content = written("x", header, RECEIVED, sender="eve@example.net")
    assert read(content) == relay.Outcome.FORGED
    assert told() == []


def test_two_from_headers_or_none_are_nobody(taken):
    assert read(written("x", "From: ann@example.net")) == relay.Outcome.OTHER_SENDER
    without = written().replace(b"From: Ann <ann@example.net>\r\n", b"")
    assert read(without) == relay.Outcome.AUTOMATIC
    far_below = f"From: ann@example.net\r\nX: {'x' * 70_000}"
    assert read(written("x", far_below)) == relay.Outcome.OTHER_SENDER
    assert (taken, told()) == ([], [])


@pytest.mark.parametrize("header", AUTOMATIC)
def test_what_a_program_wrote_is_not_taken_and_not_answered(taken, header):
    taken.refusal = "Closed."

    assert read(written("I am away.", header)) == relay.Outcome.AUTOMATIC
    assert (taken, told(), RelayedReply.objects.count()) == ([], [], 0)


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@example.net", "postmaster@example.net", "<>"])
def test_a_mail_server_does_not_take_part(taken, sender):
    taken.address = sender

    assert read(written(sender=sender)) == relay.Outcome.AUTOMATIC
    assert (taken, told()) == ([], [])


def test_reports_and_absences_from_the_wild_are_never_a_reply(taken):
    """All that test_reports.py knows, sent to the address of a place."""
    found = {name: read(content) for name, content in FILES.items()}

    assert relay.Outcome.TAKEN not in found.values()
    assert (taken, RelayedReply.objects.count()) == ([], 0)
    assert [to for to, _sentences in told()] == [taken.address], "one a day, and to nobody else"
    assert len(found) >= 40


def test_ordinary_headers_of_mail_programs_make_no_program_of_a_person(taken):
    content = written(
        "Yes.",
        "Auto-Submitted: no",
        "Return-Path: <ann@example.net>",
        "X-Auto-Response-Suppress: OOF",
        "X-MS-Has-Attach:",
        "Precedence: normal",
    )

    assert read(content) == relay.Outcome.TAKEN


def test_an_unknown_token_or_conversation_is_taken_for_nothing(taken):
    nobody = f"portal+reply-{'0' * 32}@portal.example.org"
    assert inbound.receive(written(), nobody, NOW) == relay.Outcome.NO_SUCH_ADDRESS
    RelayAddress.objects.create(topic="gone", object_id=7, token="a" * 32)
    gone = f"portal+reply-{'a' * 32}@portal.example.org"
    assert inbound.receive(written(), gone, NOW) == relay.Outcome.NO_SUCH_ADDRESS
    assert (taken, told()) == ([], [])


def test_a_place_without_an_address_is_closed_for_everybody(taken):
    taken.address = ""

    for sender in ("Ann <ann@example.net>", "<>", "Ann"):
        assert read(written("x", "Auto-Submitted: no", sender=sender)) != relay.Outcome.TAKEN
    assert read(written()) == relay.Outcome.CLOSED
    assert (taken, told()) == ([], [])


@pytest.mark.parametrize("results", ["dmarc=fail", "spf=fail; dkim=fail"])
def test_a_sender_that_our_own_server_calls_forged_is_not_believed(taken, settings, results):
    settings.AUTHSERV_ID = "mx.portal.example.org"
    taken.refusal = "Closed."
    header = f"Authentication-Results: mx.portal.example.org; {results}"

    assert read(written("x", header, RECEIVED)) == relay.Outcome.FORGED
    assert (taken, told(), RelayedReply.objects.count()) == ([], [], 0)


def test_what_another_server_says_of_the_sender_does_not_count(taken, settings):
    settings.AUTHSERV_ID = "mx.portal.example.org"
    header = "Authentication-Results: mx.portal.example.org; dmarc=fail"

    assert read(written("x", RECEIVED, header)) == relay.Outcome.TAKEN


def test_our_own_mail_does_not_come_in_again(taken):
    row = OutgoingMail.objects.create(kind="relayed", message_id=ROW)
    marked = written("x", "X-Portal-Loop: Portal.example.org")
    returned = written("x", f"Message-ID: {ROW}", number="")
    others = written("x", "X-Portal-Loop: other.example.org", "Message-ID: <1@portal.example.org>")

    assert read(marked) == read(returned) == relay.Outcome.OUR_OWN
    assert taken == []
    assert list(OutgoingMail.objects.all()) == [row]
    assert read(others) == relay.Outcome.TAKEN


def test_a_message_is_taken_once_for_each_place(taken):
    assert read(written("Yes.")) == relay.Outcome.TAKEN
    assert read(written("Yes.")) == relay.Outcome.AGAIN
    assert read(written("Yes."), key=8) == relay.Outcome.TAKEN
    assert [key for key, _arrived, _now in taken] == [7, 8]


def test_a_flood_is_dropped_after_twenty_an_hour_and_sixty_a_day(taken):
    def send(number, hour):
        return read(written(number=str(number)), now=NOW + hour * HOUR)

    outcomes = [send(number, 0) for number in range(25)]
    assert outcomes == [relay.Outcome.TAKEN] * 20 + [relay.Outcome.TOO_MANY] * 5
    assert read(written(number="x"), key=8) == relay.Outcome.TAKEN, "of one place alone"
    outcomes = [send(number, 2 + number // 20) for number in range(100, 160)]
    assert outcomes == [relay.Outcome.TAKEN] * 40 + [relay.Outcome.TOO_MANY] * 20
    assert send(200, 25) == relay.Outcome.TAKEN
    assert told() == []


def test_replies_that_were_not_taken_count_for_the_flood_too(taken):
    taken.refusal = "Closed."
    outcomes = [read(written(number=str(number))) for number in range(22)]

    assert outcomes == [relay.Outcome.REFUSED] * 20 + [relay.Outcome.TOO_MANY] * 2


def test_what_was_taken_is_forgotten_after_ninety_days(taken):
    read(written())
    assert retention.forget(NOW + timedelta(days=89))["old replies by mail forgotten"] == 0
    assert retention.forget(NOW + timedelta(days=91))["old replies by mail forgotten"] == 1
    assert RelayAddress.objects.count() == 1


def test_what_the_app_breaks_on_is_tried_again(taken, monkeypatch):
    monkeypatch.setattr(relay, "_conversations", {})

    def broken(*args):
        raise ZeroDivisionError

    relay.register(relay.Conversation("test", lambda key: ADDRESS, broken))
    with pytest.raises(ZeroDivisionError):
        read(written())
    assert not RelayedReply.objects.exists()


def test_neither_addresses_nor_words_are_logged(taken, caplog):
    caplog.set_level("DEBUG", "mailings")
    read(written())
    read(written(sender="eve@example.org"))
    read(written("secret", "Auto-Submitted: auto-replied"))

    logged = [record.getMessage() for record in caplog.records if "mailings" in record.name]
    assert logged == [
        "Mail came in: a reply, taken.",
        "Mail came in: a reply from another address.",
        "Mail came in: a reply that a program wrote.",
    ]


# What the person is told


def test_a_refusal_of_the_conversation_is_told_to_the_address_on_file(taken):
    taken.refusal = "The conversation is closed."

    assert read(written()) == relay.Outcome.REFUSED
    assert told() == [(ADDRESS, ["The conversation is closed."])]
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.template) == ("moderation", "mailings/mail/reply_not_taken")
    assert not RelayAddress.objects.filter(topic="gone").exists(), "what it began is undone"


def test_a_person_is_told_once_an_hour_at_most(taken):
    taken.refusal = "The conversation is closed."
    for number, minutes in enumerate((0, 30, 59, 61)):
        read(written(number=str(number)), now=NOW + timedelta(minutes=minutes))
    read(written(), key=8)

    assert len(told()) == 3
    assert RelayAddress.objects.get(object_id=7).told_at == NOW + timedelta(minutes=61)


def test_a_mail_that_is_too_large_is_told_and_not_read(taken):
    content = written() + b"x" * replies.LONGEST
    out = io.StringIO()
    stream = io.BytesIO(content + b"x" * 1_000_000)
    call_command("read_mail", recipient=address_of(), stdin=stream, stdout=out)

    assert out.getvalue() == "a reply that is too large\n"
    assert stream.read() == b""
    assert taken == []
    assert told() == [
        (ADDRESS, ["The mail is too large: 25 MB is the limit, attachments included."])
    ]


def test_a_mail_of_some_megabytes_is_read_whole(taken):
    content = with_files(("a.txt", "application/octet-stream", b"words\n" * 500_000))

    assert read(content) == relay.Outcome.TAKEN
    assert [one.size for one in taken.arrived.attachments] == [3_000_000]


@pytest.mark.parametrize("text", ["", "\n\n", "> quoted\n> alone\n", "\u200e\ufeff"])
def test_a_reply_of_quotes_alone_is_not_passed_on_and_told(taken, text):
    assert read(written(text)) == relay.Outcome.EMPTY
    assert taken == []
    assert told() == [
        (ADDRESS, ["There is no text above the quoted mail, and no attachment to pass on."])
    ]


# Folding

REPLY_ADDRESS = "portal+reply-0123456789abcdef@portal.example.org"
PROGRAMS = {
    "gmail en": (
        "Yes, that works.\n\nOn Tue, 24 Nov 2026 at 10:00, Expert 24 via Waste Management Area <\n"
        f"{REPLY_ADDRESS}> wrote:\n\n> When?\n> x@example.org\n"
    ),
    "gmail fr": (
        "Yes, that works.\n\nLe mar. 24 nov. 2026 à 10:00, Expert 24 via Waste Management Area <\n"
        f"{REPLY_ADDRESS}> a écrit :\n\n> Quand ?\n"
    ),
    "gmail es": (
        "Yes, that works.\n\nEl mar, 24 nov 2026 a las 10:00, Expert 24 via Area (<\n"
        f"{REPLY_ADDRESS}>) escribió:\n\n> ¿Cuándo?\n"
    ),
    "gmail pt": (
        f"Yes, that works.\n\nEm ter., 24 de nov. de 2026 às 10:00, Expert <{REPLY_ADDRESS}> "
        "escreveu:\n\n> Quando?\n"
    ),
    "gmail ja": (
        f"Yes, that works.\n\n2026年11月24日(火) 10:00 Expert <{REPLY_ADDRESS}>:\n\n> はい\n"
    ),
    "apple en": (
        "Yes, that works.\n\nSent from my iPhone\n\n> On 24 Nov 2026, at 10:00, Expert 24 "
        f"<{REPLY_ADDRESS}> wrote:\n> \n> When?\n"
    ),
    "apple fr": (
        "Yes, that works.\n\nEnvoyé de mon iPhone\n\n> Le 24 nov. 2026 à 10:00, Expert 24 "
        f"<{REPLY_ADDRESS}> a écrit :\n> \n> Quand ?\n"
    ),
    "apple es": (
        "Yes, that works.\n\nEnviado desde mi iPhone\n\n> El 24 nov 2026, a las 10:00, Expert 24 "
        f"<{REPLY_ADDRESS}> escribió:\n> \n> ¿Cuándo?\n"
    ),
    "outlook en": (
        "Yes, that works.\n\nBest regards,\nAnn Lee\nann@example.net\n\n"
        "________________________________\n"
        f"From: Expert 24 via Area <{REPLY_ADDRESS}>\nSent: Tuesday, November 24, 2026 10:00 AM\n"
        "To: Ann <ann@example.net>\nSubject: A question\n\nWhen?\n"
    ),
    "outlook fr": (
        "Yes, that works.\n\nCordialement,\nAnne\n\n"
        f"De : Expert 24 via Area <{REPLY_ADDRESS}>\nEnvoyé : mardi 24 novembre 2026 10:00\n"
        "À : Anne <ann@example.net>\nObjet : Une question\n\nQuand ?\n"
    ),
    "outlook es": (
        "Yes, that works.\n\nUn saludo,\nAna\n\n"
        f"De: Expert 24 via Area <{REPLY_ADDRESS}>\nEnviado: martes, 24 de noviembre de 2026\n"
        "Para: Ana <ann@example.net>\nAsunto: Una pregunta\n\n¿Cuándo?\n"
    ),
    "outlook old": (
        "Yes, that works.\n\n-----Mensaje original-----\n"
        f"De: Expert 24 [mailto:{REPLY_ADDRESS}]\n\nWhen?\n"
    ),
    "german": (
        "Yes, that works.\n\nMit freundlichen Grüßen\nAnna Schmidt\n\n"
        f"Am Di., 24. Nov. 2026 um 10:00 Uhr schrieb Expert <{REPLY_ADDRESS}>:\n\n> Wann?\n"
    ),
    "answer below": (
        f"On 24 Nov 2026 at 10:00, X <{REPLY_ADDRESS}> wrote:\n> When?\n\nYes, that works.\n"
    ),
    "signature": "Yes, that works.\n\n-- \nAnn Lee, ann@example.net\n+33 1 23 45 67 89\n",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_quotes_signatures_and_the_addresses_in_them_are_folded_away(taken, program):
    read(written(PROGRAMS[program]))

    assert taken.arrived.text == "Yes, that works."
    assert "@" in taken.arrived.folded


def test_answers_between_quoted_lines_are_kept(taken):
    read(
        written(
            f"See below.\n\nOn 24 Nov 2026 at 10:00, X <{REPLY_ADDRESS}> wrote:\n> One?\nYes.\n\n"
            "> Two?\n\nNo, never.\n\n--\nAnn\n"
        )
    )

    assert taken.arrived.text.split() == "See below. Yes. No, never.".split()
    assert taken.arrived.folded.split("\n")[-2:] == ["> One?", "> Two?"]


@pytest.mark.parametrize(
    "text",
    [
        "I looked at it.\nThanks, Tuesday is fine.",
        "Three points:\n- one\n- two\n- three",
        "Monday: yes\nTuesday: no\nHour: 10:00",
        "Thanks, Ann",
        "Le 24 est possible :\nà Paris.",
        "De: Lyon\nto Paris",
    ],
)
def test_what_only_looks_like_a_signature_or_a_quote_stays(taken, text):
    read(written(text))

    assert (taken.arrived.text, taken.arrived.folded) == (text, "")


def test_a_very_long_text_is_cut_and_told(taken):
    read(written("word " * 5000))

    assert len(taken.arrived.text) == 19_999
    assert told() == [
        (ADDRESS, ["The text is longer than 20,000 characters: its end is left out."])
    ]


def test_paragraphs_that_a_program_broke_are_whole_again(taken):
    content = written(
        "This is one \nparagraph. \n\nAnother.\n-- \nAnn\n",
        "Content-Type: text/plain; charset=utf-8; format=flowed",
    )
    read(content)

    assert (taken.arrived.text, taken.arrived.folded) == (
        "This is one paragraph.\n\nAnother.",
        "--\nAnn",
    )


# HTML, characters and broken messages

HTML = """<html><head><style>.x{display:none}</style><title>T</title></head><body>
<p onclick="evil()">Yes &amp; no.<br>Second <a href="javascript:evil()">line</a></p>
<script>evil()</script><div style="display:none">hidden</div><p hidden>hidden</p>
<span style="font-size:0px">hidden</span><img src="https://track.example/x.gif" alt="tracked">
<!-- hidden --><svg><text>hidden</text></svg>
<div class="gmail_quote"><div class="gmail_attr">On 24 Nov x@example.org wrote:</div>
<blockquote>Old</blockquote></div></body></html>"""


def test_a_mail_of_html_alone_is_read_without_what_acts_or_hides(taken):
    read(written(HTML, "Content-Type: text/html; charset=utf-8"))

    assert taken.arrived.text == "Yes & no.\nSecond line"
    assert taken.arrived.folded == "On 24 Nov x@example.org wrote:\nOld"


def test_plain_text_counts_before_html(taken):
    message = EmailMessage()
    message["From"], message["Message-ID"] = ADDRESS, "<h@example.net>"
    message.set_content("In plain words.")
    message.add_alternative("<p>In HTML.</p>", "html")
    read(message.as_bytes())

    assert (taken.arrived.text, taken.arrived.attachments) == ("In plain words.", [])


@pytest.mark.parametrize("charset", ["iso-8859-1", "no-such-charset", "utf-8", "idna", "base64"])
def test_a_wrong_character_set_does_not_stop_a_reply(taken, charset):
    content = written("x", f"Content-Type: text/plain; charset={charset}")
    assert read(content.replace(b"\r\n\r\nx", b"\r\n\r\nJos\xe9 dit oui")) == relay.Outcome.TAKEN
    assert taken.arrived.text == "José dit oui"


def test_characters_that_no_text_has_are_gone(taken):
    read(written("Yes\x00, \x1bof\u202e course\ufeff.\x07"))

    assert taken.arrived.text == "Yes, of course."


def _nested(levels: int) -> str:
    return "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(levels)
    )


BROKEN = {
    "no end": ("--b\nContent-Type: text/plain\n\nhi", "Content-Type: multipart/mixed; boundary=b"),
    "no boundary": ("hi", "Content-Type: multipart/mixed"),
    "ten thousand parts": (
        "--b\nContent-Type: text/plain\n\nx\n" * 10_000,
        "Content-Type: multipart/mixed; boundary=b",
    ),
    "deep": (_nested(3000), "Content-Type: multipart/mixed; boundary=b"),
    "messages in messages": (
        "Content-Type: message/rfc822\n\n" * 3000,
        "Content-Type: message/rfc822",
    ),
    "parameters": ("hi", "Content-Type: text/plain; " + "a=b; " * 200_000),
    "not base64": ("\u00e9!" * 1000, "Content-Transfer-Encoding: base64"),
    "tags": ("<ul><li>" * 300_000, "Content-Type: text/html"),
    "blank": ("\n" * 300_000 + "x", "Content-Type: text/plain"),
    "attributions": ("On a \n" * 50_000, "Content-Type: text/plain"),
    "lines": ("a\n" * 700_000, "Content-Type: text/plain"),
    "junk": ("\x00\x01\x02\ufffd" * 100_000, "Content-Type: application/octet-stream"),
    "no such type": ("x", "Content-Type: ;;;=\u00e9"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_or_hostile_message_is_accepted_in_seconds(taken, name):
    text, header = BROKEN[name]
    began = time.monotonic()

    outcome = read(written(text, header))

    assert outcome in set(relay.Outcome)
    assert time.monotonic() - began < 10
    assert all(len(arrived.text) <= 20_000 for _key, arrived, _now in taken)
    assert len(told()) <= 1


# Attachments


def test_documents_are_checked_and_come_with_the_text(taken):
    read(with_files(("Notes.txt", "application/octet-stream", b"Some words.\n")))

    [checked] = taken.arrived.attachments
    assert (checked.name, checked.kind, checked.content.read()) == (
        "Notes.txt",
        "txt",
        b"Some words.\n",
    )
    assert (taken.arrived.text, taken.arrived.refused, told()) == ("See the file.", [], [])


def test_an_attachment_without_words_is_a_reply(taken):
    read(with_files(("Notes.txt", "application/octet-stream", b"Some words.\n"), text=""))

    assert (taken.arrived.text, len(taken.arrived.attachments)) == ("", 1)


REFUSED = [
    ("photo.exe", "application/octet-stream", b"MZ\x90\x00\x03\x00", "photo.exe: The portal does"),
    ("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22", "winmail.dat: This is a mail in a"),
    ("invite.ics", "text/calendar", b"BEGIN:VCALENDAR", "invite.ics: Invitations to meetings are"),
    ("ann.vcf", "text/vcard", b"BEGIN:VCARD", "ann.vcf: Visiting cards are not"),
    ("old.eml", "application/octet-stream", b"From: x@y.org", "old.eml: Mails in the mail are not"),
    ("p.html", "text/html", b"<html><script>x</script>", "p.html: The portal does not know"),
    ("a.pdf", "application/pdf", b"%PDF-1.4 cut", "a.pdf: The PDF is not complete"),
    ("empty.pdf", "application/pdf", b"", "empty.pdf: The file is empty."),
    (
        "x@evil.example https://evil.example/a.exe",
        "application/octet-stream",
        b"MZ\0",
        "a.exe: The portal does",
    ),
]


@pytest.mark.parametrize(("name", "media_type", "content", "sentence"), REFUSED)
def test_what_cannot_be_taken_is_said_in_a_sentence(taken, name, media_type, content, sentence):
    assert read(with_files((name, media_type, content))) == relay.Outcome.TAKEN
    [said] = taken.arrived.refused
    assert said.startswith(sentence)
    assert (taken.arrived.attachments, told()) == ([], [(ADDRESS, [said])])
    assert OutgoingMail.objects.get().context["is_taken"]


def test_ten_attachments_are_taken_and_the_rest_is_named(taken):
    files = [(f"{n}.txt", "application/octet-stream", f"Number {n}".encode()) for n in range(1, 41)]
    read(with_files(*files))

    assert len(taken.arrived.attachments) == 10
    assert taken.arrived.refused[0] == "11.txt: At most 10 attachments of a mail are taken."
    assert taken.arrived.refused[-1] == "15 more parts were not taken."
    assert len(taken.arrived.refused) == 16


def test_small_pictures_of_a_signature_are_left_out_silently(taken):
    small, large = png(20), png(120)
    assert len(small) < 20 * 1024 < len(large)
    read(
        with_files(
            ("logo.png", "image/png", small),
            ("map.png", "image/png", large),
            disposition="inline",
            cid="<x@example.net>",
        )
    )

    assert [one.name for one in taken.arrived.attachments] == ["map.png"]
    assert (taken.arrived.refused, told()) == ([], [])


def test_a_small_picture_that_was_attached_is_taken(taken):
    read(with_files(("map.png", "image/png", png(20))))

    assert [one.name for one in taken.arrived.attachments] == ["map.png"]


# Hiding


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to Ann@example.org.", "Write to [address hidden]."),
        ("<mailto:a.b+c@mail.example.co.uk>", "<[address hidden]>"),
        (
            "ann (at) example (dot) org, or ann[at]example.org",
            "[address hidden], or [address hidden]",
        ),
        ("Call +33 1 23 45 67 89.", "Call [number hidden]."),
        ("06 12 34 56 78 / (030) 1234-567", "[number hidden] / [number hidden]"),
        (
            "Tel.: 555 1234, phone number 612345678",
            "Tel.: [number hidden], phone number [number hidden]",
        ),
        ("555-123-4567", "[number hidden]"),
        ("0049/30/1234567", "[number hidden]"),
        ("06.12.34.56.78", "[number hidden]"),
        ("On 2026-11-24 10:30 or 24.11.2026, 06/12/2026, 2020-2026, (2024)", None),
        ("From 24.11.2026-26.11.2026, 2024 2025 2026", None),
        ("1 000 000 tonnes, 1.000.000, 12,345,678 and 3.5", None),
        ("RFC 5322, ISO 14001:2015, 192.168.1.10, https://example.org/a", None),
        ("me @ home, a@b", None),
    ],
)
def test_addresses_and_numbers_are_hidden_and_other_figures_stay(text, shown):
    assert relay.without_addresses(text) == (text if shown is None else shown)


def test_hiding_takes_no_time_for_hostile_texts():
    began = time.monotonic()
    for word in ("1 ", "a@", "a.", "+(", "tel ", "a [ ", "a@b."):
        relay.without_addresses(word * 20_000)

    assert time.monotonic() - began < 10


# By a mail service


@pytest.fixture
def service(settings, taken):
    """Mailgun's address for whole messages, as if it delivered for the portal."""
    settings.DELIVERY_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": "key"}

    class Urls:
        urlpatterns = [path("mail/events/", include(tracking.patterns())), *portal.urlpatterns]

    settings.ROOT_URLCONF = Urls
    return Client(SERVER_NAME="localhost", enforce_csrf_checks=True)


def _signed(content: bytes) -> dict:
    """As Mailgun posts: fields, and a signature over the moment and a token."""
    moment, token = str(int(time.time())), "t" * 50
    signature = hmac.new(b"key", f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "recipient": address_of(),
        "sender": "ann@example.net",
        "body-mime": content.decode(),
        "timestamp": moment,
        "token": token,
        "signature": signature,
    }


def _post(service, content: bytes, secret=SECRET) -> int:
    basic = "Basic " + base64.b64encode(secret.encode()).decode()
    return service.post(
        "/mail/events/mailgun/inbound_mime/", _signed(content), headers={"Authorization": basic}
    ).status_code


def test_a_reply_comes_in_by_a_mail_service(service, taken):
    assert _post(service, written("Sí, José.\n")) == 200
    assert taken.arrived.text == "Sí, José."
    assert _post(service, written("x", "Auto-Submitted: auto-replied", number="2")) == 200
    assert len(taken) == 1


def test_without_the_secret_no_mail_comes_in_by_a_service(service, taken):
    assert _post(service, written(), "portal:wrong") == 400
    assert taken == []


def test_a_service_hands_mail_over_only_where_an_address_for_it_is_set(service, settings):
    names = {pattern.name for pattern in tracking.patterns()}
    assert names == {"mailgun_tracking_webhook", "mailgun_inbound_webhook"}
    settings.INBOUND_ADDRESS = ""
    assert {pattern.name for pattern in tracking.patterns()} == {"mailgun_tracking_webhook"}


def test_the_portal_listens_to_the_signal_of_services():
    assert taken_by_a_service.has_listeners()


# Both ways


def test_no_mail_that_tells_a_person_is_answered_by_the_relay(taken):
    """The notice itself, sent back to the address of the place, ends here."""
    taken.refusal = "Closed."
    read(written())
    notice = OutgoingMail.objects.get()
    back = written(
        "x", f"Message-ID: {notice.message_id}", "Auto-Submitted: auto-generated", number=""
    )

    assert read(back) == relay.Outcome.OUR_OWN
    assert OutgoingMail.objects.count() == 1


def test_a_name_for_the_sender_is_encoded_before_the_portals_own_address():
    line = mime.folded("From", mime.address("Expert “24” via Área", "portal@example.org"))

    assert line.endswith("<portal@example.org>\r\n")
    assert line.isascii()


def test_hiding_takes_no_longer_for_digits_that_are_hard_to_part():
    text = " ".join(["1" * 40 + "a", "12 34 " * 30 + "b", "(1" * 40, "+1-" * 60] * 100)
    started = time.process_time()

    relay.without_addresses(text)

    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "hidden",
    [
        "ann@example\u3002org",
        "ann\uff20example\uff0eorg",
        "ann@exa\u200bmple.org",
        "ann@ex\u00adample.org",
    ],
)
def test_an_address_in_disguise_is_hidden_too(hidden):
    assert "ann" not in relay.without_addresses(f"Write to {hidden}.")
