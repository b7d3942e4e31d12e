"""Whatever Django, allauth or an app sends becomes rows of the outbox."""

from email.mime.image import MIMEImage
from email.mime.text import MIMEText

import pytest
from django.core import mail as django_mail
from django.core.mail import BadHeaderError, EmailMessage, EmailMultiAlternatives
from django.db import transaction

from mailings import mime
from mailings.models import OutgoingMail
from tests.mailings.test_mime import strictly

pytestmark = pytest.mark.django_db


def the_row() -> OutgoingMail:
    return OutgoingMail.objects.get()


def the_message():
    return strictly(the_row().content)


def test_a_mail_becomes_a_row_that_goes_first():
    EmailMessage("Your code", "482913", to=["ana@example.org"]).send()

    row, message = the_row(), the_message()
    assert (row.kind, row.priority, row.state) == ("transactional", 0, "queued")
    assert (row.to, row.template) == ("ana@example.org", "")
    assert message["Message-ID"] == row.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content() == "482913\r\n"


def test_it_is_written_in_the_callers_transaction():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        EmailMessage("Your code", "482913", to=["ana@example.org"]).send()
        1 / 0  # noqa: B018

    assert not OutgoingMail.objects.exists()


def test_each_recipient_has_a_row_and_nobody_sees_a_blind_copy():
    EmailMessage(
        "Hello", "x", to=["Ana <ana@example.org>"], cc=["b@example.org"], bcc=["c@example.org"]
    ).send()

    rows = OutgoingMail.objects.order_by("to")
    assert [row.to for row in rows] == ["ana@example.org", "b@example.org", "c@example.org"]
    assert len({row.message_id for row in rows}) == 3
    for row in rows:
        message = strictly(row.content)
        assert (message["To"], message["Cc"]) == ("Ana <ana@example.org>", "b@example.org")
        assert b"c@example.org" not in row.content


def test_text_and_html_and_files_are_kept():
    message = EmailMultiAlternatives("Grüße", "Grüße", to=["ana@example.org"])
    message.attach_alternative("<p>Grüße</p>", "text/html")
    message.attach_alternative("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar")
    message.attach("été.txt", "Grüße", "text/plain")
    message.attach("roster.pdf", b"%PDF\0\xff", "application/pdf")
    message.attach(MIMEImage(b"\x89PNG", "png"))
    message.attach(MIMEText("Grüße", "plain", "utf-8"))
    message.send()

    found = the_message()
    assert found["Subject"] == "Grüße"
    assert found.get_body(["html"]).get_content() == "<p>Grüße</p>\r\n"
    types = [part.get_content_type() for part in found.walk() if not part.is_multipart()]
    assert types == [
        "text/plain",
        "text/html",
        "text/calendar",
        "text/plain",
        "application/pdf",
        "image/png",
        "text/plain",
    ]
    names = [part.get_filename() for part in found.walk() if part.is_attachment()]
    assert names == ["été.txt", "roster.pdf"]


def test_a_mail_service_gets_the_same_as_django_s_message():
    message = EmailMultiAlternatives(
        "Grüße", "Grüße\n", to=["ana@example.org"], reply_to=["lead@example.org"]
    )
    message.attach_alternative("<p>Grüße</p>\n", "text/html")
    message.attach_alternative("BEGIN:VCALENDAR\n", "text/calendar")
    message.attach("roster.pdf", b"%PDF\0\xff", "application/pdf")
    message.send()
    row = the_row()

    found = mime.as_django(row.content, "portal@example.org", "ana@example.org")

    assert (found.subject, found.body) == ("Grüße", "Grüße\n")
    assert (found.to, found.reply_to) == (["ana@example.org"], ["lead@example.org"])
    assert found.envelope_sender == "portal@example.org"
    assert [tuple(one) for one in found.alternatives] == [
        ("<p>Grüße</p>\n", "text/html"),
        ("BEGIN:VCALENDAR\n", "text/calendar"),
    ]
    assert [tuple(one) for one in found.attachments] == [
        ("roster.pdf", b"%PDF\0\xff", "application/pdf")
    ]
    assert found.extra_headers["Message-ID"] == row.message_id
    assert found.message()["Message-ID"] == row.message_id


def test_a_mail_in_html_alone_stays_so():
    message = EmailMessage("Hello", "<p>Hello</p>", to=["ana@example.org"])
    message.content_subtype = "html"
    message.send()

    assert the_message().get_content_type() == "text/html"
    found = mime.as_django(the_row().content, "p@example.org", "ana@example.org")
    assert [tuple(one) for one in found.alternatives] == [("<p>Hello</p>\n", "text/html")]


def test_headers_of_the_caller_stand_once():
    EmailMessage(
        "Hello",
        "x",
        to=["ana@example.org"],
        headers={
            "X-Reason": "Grund: Übung",
            "Auto-Submitted": "no",
            "message-id": "<x@y>",
            "To": "everybody@example.org",
            "Bcc": "c@example.org",
        },
    ).send()

    message = the_message()
    assert message.get_all("To") == ["everybody@example.org"]
    assert message.get_all("Message-ID") == [the_row().message_id]
    assert (message["Auto-Submitted"], message["X-Reason"]) == ("no", "Grund: Übung")
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Hello\r\nBcc: all@example.org"},
        {"to": ["ana@example.org\nb@example.org"]},
        {"from_email": "portal@example.org\r\nX: y"},
        {"headers": {"X-Reason": "a\nb"}},
        {"headers": {"X\nY": "a"}},
        {"reply_to": ["a@example.org\r"]},
    ],
)
def test_a_line_break_in_a_header_is_refused(values):
    message = EmailMessage(**{"subject": "Hello", "body": "x", "to": ["ana@example.org"]} | values)

    with pytest.raises(BadHeaderError):
        message.send()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize(
    "body", ["é" * 3000, "x" * 3000, "line\r\n" * 3, ".\n..\n", "日本語\n" * 50]
)
def test_long_lines_and_other_scripts_are_encoded(body):
    EmailMessage("Hello", body, to=["ana@example.org"]).send()

    assert the_message().get_content().split() == body.split()


def test_nothing_is_written_for_nobody():
    assert EmailMessage("Hello", "x", to=[]).send() == 0
    assert not OutgoingMail.objects.exists()


def test_several_messages_are_counted():
    messages = [EmailMessage("Hello", "x", to=[f"p{n}@example.org"]) for n in range(3)]

    assert django_mail.get_connection().send_messages(messages) == 3
    assert OutgoingMail.objects.count() == 3
