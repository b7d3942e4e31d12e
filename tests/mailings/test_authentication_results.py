"""Authentication-Results: only what our own server found out is believed."""

import email
import email.policy
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.authentication_results import is_forged, trusted, verdicts

OURS = "mx.portal.example.org"
RSPAMD = (
    "Authentication-Results: mx.portal.example.org;\r\n"
    "\tdkim=pass header.d=example.net header.s=mail header.b=AbCdEf12;\r\n"
    "\tspf=pass (mx.portal.example.org: domain of anna@example.net designates\r\n"
    "\t 192.0.2.25 as permitted sender) smtp.mailfrom=anna@example.net;\r\n"
    "\tdmarc=pass (policy=reject) header.from=example.net"
)
FORGED = "Authentication-Results: mx.portal.example.org; dkim=pass header.d=example.net; dmarc=pass"


def received(by: str = OURS) -> str:
    return (
        f"Received: from mail.example.net ([192.0.2.25])\r\n\tby {by} (Postfix)\r\n"
        "\twith ESMTPS id 4T0a; Mon, 09 Nov 2026 08:00:01 +0000"
    )


def message(*headers: str):
    lines = "\r\n".join(
        (*headers, "From: Anna <anna@example.net>", "Subject: Hello", "", "Text.\r\n")
    )
    return email.message_from_bytes(lines.encode(), policy=email.policy.default)


def results(found) -> list[str]:
    return [str(value) for value in found.get_all("Authentication-Results", [])]


def own(*methods: str) -> str:
    return f"Authentication-Results: {OURS}; " + "; ".join(methods)


def test_our_servers_header_is_believed():
    mail = message(RSPAMD, received())

    assert verdicts(mail, OURS) == {"dkim": "pass", "spf": "pass", "dmarc": "pass"}
    assert len(results(trusted(mail, OURS))) == 1


def test_upper_case_names_the_same_server():
    mail = message(own("spf=pass").upper(), received())

    assert verdicts(mail, OURS.upper()) == verdicts(mail, OURS) == {"spf": "pass"}


def test_several_headers_of_ours_add_up():
    mail = message(own("dmarc=fail"), "DKIM-Filter: OpenDKIM", own("dkim=fail"), received())

    assert verdicts(mail, OURS) == {"dmarc": "fail", "dkim": "fail"}


def test_the_topmost_header_decides_on_a_method():
    mail = message(own("dmarc=fail"), own("dmarc=pass", "spf=pass"), received())

    assert verdicts(mail, OURS) == {"dmarc": "fail", "spf": "pass"}


def test_one_good_signature_of_several_is_enough():
    mail = message(own("dkim=fail header.d=a.net", "dkim=pass header.d=b.net"), received())

    assert verdicts(mail, OURS) == {"dkim": "pass"}


@pytest.mark.parametrize(
    "headers",
    [
        (received(), FORGED),
        (received(), FORGED, received()),
        (FORGED,),  # nothing shows where our server's part ends
        ("Authentication-Results: mx.example.net; dmarc=pass", received()),
        ("Authentication-Results: evil-mx.portal.example.org; dmarc=pass", received()),
        ("Authentication-Results: mx.portal.example.org.example.net; dmarc=pass", received()),
        ("Authentication-Results: (mx.portal.example.org) x.example; dmarc=pass", received()),
        ("Authentication-Results: mx.portal.example.org dmarc=pass", received()),
        ("Authentication-Results: mx.portal.example.org 2; dmarc=pass", received()),
        ("Authentication-Results:", received()),
        ("X-Authentication-Results: mx.portal.example.org; dmarc=pass", received()),
    ],
)
def test_a_strangers_header_is_not_believed_and_goes(headers):
    mail = message(*headers)

    assert verdicts(mail, OURS) == {}
    assert results(trusted(mail, OURS)) == []


def test_ours_stays_where_a_forged_one_goes():
    mail = message(own("dmarc=fail"), received(), FORGED, received("mail.example.net"))

    clean = trusted(mail, OURS)

    assert results(clean) == [f"{OURS}; dmarc=fail"]
    assert verdicts(clean, OURS) == {"dmarc": "fail"}


def test_all_other_headers_and_the_text_stay_and_the_original_is_not_touched():
    mail = message("X-One: 1", own("spf=none"), received(), FORGED, received(), "X-Two: 2")
    before = mail.as_bytes()

    clean = trusted(mail, OURS)

    expected = "X-One Authentication-Results Received Received X-Two From Subject"
    assert clean.keys() == expected.split()
    assert clean["X-Two"] == "2"
    assert clean.get_content() == mail.get_content()
    assert mail.as_bytes() == before


def test_results_below_headers_of_our_own_servers_are_found_when_their_number_is_given():
    mail = message(received("lmtp"), received(), own("dmarc=fail"), received("x"), FORGED)

    assert verdicts(mail, OURS) == {}
    assert verdicts(mail, OURS, hops=2) == {"dmarc": "fail"}
    assert is_forged(mail, OURS, hops=2)
    assert results(trusted(mail, OURS, hops=2)) == [f"{OURS}; dmarc=fail"]
    assert verdicts(mail, OURS, hops=3) == {}


@pytest.mark.parametrize(
    ("methods", "forged"),
    [
        (["dmarc=fail"], True),
        (["dmarc=fail", "spf=pass", "dkim=pass"], True),
        (["spf=fail", "dkim=fail"], True),
        (["spf=fail", "dkim=fail", "dmarc=none"], True),
        (["spf=fail", "dkim=fail", "dmarc=pass"], False),
        (["spf=fail", "dkim=pass"], False),
        (["spf=fail", "dkim=none"], False),
        (["spf=softfail", "dkim=fail"], False),
        (["dkim=fail"], False),
        (["dmarc=pass"], False),
        (["dmarc=temperror"], False),
        (["none"], False),
    ],
)
def test_what_shows_a_forged_sender(methods, forged):
    assert is_forged(message(own(*methods), received()), OURS) == forged


def test_a_message_without_results_is_not_called_forged():
    assert not is_forged(message(received()), OURS)


def test_odd_letters_of_the_sender_do_not_hide_the_verdict():
    header = own("dmarc=fail header.from=exämple.net", "spf=fail smtp.mailfrom=a\x07@ü.net;")

    assert is_forged(message(header, received()), OURS)


HOSTILE = [
    "(" * 3900,
    "dkim=pass " + "(" * 3000,
    "dkim=pass " + "a.b=c " * 600,
    "dkim=" + '"\\' * 1900,
    "dkim=pass reason=" + '"a" ' * 900,
    "x" * 1_000_000,
    "; " * 1900,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_header_costs_little(value):
    mail = message(*[f"Authentication-Results: {OURS}; {value}"] * 30, received())
    begun = time.monotonic()

    trusted(mail, OURS)
    is_forged(mail, OURS)

    assert time.monotonic() - begun < 20


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(value=st.text(max_size=200).map(lambda text: "".join(text.splitlines())))
def test_random_headers_break_nothing(value):
    mail = message(f"Authentication-Results: {OURS}; {value}", received())

    assert set(results(trusted(mail, OURS))) <= set(results(mail))
    assert is_forged(mail, OURS) in (True, False)
