"""Reports of mail servers, complaints and automatic replies: what each means; none breaks us.

The files in `reports/` are written in the formats of the servers that their names begin with; all
hosts and people are invented. `update.a01` stands for <update.a01@portal.example.org>.
"""

import logging
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailings.reports import MOST_RECIPIENTS, Kind, read

FOLDER = Path(__file__).parent / "reports"
FILES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))}

# file, kind of the report, first address, its status, the mail that it is about
EXPECTED = [
    ("arf_auth_failure", "none", "vera@example.net", "", "i09"),
    ("arf_fraud", "complaint", "wary@example.net", "", "i06"),
    ("arf_headers_only", "complaint", "cross@example.net", "", "i04"),
    ("arf_not_spam", "none", "kind@example.net", "", "i07"),
    ("arf_opt_out", "complaint", "tired@example.net", "", "i05"),
    ("arf_redacted", "complaint", "cross@hotmail.example", "", "i02"),
    ("arf_ses", "complaint", "cross@example.net", "", "i03"),
    ("arf_virus", "content", "vera@example.net", "", "i08"),
    ("arf_yahoo", "complaint", "cross@yahoo.example", "", "i01"),
    ("challenge_boxtrapper", "auto_reply", "anna@box.example", "", "k13"),
    ("domino_unknown_spanish", "hard", "fantasma@correo.example", "", "h01"),
    ("dovecot_quota", "soft", "vera@example.net", "", "j02"),
    ("exchange_5_5_unknown", "hard", "ghost@corp.example.net", "", "c14"),
    ("exchange_online_access_denied", "hard", "ghost@tenant.example.com", "5.4.1", "c02"),
    ("exchange_online_dmarc", "content", "vera@tenant.example.com", "5.7.509", "c04"),
    ("exchange_online_expired", "soft", "slow@tenant.example.com", "5.4.300", "c07"),
    ("exchange_online_full", "soft", "full@tenant.example.com", "5.2.2", "c06"),
    ("exchange_online_german", "hard", "ghost@tenant.example.com", "5.1.1", "c09"),
    ("exchange_online_no_domain", "hard", "carla@gone.example", "5.4.310", "c08"),
    ("exchange_online_restricted", "content", "board@tenant.example.com", "5.7.133", "c05"),
    ("exchange_online_spam", "content", "vera@tenant.example.com", "5.7.1", "c03"),
    ("exchange_online_unknown", "hard", "ghost@tenant.example.com", "5.1.10", "c01"),
    ("exchange_onprem_delayed", "soft", "slow@corp.example.net", "4.4.7", "c11"),
    ("exchange_onprem_relayed", "none", "anna@corp.example.net", "2.0.0", "c12"),
    ("exchange_onprem_restricted_size", "content", "vera@corp.example.net", "5.2.3", "c13"),
    ("exchange_onprem_unknown", "hard", "ghost@corp.example.net", "5.1.1", "c10"),
    ("exchange_out_of_office", "auto_reply", "anna@tenant.example.com", "", "k02"),
    ("exchange_out_of_office_french", "auto_reply", "anne@tenant.example.com", "", "k03"),
    ("exchange_out_of_office_german", "auto_reply", "joerg@tenant.example.com", "", "k04"),
    ("exchange_out_of_office_spanish", "auto_reply", "ana@tenant.example.com", "", "k05"),
    ("exim_delayed", "soft", "slow@example.net", "4.0.0", "b04"),
    ("exim_old_quota", "soft", "full@example.net", "", "b06"),
    ("exim_old_unknown", "hard", "ghost@example.net", "", "b05"),
    ("exim_retry_timeout", "soft", "slow@example.net", "5.0.0", "b03"),
    ("exim_unknown_remote", "hard", "ghost@example.net", "5.1.1", "b01"),
    ("exim_unrouteable", "hard", "ghost@example.net", "5.0.0", "b02"),
    ("gmail_delayed", "soft", "slow@example.net", "4.4.1", "d07"),
    ("gmail_disabled", "hard", "asleep@gmail.example", "5.2.1", "d02"),
    ("gmail_french", "hard", "absente@gmail.example", "5.1.1", "d08"),
    ("gmail_full", "soft", "full@gmail.example", "5.2.2", "d04"),
    ("gmail_japanese", "hard", "inai@gmail.example", "5.1.1", "d09"),
    ("gmail_old_text", "hard", "ghost@example.net", "5.1.1", "d10"),
    ("gmail_too_fast", "soft", "busy@gmail.example", "5.2.1", "d03"),
    ("gmail_unauthenticated", "content", "vera@gmail.example", "5.7.26", "d05"),
    ("gmail_unknown", "hard", "ghost@gmail.example", "5.1.1", "d01"),
    ("gmail_unknown_as_policy", "hard", "ghost@gmail.example", "5.7.1", "d06"),
    ("gmail_vacation", "auto_reply", "anna@gmail.example", "", "k01"),
    ("isp_full_german", "soft", "voll@kunden.example", "", "h03"),
    ("isp_unknown_japanese", "hard", "yurei@isp.example", "", "h02"),
    ("japanese_vacation", "auto_reply", "yuki@isp.example", "", "k09"),
    ("jmrp_old", "complaint", "cross@hotmail.example", "", "i10"),
    ("mdn_read", "auto_reply", "vera@example.net", "", "j01"),
    ("mta_no_recipient", "hard", "ghost@example.net", "5.1.1", "h05"),
    ("mta_without_action", "hard", "ghost@example.net", "5.1.1", "h04"),
    ("office_moved", "auto_reply", "anna@corp.example.net", "", "k10"),
    ("old_autoresponder", "auto_reply", "anna@example.net", "", "k14"),
    ("outlook_blocklist", "content", "vera@outlook.example", "5.7.1", "e05"),
    ("outlook_mailbox_unavailable", "hard", "ghost@outlook.example", "5.5.0", "e04"),
    ("postfix_550_policy_without_number", "content", "vera@example.net", "5.0.0", "a09"),
    ("postfix_550_without_number", "hard", "left@example.net", "5.0.0", "a08"),
    ("postfix_base64_status", "hard", "müller@example.net", "5.1.1", "a19"),
    ("postfix_delayed", "soft", "slow@example.net", "4.4.1", "a04"),
    ("postfix_delivered", "none", "anna@example.org", "2.0.0", "a15"),
    ("postfix_expired", "soft", "slow@example.net", "4.4.1", "a05"),
    ("postfix_forwarded", "hard", "anna@example.org", "5.1.1", "a14"),
    ("postfix_greylisted", "soft", "grey@example.net", "4.7.1", "a06"),
    ("postfix_mailbox_full", "soft", "full@example.net", "5.2.2", "a07"),
    ("postfix_no_such_domain", "hard", "carla@gone.example", "5.4.4", "a02"),
    ("postfix_null_mx", "hard", "carla@nomail.example", "5.1.0", "a03"),
    ("postfix_relay_denied", "soft", "moved@example.net", "5.7.1", "a11"),
    ("postfix_relayed", "none", "anna@example.org", "2.0.0", "a16"),
    ("postfix_sender_refused", "content", "vera@example.net", "5.1.8", "a13"),
    ("postfix_several", "hard", "one@example.net", "5.1.1", "a17"),
    ("postfix_spam", "content", "vera@example.net", "5.7.1", "a10"),
    ("postfix_too_large", "content", "vera@example.net", "5.3.4", "a12"),
    ("postfix_unknown", "hard", "ghost@example.net", "5.1.1", "a01"),
    ("postfix_utf8_address", "hard", "josé@correo.example", "5.1.1", "a18"),
    ("procmail_vacation", "auto_reply", "anna@unix.example.net", "", "k07"),
    ("qmail_full", "soft", "full@example.net", "", "g02"),
    ("qmail_gave_up", "soft", "slow@example.net", "4.4.1", "g05"),
    ("qmail_no_host", "hard", "carla@gone.example", "5.1.2", "g04"),
    ("qmail_remote_spam", "content", "vera@example.net", "5.7.1", "g03"),
    ("qmail_unknown", "hard", "ghost@example.net", "5.1.1", "g01"),
    ("sendmail_delayed", "soft", "slow@example.net", "4.4.1", "f03"),
    ("sendmail_old_unknown", "hard", "ghost@example.net", "", "f04"),
    ("sendmail_unknown", "hard", "ghost@example.net", "5.1.1", "f01"),
    ("sendmail_unknown_without_type", "hard", "ghost@example.net", "5.3.0", "f02"),
    ("ses_content", "content", "vera@example.net", "5.6.1", "e03"),
    ("ses_suppressed", "hard", "ghost@example.net", "5.1.1", "e02"),
    ("ses_unknown", "hard", "ghost@example.net", "5.1.1", "e01"),
    ("sieve_reject", "content", "vera@example.net", "", "j03"),
    ("sieve_vacation", "auto_reply", "anna@example.net", "", "k06"),
    ("ticket_system", "auto_reply", "help@desk.example", "", "k11"),
    ("tmda_challenge", "auto_reply", "anna-confirm-1762.a1b2@tmda.example", "", "k12"),
    ("unix_vacation", "auto_reply", "anna@unix.example.net", "", "k08"),
    ("yahoo_unknown", "hard", "ghost@yahoo.example", "5.0.0", "e06"),
]
NO_REPORTS = [
    "mailing_list_letter",
    "person_answers",
    "person_forwards_a_bounce",
    "person_subject_vacation",
    "postmaster_writes",
]
STATUS_PART = (
    b"From: mailer-daemon@example.net\nReturn-Path: <>\nSubject: Undelivered\n"
    b'Content-Type: multipart/report; boundary="b"\n\n'
    b"--b\nContent-Type: message/delivery-status\n\n"
)
SLOWEST = 10  # seconds for the worst megabyte; each takes less than one on an idle machine


def delivery_status(fields: str) -> bytes:
    return STATUS_PART + fields.encode() + b"\n--b--\n"


def letter(headers: str, text: str) -> bytes:
    return f"{headers}\n\n{text}".encode()


@pytest.mark.parametrize(("name", "kind", "address", "status", "mail"), EXPECTED)
def test_each_sample_is_read_as_it_is_meant(name, kind, address, status, mail):
    report = read(FILES[name])

    first = report.recipients[0]
    found = (report.kind, first.address, first.status, report.message_id)
    assert found == (kind, address, status, f"<update.{mail}@portal.example.org>")


@pytest.mark.parametrize("name", NO_REPORTS)
def test_what_a_person_writes_is_no_report(name):
    assert read(FILES[name]) is None


def test_each_sample_is_expected_to_mean_something():
    assert {row[0] for row in EXPECTED} | set(NO_REPORTS) == FILES.keys()


@pytest.mark.parametrize("name", [row[0] for row in EXPECTED if row[0] != "postfix_several"])
def test_a_report_on_one_mail_names_one_address(name):
    assert len(read(FILES[name]).recipients) == 1


def test_recipients_of_one_report_are_judged_one_by_one():
    report = read(FILES["postfix_several"])

    assert report.kind == Kind.HARD
    assert [(each.address, each.kind, each.status) for each in report.recipients] == [
        ("one@example.net", Kind.HARD, "5.1.1"),
        ("two@example.net", Kind.SOFT, "5.2.2"),
        ("three@example.net", Kind.CONTENT, "5.7.1"),
        ("four@example.net", Kind.NONE, "2.0.0"),
    ]


@pytest.mark.parametrize("name", FILES)
def test_line_ends_of_smtp_change_nothing(name):
    assert read(FILES[name].replace(b"\n", b"\r\n")) == read(FILES[name])


def test_an_address_that_stands_twice_counts_once_and_as_the_gravest():
    report = read(
        delivery_status(
            "Final-Recipient: rfc822; a@example.net\nAction: delayed\nStatus: 4.4.1\n\n"
            "Final-Recipient: rfc822; A@example.net\nAction: failed\nStatus: 5.1.1\n"
        )
    )

    assert [(each.address, each.kind) for each in report.recipients] == [
        ("a@example.net", Kind.HARD)
    ]


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind"),
    [
        ("5.1.1", "", Kind.HARD),
        ("5.1.2", "", Kind.HARD),
        ("5.1.3", "", Kind.HARD),
        ("5.1.6", "", Kind.HARD),
        ("5.1.10", "", Kind.HARD),
        ("5.1.0", "smtp; 550 5.1.0 Address rejected", Kind.HARD),
        ("5.1.0", "smtp; 550 5.1.0 Sender rejected", Kind.CONTENT),
        ("5.1.7", "smtp; 553 5.1.7 bad sender address", Kind.CONTENT),
        ("5.1.5", "", Kind.SOFT),
        ("5.2.0", "smtp; 550 5.2.0 STOREDRV", Kind.SOFT),
        ("5.2.1", "smtp; 550 5.2.1 mailbox disabled", Kind.HARD),
        ("5.2.1", "smtp; 550 5.2.1 disabled: over quota", Kind.SOFT),
        ("5.2.2", "smtp; 550 5.2.2 user unknown", Kind.SOFT),
        ("5.3.0", "smtp; 554 5.3.0 system trouble", Kind.SOFT),
        ("5.3.2", "", Kind.SOFT),
        ("5.4.1", "", Kind.SOFT),
        ("5.4.6", "smtp; 554 5.4.6 too many hops", Kind.SOFT),
        ("5.5.1", "smtp; 503 5.5.1 bad sequence of commands", Kind.SOFT),
        ("5.6.0", "", Kind.CONTENT),
        ("5.7.0", "", Kind.CONTENT),
        ("5.7.1", "smtp; 550 5.7.1 user unknown", Kind.HARD),
        ("5.7.1", "smtp; 550 5.7.1 sender address unknown", Kind.CONTENT),
        ("5.7.1", "smtp; 550 5.7.1 Unable to relay", Kind.SOFT),
        ("5.7.1", "smtp; 550 5.7.1 This user does not have permission to write", Kind.CONTENT),
        ("5.7.17", "", Kind.HARD),
        ("4.1.1", "smtp; 450 4.1.1 user unknown", Kind.SOFT),
        ("4.7.1", "smtp; 451 4.7.1 spam, try again", Kind.SOFT),
        ("5.0.0", "smtp; 550 5.1.1 no", Kind.HARD),
        ("5.0.0", "smtp; 452 4.2.2 mailbox full", Kind.SOFT),
        ("", "smtp; 550 Unknown user", Kind.HARD),
        ("", "smtp; 550 mailbox unavailable", Kind.HARD),
        ("", "smtp; 550 mailbox unavailable: listed at a DNSBL", Kind.CONTENT),
        ("", "smtp; 550 no", Kind.SOFT),
        ("", "smtp; 551 not here", Kind.HARD),
        ("", "smtp; 552 no", Kind.SOFT),
        ("", "smtp; 553 sorry", Kind.HARD),
        ("", "smtp; 553 sender refused", Kind.SOFT),
        ("", "smtp; 554 Virus found", Kind.CONTENT),
        ("", "smtp; 550 Host not found: your IP has no PTR", Kind.SOFT),
        ("", "smtp; 421 come back later", Kind.SOFT),
        ("", "", Kind.SOFT),
        ("", "smtp; 550 Cet utilisateur est inconnu", Kind.HARD),
        ("", "smtp; 550 L'adresse n’existe pas", Kind.HARD),
        ("", "smtp; 552 La boîte du destinataire est pleine", Kind.SOFT),
        ("", "smtp; 550 El buzón está lleno", Kind.SOFT),
        ("", "smtp; 550 Esta cuenta no existe", Kind.HARD),
        ("", "smtp; 550 Empfängeradresse existiert nicht", Kind.HARD),
        ("", "smtp; 554 Inhalt verstößt gegen unsere Richtlinie", Kind.CONTENT),
        ("", "smtp; 550 このメールアドレスは存在しません", Kind.HARD),
        ("nonsense", "smtp; 550 5.1.1 no", Kind.HARD),
    ],
)
def test_what_a_failure_means(status, diagnostic, kind):
    report = read(
        delivery_status(
            "Final-Recipient: rfc822; a@example.net\nAction: failed\n"
            f"Status: {status}\nDiagnostic-Code: {diagnostic}\n"
        )
    )

    assert report.recipients[0].kind == kind


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", Kind.HARD),
        ("Failed (permanently)", Kind.HARD),
        ("error", Kind.HARD),
        ("", Kind.HARD),
        ("delayed", Kind.SOFT),
        ("delivered", Kind.NONE),
        ("relayed", Kind.NONE),
        ("expanded", Kind.NONE),
    ],
)
def test_the_action_goes_before_the_status(action, kind):
    report = read(
        delivery_status(
            f"Final-Recipient: rfc822; a@example.net\nAction: {action}\nStatus: 5.1.1\n"
        )
    )

    assert report.kind == kind


def test_a_diagnostic_is_one_short_line_without_control_characters():
    report = read(
        delivery_status(
            "Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550\x00 \x1b[31mred\u202e\n  again " + "x " * 400
        )
    )

    diagnostic = report.recipients[0].diagnostic
    assert diagnostic.startswith("550 [31mred again x x")
    assert len(diagnostic) <= 500


@pytest.mark.parametrize(
    "headers",
    [
        "From: a@example.net\nAuto-Submitted: auto-replied",
        "From: a@example.net\nAuto-Submitted: AUTO-GENERATED; x=y",
        "From: a@example.net\nX-Autoreply: yes",
        "From: a@example.net\nX-Autorespond: Away",
        "From: a@example.net\nPrecedence: auto_reply",
        "From: a@example.net\nPrecedence: bulk\nSubject: Absence du bureau",
        "From: a@example.net\nPrecedence: junk\nSubject: Fuera de la oficina",
        "From: a@example.net\nX-Auto-Response-Suppress: OOF\nSubject: Im Urlaub",
        "From: a@example.net\nReturn-Path: <>\nSubject: Out of Office",
    ],
)
def test_a_program_that_answers_is_known_by_its_headers(headers):
    report = read(letter(headers, "I am away; user unknown, 550 5.1.1."))

    assert (report.kind, report.recipients[0].address) == (Kind.AUTO_REPLY, "a@example.net")


@pytest.mark.parametrize(
    "headers",
    [
        "From: a@example.net\nSubject: Out of Office",
        "From: a@example.net\nSubject: Undelivered Mail Returned to Sender",
        "From: a@example.net\nAuto-Submitted: no\nSubject: Automatic reply",
        "From: a@example.net\nPrecedence: list\nSubject: News",
        "From: a@example.net\nX-Autoreply: no\nSubject: News",
        "From: a@example.net\nX-Auto-Response-Suppress: None\nSubject: Out of Office",
    ],
)
def test_a_subject_or_a_hint_alone_makes_no_report(headers):
    assert read(letter(headers, "<b@example.net>: 550 5.1.1 user unknown")) is None


def test_a_server_that_lists_our_own_address_does_not_accuse_it():
    report = read(
        letter(
            "From: mailer-daemon@example.net\nTo: bounces@portal.example.org\nSubject: Undelivered",
            "<bounces@portal.example.org> wrote to us.\n\n<b@example.net>: 550 user unknown",
        )
    )

    assert [each.address for each in report.recipients] == ["b@example.net"]


@pytest.mark.parametrize(
    "address",
    ["o'brien@example.net", "a+b=c@example.net", "{x}@example.net", "x@xn--mller-kva.example"],
)
def test_unusual_addresses_are_read(address):
    report = read(
        delivery_status(f"Final-Recipient: rfc822; <{address}>\nAction: failed\nStatus: 5.1.1\n")
    )

    assert report.recipients[0].address == address


def test_at_most_a_thousand_recipients_come_back():
    fields = "".join(
        f"Final-Recipient: rfc822; u{n}@example.net\nAction: failed\nStatus: 5.1.1\n\n"
        for n in range(10_000)
    )

    assert len(read(delivery_status(fields)).recipients) == MOST_RECIPIENTS


def test_a_report_beyond_the_first_megabyte_is_a_programs_mail_of_which_nothing_is_known():
    header, _, body = FILES["postfix_unknown"].partition(b"\n\n")

    report = read(header + b"\nX-Long: a" + b"\n a" * 400_000 + b"\n\n" + body)

    assert (report.kind, report.message_id) == (Kind.AUTO_REPLY, None)


@pytest.mark.parametrize(
    "fields",
    [
        "X-Original-Message-ID: <a@portal.example.org>\n\n",
        "\n--b\nContent-Type: text/rfc822-headers\n\nMessage-Id:\n <a@portal.example.org>\n",
        "\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <a@portal.example.org>\n\nHello",
        "\n--b\n\nYour mail:\n> Message-ID: <a@portal.example.org>\n",
    ],
)
def test_our_mail_is_found_wherever_a_report_names_it(fields):
    failure = "Final-Recipient: rfc822; b@example.net\nAction: failed\nStatus: 5.1.1\n\n"

    assert read(delivery_status(failure + fields)).message_id == "<a@portal.example.org>"


@pytest.mark.parametrize(
    "header",
    [
        "In-Reply-To: <a@portal.example.org>",
        "References: <first@portal.example.org>\n <a@portal.example.org>",
    ],
)
def test_an_answer_names_our_mail_in_its_threading(header):
    report = read(letter(f"From: b@example.net\nAuto-Submitted: auto-replied\n{header}", "Away."))

    assert report.message_id == "<a@portal.example.org>"


def test_the_returned_mail_goes_before_a_mail_that_it_quotes():
    report = read(
        delivery_status(
            "Final-Recipient: rfc822; b@example.net\nAction: failed\nStatus: 5.1.1\n"
            "\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@portal.example.org>\n"
            "In-Reply-To: <other@example.net>\n\n> Message-ID: <other@example.net>\n"
        )
    )

    assert report.message_id == "<ours@portal.example.org>"


def test_the_fields_of_a_report_in_a_persons_letter_count_nothing():
    report = read(
        b"From: Anna <anna@example.net>\nSubject: What is this?\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nLook.\n'
        b"--b\nContent-Type: message/delivery-status\n\n"
        b"Final-Recipient: rfc822; b@example.net\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )

    assert report is None


# What strangers send

NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(20_000)
)
SERVER = b"From: mailer-daemon@example.net\nReturn-Path: <>\nSubject: Undelivered\n"
HOSTILE = {
    "nothing": b"",
    "NUL": b"\0" * 1_000_000,
    "no header": b"\n\nhello",
    "no from": b"Subject: Undelivered\n\n<a@example.net>: user unknown",
    "nested parts": SERVER + NESTED,
    "nested parts, folded": SERVER + NESTED.replace(b": multi", b":\n multi"),
    "nested parts, bare CR": SERVER + NESTED.replace(b"\n", b"\r").replace(b": m", b":\x1cm"),
    "nested messages": SERVER + b"Content-Type: message/rfc822\n\n" * 30_000,
    "many parts": SERVER + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 250_000,
    "many headers": SERVER + b"a:\n" * 340_000,
    "many fields": STATUS_PART + b"Status: 5.1.1\n\n" * 70_000,
    "many empty lines": STATUS_PART + b"\n" * 1_000_000,
    "no diagnostics": STATUS_PART.replace(
        b"--b\n", b"--b\n\n" + b"u@example.net user\n" * 1000 + b"--b\n", 1
    )
    + b"Final-Recipient: rfc822; u@example.net\nAction: failed\n\n" * 15_000,
    "a long line": SERVER + b"\n" + b"a" * 1_000_000,
    "long lines": SERVER + b"\n" + (b"a" * 997 + b"\n") * 1000,
    "commas and ats": SERVER + b"\n" + (b"," * 66 + b"@" * 133 + b"\n") * 5000,
    "spaces": SERVER + b"\n" + (b" " * 900 + b"\n") * 1100,
    "addresses": SERVER + b"\n" + b"a@b \n" * 200_000,
    "words": SERVER + b"\n<x@y.z>: " + b"user mailbox address " * 40_000,
    "tags": SERVER + b"Content-Type: text/html\n\n" + b"<br" * 300_000,
    "brackets": b"From: " + b"(" * 900 + b"\nAuto-Submitted: auto-replied\n\n",
    "a folded header": SERVER + b"X: a" + b"\n a" * 300_000 + b"\n\n",
    "parameters": SERVER + b"Content-Type: a/b; " + b';"\n ' * 240_000 + b"\n\n",
    "NUL in a charset": SERVER + b"Content-Type: text/plain; charset*=%00''a%00\n\nhello",
    "unknown charset": SERVER + b"Content-Type: text/plain; charset=nonsense\n\nhello",
    "no charset": SERVER + b"Content-Type: text/plain; charset=hex\n\nhello",
    "slow charset": SERVER + b"Content-Type: text/plain; charset=Puny-Code\n\n" + b"a" * 900_000,
    "broken encoding": SERVER + b"Content-Transfer-Encoding: uuencode\n\nbegin 666 x\n\xff\xfe\n",
    "broken words": SERVER + b"Subject: =?utf-8?b?a?= =?x?q?=?= =?utf-8?q?=FF?=\n\n",
    "broken charset of a word": SERVER + b"X: =?\xffutf-8?q?a?=\n\n",
    "broken bytes": STATUS_PART + b"Final-Recipient: rfc822;\xff@\xe9.net\nStatus: 5.1.1\n",
    "broken escapes": STATUS_PART.replace(b"message/", b"message/global-")
    + b"Final-Recipient: utf-8;\\x{FFFFF}\\x{D800}a@b\nAction: failed\nStatus: 9.9.9999\n",
    "failed recipients": SERVER + b"X-Failed-Recipients:" + b"\n a@b.c," * 100_000 + b"\n\n",
}


@pytest.fixture
def errors(caplog):
    """What `read` writes when a parser fails in a way that it does not foresee."""
    caplog.set_level(logging.ERROR)
    return caplog.records


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_costs_little_and_breaks_nothing(name, errors):
    begun = time.monotonic()

    read(HOSTILE[name])

    assert time.monotonic() - begun < SLOWEST
    assert errors == []


@pytest.mark.parametrize("name", HOSTILE)
def test_what_comes_back_is_always_well_formed(name):
    report = read(HOSTILE[name])

    assert_well_formed(report)


def assert_well_formed(report):
    if report is None:
        return
    assert 1 <= len(report.recipients) <= MOST_RECIPIENTS
    for each in report.recipients:
        assert each.address == each.address.lower()
        assert each.address == "" or each.address.count("@") == 1
        assert len(each.address) <= 254
        assert len(each.diagnostic) <= 500
        assert (each.diagnostic + each.address).isprintable()
    if report.message_id is not None:
        assert (report.message_id[0], report.message_id[-1]) == ("<", ">")
        assert report.message_id.isascii()
        assert report.message_id.isprintable()


SETTINGS = settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(content=st.binary(max_size=3000))
def test_random_bytes_break_nothing(errors, content):
    assert_well_formed(read(content))
    assert errors == []


@SETTINGS
@given(content=st.binary(max_size=1000))
def test_random_fields_break_nothing(errors, content):
    assert_well_formed(read(STATUS_PART + b"Status: 5.0.0\n" + content))
    assert errors == []


@SETTINGS
@given(
    name=st.sampled_from(sorted(FILES)),
    place=st.floats(0, 1),
    removed=st.integers(0, 300),
    inserted=st.one_of(st.binary(max_size=50), st.sampled_from([b"\r\n\r\n", b"--", b"\0", b":"])),
    repeated=st.integers(1, 20),
)
def test_damaged_samples_break_nothing(errors, name, place, removed, inserted, repeated):
    content = FILES[name]
    at = int(place * len(content))

    assert_well_formed(read(content[:at] + inserted * repeated + content[at + removed :]))
    assert errors == []


@SETTINGS
@given(
    names=st.lists(st.sampled_from(sorted(FILES)), min_size=2, max_size=3),
    places=st.lists(st.floats(0, 1), min_size=3, max_size=3),
)
def test_samples_cut_into_each_other_break_nothing(errors, names, places):
    parts = [FILES[name] for name in names]
    content = b"".join(
        part[: int(place * len(part))] for part, place in zip(parts, places, strict=False)
    )

    assert_well_formed(read(content))
    assert errors == []
