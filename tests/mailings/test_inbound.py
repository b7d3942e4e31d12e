"""Mail that comes in: every report of `reports/` through the command, and the wish to stop."""

import io
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError

from experts.models import Expert
from mailings import inbound, topics
from mailings.models import Bounce, OutgoingMail, StopLink, Suppression
from tests.factories import NOW, ExpertFactory
from tests.mailings.test_reports import EXPECTED, FILES, NO_REPORTS
from wmaportal.local import servers

pytestmark = pytest.mark.django_db

INBOUND = "portal@portal.example.org"
EVENTS = {"hard", "soft", "complaint"}


@pytest.fixture(autouse=True)
def _address(settings):
    settings.INBOUND_ADDRESS = INBOUND


def read(content: bytes, recipient: str = "") -> str:
    out = io.StringIO()
    call_command("read_mail", recipient=recipient, stdin=io.BytesIO(content), stdout=out)
    return out.getvalue().strip()


def sent(to="person@example.net", **values) -> OutgoingMail:
    return OutgoingMail.objects.create(
        **{"kind": "reminder", "state": "sent", "to": to, "finished_at": NOW, **values}
    )


def events(mail):
    return [bounce.kind for bounce in mail.bounces.all()]


def bounce_address(mail):
    return f"portal+bounce-{mail.token}@portal.example.org"


REPORT = FILES["postfix_unknown"]  # on <update.a01@portal.example.org>, to ghost@example.net


@pytest.mark.parametrize("how", ["by Message-ID", "by the token of the return path"])
def test_each_report_on_a_mail_of_ours_is_one_event_or_none(how):
    wrong = {}
    for name, kind, address, status, of_mail in EXPECTED:
        if how == "by Message-ID":
            mail = sent(address, message_id=f"<update.{of_mail}@portal.example.org>")
            read(FILES[name])
        else:
            mail = sent(address)
            read(FILES[name], bounce_address(mail))
        found = [(bounce.kind, bounce.status, bounce.source) for bounce in mail.bounces.all()]
        mail.refresh_from_db()
        expected = [(kind, status[:12], "report")] if kind in EVENTS else []
        if (found, mail.state) != (expected, "sent"):
            wrong[name] = found, mail.state
        Bounce.objects.all().delete()
        Suppression.objects.all().delete()
        mail.delete()

    assert wrong == {}
    assert len(EXPECTED) >= 40


def test_a_vacation_reply_counts_nothing_and_marks_nobody():
    replies = [row for row in EXPECTED if row[1] == "auto_reply"]
    for name, _kind, address, _status, _mail in replies:
        mail = sent(address)
        assert read(FILES[name], bounce_address(mail)) == inbound.Outcome.SAYS_NOTHING

    assert len(replies) >= 10
    assert not Bounce.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("name", NO_REPORTS)
def test_what_a_person_writes_is_accepted_and_changes_nothing(name):
    mail = sent()

    assert read(FILES[name], bounce_address(mail)) == inbound.Outcome.NO_REPORT
    assert not Bounce.objects.exists()


def test_a_report_that_names_no_mail_of_ours_counts_for_nothing():
    sent("ghost@example.net")

    for recipient in ("", INBOUND, f"portal+bounce-{'0' * 32}@portal.example.org"):
        assert read(REPORT, recipient) == inbound.Outcome.UNKNOWN
    assert not Bounce.objects.exists()


def test_the_event_is_about_the_address_that_we_wrote_to():
    """A report on an address that the mail was passed on to, or a forged one."""
    mail = sent("first@example.org")

    read(REPORT, bounce_address(mail))

    assert events(mail) == ["hard"]
    assert list(
        OutgoingMail.objects.filter(bounces__isnull=False).values_list("to", flat=True)
    ) == ["first@example.org"]
    assert Bounce.objects.get().address_hash == Suppression.objects.get().address_hash


def test_a_report_on_several_addresses_counts_as_what_it_says_of_ours():
    content = FILES["postfix_several"]
    mail = sent("one@example.net")

    read(content, bounce_address(mail))

    assert events(mail) == ["hard"]


def test_the_token_is_found_where_the_mail_server_wrote_it():
    for header in ("X-Original-To", "Delivered-To", "Envelope-To", "To"):
        mail = sent(f"{header.lower()}@example.net")
        head = f"{header}: Portal <{bounce_address(mail).upper()}>\r\n".encode()
        read(head + REPORT)

        assert events(mail) == ["hard"], header


def test_the_recipient_of_the_envelope_counts_before_headers():
    mail, other = sent(), sent()

    read(f"X-Original-To: {bounce_address(other)}\r\n".encode() + REPORT, bounce_address(mail))

    assert (events(mail), events(other)) == (["hard"], [])


def test_tokens_of_other_addresses_and_a_portal_without_mail_know_nothing(settings):
    mail = sent()
    for recipient in (
        f"other+bounce-{mail.token}@portal.example.org",
        f"portal+bounce-{mail.token}@portal.example.com",
        f"portal+bounce-{mail.token[:8]}@portal.example.org",
        f"my.portal+bounce-{mail.token}@portal.example.org",
        f"portal+bounce-{mail.token}@portal.example.org.example.net",
    ):
        assert read(REPORT, recipient) == inbound.Outcome.UNKNOWN
    settings.INBOUND_ADDRESS = ""
    assert read(REPORT, bounce_address(mail)) == inbound.Outcome.UNKNOWN


def test_a_mail_whose_address_was_erased_marks_nobody():
    mail = sent("")

    assert read(REPORT, bounce_address(mail)) == inbound.Outcome.SAYS_NOTHING
    assert not Bounce.objects.exists()


def test_the_same_report_twice_is_one_event():
    mail = sent()
    read(REPORT, bounce_address(mail))
    read(REPORT, bounce_address(mail))

    assert events(mail) == ["hard"]


# Stop


@pytest.fixture
def link():
    expert = ExpertFactory()
    return StopLink.objects.create(topic="profile", object_id=expert.pk)


def stop_address(link):
    return f"portal+stop-{link.token}@portal.example.org"


def is_stopped(link) -> bool:
    return topics.get(link.topic).is_stopped(link.object_id)


WISH = (
    b"Received: from mx.example.net by mx.portal.example.org; Tue, 24 Nov 2026 09:00:00 +0000\r\n"
    b"From: person@example.net\r\nTo: portal@portal.example.org\r\n"
    b"Subject: unsubscribe\r\n\r\nNo more.\r\n"
)


def said(results: str, authserv="mx.portal.example.org") -> bytes:
    return f"Authentication-Results: {authserv}; {results}\r\n".encode()


def test_a_mail_to_the_address_of_a_link_stops_that_sort_of_mail(link):
    other = StopLink.objects.create(topic="profile", object_id=ExpertFactory().pk)

    assert read(WISH, stop_address(link)) == inbound.Outcome.STOP
    assert read(WISH, stop_address(link)) == inbound.Outcome.STOP
    assert (is_stopped(link), is_stopped(other)) == (True, False)
    assert not Suppression.objects.exclude(topic="profile").exists()


def test_a_mail_about_a_profile_that_is_gone_is_accepted(link):
    Expert.objects.all().delete()

    assert read(WISH, stop_address(link)) == inbound.Outcome.STOP


def test_an_unknown_token_or_topic_is_accepted_and_stops_nothing(link):
    assert read(WISH, f"portal+stop-{'0' * 32}@portal.example.org") == "" + (
        inbound.Outcome.NO_SUCH_LINK
    )
    link.topic = "gone"
    link.save()
    assert read(WISH, stop_address(link)) == inbound.Outcome.NO_SUCH_LINK


def test_a_sender_that_our_own_server_calls_forged_stops_nothing(link, settings):
    settings.AUTHSERV_ID = "mx.portal.example.org"

    assert read(said("dmarc=fail") + WISH, stop_address(link)) == inbound.Outcome.FORGED
    assert not is_stopped(link)
    assert read(said("dmarc=pass") + WISH, stop_address(link)) == inbound.Outcome.STOP
    assert is_stopped(link)


@pytest.mark.parametrize("authserv", ["mx.example.net", "MX.other.example.org"])
def test_what_another_server_says_does_not_count(link, settings, authserv):
    settings.AUTHSERV_ID = "mx.portal.example.org"

    read(said("dmarc=fail", authserv) + WISH, stop_address(link))

    assert is_stopped(link)


def test_without_a_name_of_our_server_no_result_counts(link):
    read(said("dmarc=fail") + WISH, stop_address(link))

    assert is_stopped(link)


# The command


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 5000, b"\r\n\r\n", b"\xff\xfe" * 300, b"To: " + b"a," * 50000, b"A:" * 90000],
    ids=range(6),
)
def test_junk_is_accepted(content):
    assert read(content) == inbound.Outcome.NO_REPORT


@pytest.mark.parametrize(
    "line",
    [
        b"Received: by x\r\n",
        b"Authentication-Results: mx.portal.example.org; spf=pass\r\n",
        b"Authentication-Results: mx.portal.example.org; " + b"(" * 900 + b"\r\n",
        b"To: " + b'"<(' * 300 + b"\r\n",
        b"X: y\r\n",
        b" folded\r\n",
    ],
    ids=range(6),
)
def test_a_megabyte_of_hostile_headers_takes_seconds_at_most(settings, line):
    settings.AUTHSERV_ID = "mx.portal.example.org"
    content = line * (inbound.LONGEST // len(line))
    began = time.monotonic()

    assert read(content) == inbound.Outcome.NO_REPORT
    assert time.monotonic() - began < 10


def test_a_message_of_many_megabytes_is_read_to_its_end_and_cut():
    mail = sent()
    stream = io.BytesIO(REPORT + b"x" * 5_000_000)

    call_command("read_mail", recipient=bounce_address(mail), stdin=stream, stdout=io.StringIO())

    assert stream.read() == b""
    assert events(mail) == ["hard"]


def test_the_mail_server_is_asked_to_try_again_when_something_is_wrong(monkeypatch, caplog):
    def away(*args):
        raise OperationalError("the database is away")

    monkeypatch.setattr(inbound, "receive", away)
    with pytest.raises(SystemExit) as end:
        read(REPORT)

    assert end.value.code == os.EX_TEMPFAIL
    assert "the database is away" in caplog.text


@pytest.mark.parametrize(
    ("database", "code"), [(None, 0), ("postgresql://postgres@127.0.0.1:9/none", 75)]
)
@pytest.mark.django_db(transaction=True)  # the command is another process, which commits its count
def test_as_a_mail_server_calls_it(database, code):
    environ = {**os.environ, **({"DATABASE_URL": database} if database else {})}
    done = subprocess.run(
        [sys.executable, "manage.py", "read_mail", "--recipient", "portal+bounce-x@example.org"],
        cwd=servers.ROOT,
        env=environ | {"DJANGO_SETTINGS_MODULE": "wmaportal.settings"},
        input=REPORT,
        capture_output=True,
    )

    assert done.returncode == code, done.stderr.decode()
    assert b"ghost@example.net" not in done.stdout + done.stderr


def test_neither_addresses_nor_words_are_logged(caplog, link):
    caplog.set_level("DEBUG", "mailings")
    mail = sent("ghost@example.net")
    read(REPORT, bounce_address(mail))
    read(WISH, stop_address(link))
    read(FILES["person_answers"], bounce_address(mail))

    logged = " ".join(
        record.getMessage() for record in caplog.records if record.name == "mailings.inbound"
    )
    assert logged.count("Mail came in") == 3
    assert "@" not in logged
    assert mail.token not in logged


def test_the_moment_of_an_event_is_that_of_its_coming():
    mail = sent(finished_at=NOW - timedelta(days=3))
    inbound.receive(REPORT, bounce_address(mail), NOW)

    assert mail.bounces.get().at == NOW
