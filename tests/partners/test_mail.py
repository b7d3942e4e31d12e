import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.mail import BadHeaderError
from django.test import override_settings
from django.utils.html import strip_tags

from partners import mail
from tests.factories import NOW, OrganisationFactory

CONTEXT = {
    "name": "Anna",
    "person": "Boris <b>",
    "partner": "Ministry & Co",
    "statement": "We collect lamps.\nIn four cities.",
    "reason": "Not yet: write again & say more.",
    "address": "boris@example.org",
    "new": "new@example.org",
    "code": "012345",
    "why": "You want it.",
    "minutes": 15,
    "from_on": NOW.date(),
    "to_on": NOW.date(),
    "link": "http://localhost:8000/my/",
}
TEMPLATES = sorted(
    f"partners/mail/{path.name.removesuffix('.subject.txt')}"
    for path in Path(settings.BASE_DIR, "templates/partners/mail").glob("*.subject.txt")
)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("template", TEMPLATES)
def test_text_and_html_say_the_same(template, db, mailoutbox):
    mail.send(template, "x@example.org", {**CONTEXT, "organisation": OrganisationFactory()})

    message = mailoutbox[0]
    html = message.alternatives[0].content
    body = html[html.index("<h1") :]
    for link, said in re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', body):
        if link != said:
            body = body.replace(f">{said}</a>", f">{said} {link}</a>")
    shown = words(strip_tags(body).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    assert shown == words(message.subject) + words(message.body)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_is_automatic_and_goes_to_one_address(template, db, mailoutbox):
    mail.send(template, "x@example.org", {**CONTEXT, "organisation": OrganisationFactory()})

    message = mailoutbox[0]
    assert message.to == ["x@example.org"]
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert max(map(len, message.message().as_bytes().split(b"\n"))) < 998


def test_what_people_typed_is_escaped_in_html_alone(db, mailoutbox):
    mail.send(
        "partners/mail/membership_asked",
        "x@example.org",
        {**CONTEXT, "organisation": OrganisationFactory(name="A & B")},
    )

    message = mailoutbox[0]
    assert message.subject == "Does Boris <b> belong to A & B?"
    assert "Boris <b>" in message.body
    assert "Boris &lt;b&gt;" in message.alternatives[0].content


@pytest.mark.parametrize(
    "field, value", [("name", "x\r\nBcc: y@example.org"), ("to", "x@y.z\nBcc: y")]
)
def test_a_line_break_in_subject_or_address_is_refused(field, value, db, mailoutbox):
    organisation = OrganisationFactory(name=value if field == "name" else "A")
    to = value if field == "to" else "x@example.org"

    with pytest.raises(BadHeaderError):
        mail.send(
            "partners/mail/membership_approved", to, {**CONTEXT, "organisation": organisation}
        )

    assert mailoutbox == []


def test_names_beyond_ascii_survive_the_headers(db, mailoutbox):
    organisation = OrganisationFactory(name="環境省 – Ministère")
    mail.send(
        "partners/mail/membership_approved",
        "x@example.org",
        {**CONTEXT, "organisation": organisation},
    )

    read = message_from_bytes(mailoutbox[0].message().as_bytes(), policy=policy.SMTP)
    assert read["Subject"] == "You belong to 環境省 – Ministère"


def test_long_paragraphs_are_wrapped_and_addresses_of_the_web_are_not(db, mailoutbox):
    link = "http://localhost:8000/" + "x" * 100
    context = {
        **CONTEXT,
        "reason": "word " * 60,
        "link": link,
        "organisation": OrganisationFactory(),
    }
    mail.send("partners/mail/membership_declined", "x@example.org", context)

    lines = mailoutbox[0].body.splitlines()
    assert [line for line in lines if len(line) > mail.WIDTH] == [link]


def test_links_are_absolute():
    with override_settings(SITE_URL="https://portal.example.org"):
        assert mail.absolute("/my/") == "https://portal.example.org/my/"
