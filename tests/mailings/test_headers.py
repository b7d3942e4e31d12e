"""Every mail as it goes over the wire: its headers, two parsers, text and HTML (docs/mail.md).

Each template is sent by the step that uses it, over SMTP to a server
that keeps the bytes; a template that no step below sends fails the last test.
"""

import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import html5lib
import pytest
import time_machine
from aiosmtpd.controller import Controller
from dateutil.relativedelta import relativedelta
from django.conf import settings as portal
from django.core.mail import BadHeaderError
from django.urls import reverse
from fast_mail_parser import parse_email

from experts import correcting, editing, following_up, invitations, links, listing
from experts import reminders as ladders
from experts.models import Expert, Policy
from mailings import delivery, outbox, relay, replies
from mailings.models import OutgoingMail, StopLink
from partners import mail as ground
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, LeadFactory, OrganisationFactory, UserFactory
from tests.mailings import (
    advice_mails,
    advice_mails_needs,
    advice_mails_survey,
    announcement_mails_answers,
    announcement_mails_campaign,
    announcement_mails_digest,
    announcement_mails_writing,
    document_mails,
    meeting_mails,
)
from wmaportal.local.servers import free_port

pytestmark = pytest.mark.django_db
NAMES = ("環境省", "José", "'O’Brien, \"Ann\"'", "Ann <ann@example.org>", "=?utf-8?q?x?=")
ROOT = Path(portal.BASE_DIR, "templates")
FROM = "Waste Management Área <portal@example.org>"
DAY = timedelta(days=1)


@dataclass
class Taken:
    """What the server got: the addresses of the envelope and the bytes."""

    sender: str
    to: list[str]
    content: bytes

    @property
    def message(self):
        return message_from_bytes(self.content, policy=policy.strict)


class Handler:
    def __init__(self):
        self.taken: list[Taken] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server, session, envelope):
        answer = self.answers.pop(0) if self.answers else "250 OK"
        content = envelope.original_content
        self.taken.append(Taken(envelope.mail_from, envelope.rcpt_tos, content))
        return answer


@pytest.fixture(scope="module")
def server():
    handler = Handler()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


@pytest.fixture
def wire(server, settings):
    """The mails that the server took; `deliver` sends what is due."""
    server.taken, server.answers = [], []
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.DEFAULT_FROM_EMAIL, settings.MAIL_DOMAIN = FROM, "example.org"
    settings.SITE_URL = "https://portal.example.org"
    with time_machine.travel(NOW, tick=False):
        yield server


def deliver(wire, after=timedelta(0)) -> list[Taken]:
    before = len(wire.taken)
    with time_machine.travel(NOW + after, tick=False):
        delivery.deliver()
    return wire.taken[before:]


def decoded(taken: Taken) -> dict[str, str]:
    """Headers in words, as a strict reader has them; no header stands twice."""
    items = [(name, str(value)) for name, value in taken.message.items()]
    assert len(dict(items)) == len(items)
    return dict(items)


# Each template, by the step that sends it


def _partners(template):
    def send(names):
        organisation = OrganisationFactory(name=f"{names} {template[:9]}")
        context = {
            "name": names,
            "person": names,
            "partner": names,
            "statement": f"{names} collects lamps.\nIn four cities & more.",
            "reason": f"Not <yet>: {names}.",
            "address": "boris@example.org",
            "new": "new@example.org",
            "code": "012345",
            "why": "You want it.",
            "minutes": 15,
            "from_on": NOW.date(),
            "to_on": NOW.date(),
            "link": "https://portal.example.org/my/?a=1&b=2",
            "organisation": organisation,
        }
        ground.send(f"partners/mail/{template}", "x@example.org", context)

    return send


def _expert(names, **values) -> Expert:
    return ExpertFactory(
        claimed=values.pop("claimed", True),
        name=names,
        position=f"Head, {names}",
        organisation=OrganisationFactory(name=f"House of {names}"),
        **values,
    )


def _posted(what, **context):
    def send(names):
        expert = _expert(names)
        outbox.post(f"experts/mail/{what}", expert.email, {"expert": expert, **context})

    return send


def listed(names):
    expert = _expert(names, status="unlisted")
    listing.relist(expert.pk, LeadFactory(), NOW)


def returned(names):
    expert = _expert(names, status="awaiting")
    listing.reject(expert.pk, LeadFactory(), f"<b> {names}\nSecond line.", NOW)


def unlisted(names):
    listing.unlist(_expert(names).pk, LeadFactory(), f"Reason & {names}", NOW)


def removed(names):
    expert = _expert(names)
    listing.remove(expert.pk, expert.user, NOW)


def pause_ended(names):
    _expert(names, paused_until=NOW.date())
    listing.end_past_pauses(NOW)


def unlisted_for_silence(names):
    expert = _expert(names, status="unlisted", unlisted_for="silence")
    outbox.post("experts/mail/unlisted_for_silence", expert.email, {"expert": expert})


def claim(names):
    invitations.invite_to_claim(_expert(names, claimed=False).pk, LeadFactory(name=names), NOW)


def nomination(names):
    invitations.nominate(names, "new@example.org", UserFactory(name=names), NOW)


def correction(names):
    correcting.suggest(_expert(names).pk, f"{names}\n<b>moved</b>.", UserFactory(name=names), NOW)


def correction_answered(names):
    expert, by = _expert(names), UserFactory(name=names)
    note = correcting.suggest(expert.pk, "Moved", by, NOW)
    OutgoingMail.objects.all().delete()
    correcting.answer(note.pk, True, NOW)


def edit_decided(names):
    expert = _expert(names)
    values = {"name": "Other", "position": "Other"}
    editing.submit(expert.pk, values, expert.version, expert.user, NOW)
    edit = expert.edits.get() if hasattr(expert, "edits") else expert.edit_set.get()
    editing.decide(edit.pk, LeadFactory(), {"name"}, f"Because {names}", NOW)


def fresh_link(names):
    expert = _expert(names)
    mail = outbox.post("experts/mail/listed", expert.email, {"expert": expert})
    links.make([mail], {mail.pk: expert}, NOW)
    mail.delete()
    links.send_fresh(expert.links.get(), NOW)


def ask_contact(names):
    _asked(_expert(names, confirmed_at=NOW - relativedelta(months=14), reminders_off_at=NOW), names)


def _asked(expert, name):
    return following_up.ask_contact(expert.pk, name, "boss@example.org", LeadFactory(), NOW)


def reminder(names, language="en"):
    Policy.objects.update_or_create(pk=1, defaults={"spread_minutes": 0})
    due = NOW - relativedelta(months=12)
    _expert(names, confirmed_at=due, mail_language=language, max_open_requests=3)
    ladders.scan(NOW)


def notice(names, language="en"):
    defaults = {"spread_minutes": 0, "reminder_days": []}
    Policy.objects.update_or_create(pk=1, defaults=defaults)
    _expert(names, confirmed_at=NOW - relativedelta(months=36), mail_language=language)
    ladders.scan(NOW)


def reply_not_taken(names):
    """A reply by mail to a conversation that takes no more."""

    def refuse(key, arrived, now):
        raise Refused(f"{names} is & stays <closed>.")

    relay.register(relay.Conversation("headers", lambda key: "x@example.org", refuse))
    message = message_from_bytes(b"From: x@example.org\r\n\r\n", policy=policy.default)
    try:
        token = relay.reply_token("headers", 1)
        relay.receive(b"From: x@example.org\r\n\r\nWords", message, token, NOW)
    finally:
        del relay._conversations["headers"]


STEPS = {
    f"partners/mail/{name}": _partners(name)
    for name in (
        *("address_changed", "address_taken", "code", "membership_approved", "membership_asked"),
        *("membership_declined", "membership_ended", "partner_applied", "partner_approved"),
        *("partner_declined", "partner_withdrawn"),
    )
}
STEPS |= {
    f"experts/mail/{step.__name__}": step
    for step in (
        *(listed, returned, unlisted, removed, pause_ended, unlisted_for_silence, claim),
        *(nomination, correction, correction_answered, edit_decided, fresh_link, ask_contact),
        *(reminder, notice),
    )
}
STEPS["experts/mail/address_changed"] = _posted("address_changed")
STEPS["mailings/mail/reply_not_taken"] = reply_not_taken
STEPS |= document_mails.STEPS | advice_mails.STEPS
STEPS |= meeting_mails.STEPS | announcement_mails_campaign.STEPS
STEPS |= announcement_mails_writing.STEPS | announcement_mails_digest.STEPS
STEPS |= announcement_mails_answers.STEPS
STEPS |= advice_mails_needs.STEPS | advice_mails_survey.STEPS
RELAYED = advice_mails.RELAYED | announcement_mails_answers.RELAYED
REMINDERS = document_mails.REMINDERS | advice_mails.REMINDERS | advice_mails_survey.REMINDERS
REMINDERS |= {"experts/mail/reminder"} | meeting_mails.REMINDERS
OF_THE_LIST = announcement_mails_campaign.OF_THE_LIST | announcement_mails_digest.OF_THE_LIST
CANNOT_BE_STOPPED = set(STEPS) - REMINDERS - OF_THE_LIST - RELAYED
TRANSACTIONAL = (
    {"experts/mail/fresh_link"}
    | advice_mails.TRANSACTIONAL
    | {name for name in STEPS if "partners/" in name}
)


def sent(wire, template, names, **values) -> Taken:
    STEPS[template](names, **values)
    found = deliver(wire)
    assert len(found) == 1, OutgoingMail.objects.values("state", "answer", "template")
    return found[0]


def test_every_template_of_the_portal_is_sent_here():
    found = {
        str(path.relative_to(ROOT)).removesuffix(".subject.txt")
        for path in ROOT.glob("*/mail/*.subject.txt")
    }
    assert found == set(STEPS)


# Headers


def golden(taken: Taken, row: OutgoingMail, **more) -> dict[str, str]:
    """What docs/mail.md says, beside the subject and what MIME needs."""
    return {
        "From": FROM,
        "To": row.to,
        "Date": "Tue, 24 Nov 2026 09:00:00 +0000",
        "Message-ID": row.message_id,
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
    } | more


def without_mime(taken: Taken) -> dict[str, str]:
    found = decoded(taken)
    kind = "multipart/(alternative|mixed); boundary="  # with an event for calendars: mixed
    assert re.match(kind, found.pop("Content-Type"))
    assert found.pop("Subject") != ""
    found.pop("Content-Transfer-Encoding", "")
    return found


@pytest.mark.parametrize("template", sorted(CANNOT_BE_STOPPED))
def test_the_headers_of_all_that_cannot_be_stopped(wire, template):
    taken = sent(wire, template, "José")
    row = OutgoingMail.objects.get()
    language = {"Content-Language": "en"} if "partners/" not in template else {}

    assert without_mime(taken) == golden(taken, row, **language)
    assert (taken.sender, taken.to) == ("portal@example.org", [row.to])
    kind = "transactional" if template in TRANSACTIONAL else "moderation"
    assert row.kind == kind


@pytest.mark.parametrize(
    ("template", "language"),
    [
        *(("experts/mail/reminder", language) for language in ("en", "fr", "es")),
        *(("advice/mail/survey", language) for language in ("en", "fr", "es")),
        *((template, "en") for template in sorted(document_mails.REMINDERS)),
        *((template, "en") for template in sorted(meeting_mails.REMINDERS)),
        *(
            (template, one)
            for template in sorted(advice_mails.REMINDERS)
            for one in ("en", "fr", "es")
        ),
    ],
)
def test_the_headers_of_a_reminder(wire, template, language):
    taken = sent(wire, template, "José", **({"language": language} if language != "en" else {}))
    row, stop = OutgoingMail.objects.get(), StopLink.objects.get()

    assert without_mime(taken) == golden(
        taken,
        row,
        **{
            "Content-Language": language,
            "List-Unsubscribe": f"<https://portal.example.org/mail/stop/{stop.token}/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def test_where_mail_comes_in_a_reminder_can_be_stopped_by_mail_and_reports_come_back(
    wire, settings
):
    settings.INBOUND_ADDRESS = "portal@in.example.org"
    taken = sent(wire, "experts/mail/reminder", "José")
    row, stop = OutgoingMail.objects.get(), StopLink.objects.get()

    assert decoded(taken)["List-Unsubscribe"] == (
        f"<https://portal.example.org/mail/stop/{stop.token}/>, "
        f"<mailto:portal+stop-{stop.token}@in.example.org>"
    )
    assert taken.sender == f"portal+bounce-{row.token}@in.example.org"


def of_the_list(token: str, **more) -> dict[str, str]:
    """What docs/mail.md says of announcements and digests."""
    return {
        "Content-Language": "en",
        "List-Id": '"Announcements of the Waste Management Area" <announcements.example.org>',
        "List-Unsubscribe": f"<https://portal.example.org/mail/stop/{token}/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Post": "NO",
        "List-Help": "<https://portal.example.org/mail/preferences/>",
        "List-Owner": "<https://portal.example.org/contact/>",
        "List-Archive": "<https://portal.example.org/announcements/>",
        "Precedence": "list",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    } | more


def test_the_headers_of_an_announcement(wire):
    taken = sent(wire, "mailings/mail/announcement", "José")
    row, stop = OutgoingMail.objects.get(), StopLink.objects.get()
    page = f"https://portal.example.org/announcements/{row.campaign.announcement_id}/"
    of_person = {
        "From": "José via WMA <portal@example.org>",
        "X-Portal-Loop": "example.org",
        "Archived-At": f"<{page}>",
    }
    expected = golden(taken, row) | of_the_list(stop.token, **of_person)
    del expected["Auto-Submitted"]  # a person wrote it

    assert without_mime(taken) == expected
    assert (taken.sender, taken.to) == ("portal@example.org", [row.to])
    assert (row.kind, row.priority, stop.topic) == ("announcement", 60, "announcements")
    assert replies.is_automatic(taken.message), "what comes back of it is no reply of a person"
    assert replies.is_our_own(taken.message, "example.org")
    _strictly(taken)


def test_the_headers_of_a_digest(wire):
    taken = sent(wire, "mailings/mail/digest", "José")
    row, stop = OutgoingMail.objects.get(), StopLink.objects.get()

    assert without_mime(taken) == golden(taken, row, **of_the_list(stop.token))
    assert (row.kind, row.priority, stop.topic) == ("digest", 70, "daily-digest")
    _strictly(taken)


def test_where_mail_comes_in_an_announcement_is_stopped_by_mail_and_has_an_owner(wire, settings):
    settings.INBOUND_ADDRESS = "portal@in.example.org"
    settings.CONTACT_ADDRESS = "lead@example.org"
    found = decoded(sent(wire, "mailings/mail/announcement", "José"))
    stop = StopLink.objects.get()

    assert found["List-Unsubscribe"] == (
        f"<https://portal.example.org/mail/stop/{stop.token}/>, "
        f"<mailto:portal+stop-{stop.token}@in.example.org>"
    )
    assert (found["List-Owner"], found["Reply-To"]) == (
        "<mailto:lead@example.org>",
        "lead@example.org",
    )


@pytest.mark.parametrize("names", NAMES[:4])  # the last one is read as what it encodes
def test_the_authors_name_is_shown_and_never_the_address(wire, names):
    taken = sent(wire, "mailings/mail/announcement", names)
    author = OutgoingMail.objects.get().campaign.announcement.author

    [one] = taken.message["From"].addresses
    assert (one.display_name, one.addr_spec) == (f"{names} via WMA", "portal@example.org")
    assert author.email not in taken.content.decode()


def relayed(wire, monkeypatch, **values) -> Taken:
    """A mail of kind RELAYED whose letter has these values."""

    def write(mails, now):
        context = {"expert": Expert.objects.get()}
        return {mail.pk: outbox.Letter(context, **values) for mail in mails}

    monkeypatch.setitem(outbox._prepared_by, "experts/mail/listed", write)
    expert = _expert("José")
    outbox.post("experts/mail/listed", expert.email, {}, OutgoingMail.Kind.RELAYED)
    [taken] = deliver(wire)
    return taken


def test_the_headers_of_what_a_person_wrote_to_another(wire, settings, monkeypatch):
    settings.INBOUND_ADDRESS = "portal@in.example.org"
    settings.CONTACT_ADDRESS = "lead@example.org"
    token, earlier = relay.reply_token("advice", 1), f"<{'0' * 32}@example.org>"
    sender = "Expert 24 via Waste Management Área"
    taken = relayed(wire, monkeypatch, relay=token, sender=sender, answers=earlier)
    row = OutgoingMail.objects.get()
    expected = golden(taken, row) | {
        "From": f"{sender} <portal@example.org>",
        "Content-Language": "en",
        "Reply-To": f"portal+reply-{token}@in.example.org",
        "In-Reply-To": earlier,
        "References": earlier,
        "X-Portal-Loop": "example.org",
    }
    del expected["Auto-Submitted"]

    assert without_mime(taken) == expected
    assert taken.sender == f"portal+bounce-{row.token}@in.example.org"
    assert (row.kind, row.priority) == ("relayed", 20)
    _strictly(taken)


@pytest.mark.parametrize("template", sorted(RELAYED))
def test_what_people_write_to_each_other_leaves_under_the_writers_name(wire, settings, template):
    settings.INBOUND_ADDRESS = "portal@in.example.org"
    taken = sent(wire, template, "José")
    found, row = decoded(taken), OutgoingMail.objects.get()

    assert found["From"] == "José via Waste Management Area <portal@example.org>"
    assert found["Reply-To"].startswith("portal+reply-")
    assert "Auto-Submitted" not in found
    assert (row.kind, row.to) == ("relayed", taken.to[0])


def test_where_no_mail_comes_in_answers_to_a_person_go_to_the_lead(wire, settings, monkeypatch):
    settings.CONTACT_ADDRESS = "lead@example.org"
    found = decoded(relayed(wire, monkeypatch, relay="0" * 32))

    assert (found["From"], found["Reply-To"]) == (FROM, "lead@example.org")
    assert "Auto-Submitted" not in found


@pytest.mark.parametrize(
    "answers",
    ["<0123456789abcdef@mail.ann.example>", "<ann.lee.2026.1@example.org>", "x\r\nBcc: y", "<a@b>"],
)
def test_the_message_id_of_a_persons_program_is_not_passed_on(wire, monkeypatch, answers):
    found = decoded(relayed(wire, monkeypatch, answers=answers))

    assert not {"In-Reply-To", "References", "Bcc"} & set(found)


@pytest.mark.parametrize("broken", ["A\r\nBcc: y@example.org", "A\nb", "A\rb"])
def test_a_line_break_in_the_words_for_the_sender_is_refused(wire, monkeypatch, broken):
    with pytest.raises(ValueError, match="not enough values"):
        relayed(wire, monkeypatch, sender=broken)

    assert OutgoingMail.objects.get().state == "failed"


def test_an_address_in_the_words_for_the_sender_is_no_second_address(wire, monkeypatch):
    taken = relayed(wire, monkeypatch, sender='Ann "x" <ann@example.net>, b@example.net')

    [one] = taken.message["From"].addresses
    assert (one.addr_spec, one.display_name) == (
        "portal@example.org",
        'Ann "x" <ann@example.net>, b@example.net',
    )


@pytest.mark.parametrize("template", ["partners/mail/code", "experts/mail/listed"])
def test_answers_go_to_the_lead_where_an_address_is_set(wire, settings, template):
    settings.CONTACT_ADDRESS = "lead@example.org"
    taken = sent(wire, template, "José")

    more = {"Reply-To": "lead@example.org"}
    more |= {"Content-Language": "en"} if "experts/" in template else {}
    assert without_mime(taken) == golden(taken, OutgoingMail.objects.get(), **more)


def test_a_sign_in_code_of_allauth_has_the_headers_of_transactional_mail(wire, client):
    user = UserFactory(name="José")
    client.post(reverse("account_request_login_code"), {"email": user.email})
    [taken] = deliver(wire)
    row = OutgoingMail.objects.get()

    assert without_mime(taken) == golden(taken, row)
    assert (row.kind, row.content) == ("transactional", None), "erased after delivery"
    _strictly(taken)


@pytest.mark.parametrize("template", ["partners/mail/code", "experts/mail/reminder"])
def test_a_retry_has_the_same_message_id(wire, template):
    wire.answers = ["451 4.3.0 Later"]
    first = sent(wire, template, "José")
    row = OutgoingMail.objects.get()
    assert row.state == "deferred"

    [second] = deliver(wire, timedelta(minutes=5))
    assert [decoded(one)["Message-ID"] for one in (first, second)] == [row.message_id] * 2
    if row.kind == "reminder":
        token = StopLink.objects.get().token
        assert token in decoded(first)["List-Unsubscribe"]
        assert decoded(first)["List-Unsubscribe"] == decoded(second)["List-Unsubscribe"]


@pytest.mark.parametrize("broken", ["\r\nBcc: y@example.org", "\nBcc: y", "\rBcc: y"])
def test_a_line_break_in_a_subject_or_an_address_is_refused(wire, broken):
    with pytest.raises(BadHeaderError):
        STEPS["partners/mail/membership_approved"](f"A{broken}")
    with pytest.raises(BadHeaderError):
        ground.send("partners/mail/code", f"x@example.org{broken}", {})
    STEPS["experts/mail/ask_contact"]("José")
    Expert.objects.update(name=f"José{broken}")

    assert deliver(wire) == []
    row = OutgoingMail.objects.get()
    assert (row.state, "line break" in row.answer) == ("failed", True)


def test_a_line_break_in_the_senders_name_is_refused(wire, settings):
    settings.DEFAULT_FROM_EMAIL = "Area\r\nBcc: y@example.org <portal@example.org>"
    with pytest.raises((BadHeaderError, ValueError)):
        STEPS["partners/mail/code"]("José")
    STEPS["experts/mail/listed"]("José")

    assert deliver(wire) == []
    assert OutgoingMail.objects.get().state == "failed"


# Two parsers


def _strictly(taken: Taken):
    """Python's parser, by which every defect is an error, and the rules for lines."""
    content = taken.content
    assert content.isascii()
    assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    message = taken.message
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert not getattr(value, "defects", ())
    return message


def _squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("template", sorted(STEPS))
def test_two_parsers_read_the_same_and_text_and_html_say_the_same(wire, template, names):
    taken = sent(wire, template, names)
    message = _strictly(taken)
    text = message.get_body(["plain"]).get_content()
    html = message.get_body(["html"]).get_content()

    other = parse_email(taken.content)
    assert other.warnings == []
    ours = {name: _squeezed(str(value)) for name, value in message.items()}
    theirs = {name: [_squeezed(one) for one in values] for name, values in other.headers.items()}
    skipped = {"Content-Type"}
    for of_parser in (ours, theirs):  # one shows a name with its quotation marks, the other without
        of_parser["From"] = _unquoted(of_parser["From"])
    assert {name: values for name, values in theirs.items() if name not in skipped} == {
        name: [value] for name, value in ours.items() if name not in skipped
    }
    assert (_lines(other.text_plain), _lines(other.text_html)) == (_lines([text]), _lines([html]))
    assert other.date_parsed is not None
    assert message["Date"].datetime == NOW.astimezone(UTC)
    say_the_same(str(message["Subject"]), text, html)


def _unquoted(value):
    if isinstance(value, list):
        return [_unquoted(one) for one in value]
    return value.replace("\\", "").replace('"', "")


def _lines(bodies: list[str]) -> list[str]:
    return [body.replace("\r\n", "\n").strip("\n") for body in bodies]


@pytest.mark.parametrize("language", ["fr", "es"])
@pytest.mark.parametrize(
    "template",
    [
        *("experts/mail/reminder", "experts/mail/notice", "advice/mail/survey"),
        *sorted(advice_mails.REMINDERS),
        *sorted(OF_THE_LIST),
    ],
)
def test_text_and_html_say_the_same_in_each_language(wire, template, language):
    message = _strictly(sent(wire, template, "José", language=language))

    html = message.get_body(["html"]).get_content()
    say_the_same(str(message["Subject"]), message.get_body(["plain"]).get_content(), html)
    assert f'<html lang="{language}"' in html


def say_the_same(subject: str, text: str, html: str):
    """The same words in the same order, a link behind its name, and the same links."""
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    main = page.find(".//main")
    shown, addresses = [], []
    _read(main, shown, addresses)
    assert _words(" ".join(shown)) == _words(f"{subject}\n{text}")
    assert addresses == re.findall(r"https?://\S+", text)


def _read(element, shown: list[str], addresses: list[str]):
    shown.append(element.text or "")
    for child in element:
        _read(child, shown, addresses)
        shown.append(child.tail or "")
    if element.tag == "a":
        addresses.append(element.get("href"))
        if element.get("href") != (element.text or "").strip():
            shown.append(element.get("href"))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)
