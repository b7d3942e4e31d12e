"""The bytes of a message: read back by Python's parser, which must find no defect."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageDefect
from email.header import decode_header, make_header

import pytest
from django.core.mail import BadHeaderError
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings import mime

HEADERS = [
    ("From", "Waste Management Area <portal@example.org>"),
    ("To", "ana@example.org"),
    ("Subject", "Hello"),
    ("Date", mime.date(datetime(2026, 11, 24, 3, 43, tzinfo=UTC))),
    ("Message-ID", "<0123456789abcdef@example.org>"),
]


def build(text="Hello.\n", html="<p>Hello.</p>\n", **headers):
    """The bytes, with these headers (List_Id for List-Id) put in or instead."""
    found = dict(HEADERS) | {name.replace("_", "-"): value for name, value in headers.items()}
    return mime.build(list(found.items()), text, html, "part0123")


def strictly(content: bytes):
    """Parsed, with every defect raised, after its lines were looked at."""
    lines = content.split(b"\r\n")
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert content.isascii()
    message = message_from_bytes(content, policy=policy.strict)
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert getattr(value, "defects", ()) == ()
    return message


def bodies(message) -> tuple[str, str]:
    found = (message.get_body([kind]).get_content() for kind in ("plain", "html"))
    return tuple(text.replace("\r\n", "\n") for text in found)


def test_a_message_has_its_headers_and_both_bodies():
    message = strictly(build())

    assert [name for name, _ in message.items()][:5] == [name for name, _ in HEADERS]
    assert message["Date"].datetime == datetime(2026, 11, 24, 3, 43, tzinfo=UTC)
    assert message.get_content_type() == "multipart/alternative"
    assert bodies(message) == ("Hello.\n", "<p>Hello.</p>\n")


@pytest.mark.parametrize(
    "subject",
    [
        "Déchets de mercure",
        "水銀廃棄物",
        "A subject that is far too long for one line of a mail " * 6 + "end",
        "x" * 1500,
        "é" * 600,
        "=?utf-8?q?not_meant_as_encoded?=",
        'with "quotes", commas; and a : colon',
        "  spaces around  ",
        "two  spaces   here and  there " * 8 + "end",
        "a" * 61 + " " + "b" * 61 + " " * 90 + "c",
        "",
    ],
)
def test_any_subject_comes_back(subject):
    assert strictly(build(Subject=subject))["Subject"].strip() == subject.strip()


@pytest.mark.parametrize(
    ("name", "spec", "expected"),
    [
        ("José Núñez", "jose@example.org", ("José Núñez", "jose@example.org")),
        ("O'Neil, Ana (WMA)", "a@example.org", ("O'Neil, Ana (WMA)", "a@example.org")),
        ("", "a@bücher.example", ("", "a@xn--bcher-kva.example")),
        ("Bücher", "a@bücher.example", ("Bücher", "a@xn--bcher-kva.example")),
    ],
)
def test_any_name_comes_back(name, spec, expected):
    found = strictly(build(To=mime.address(name, spec)))["To"].addresses[0]

    assert (found.display_name, found.addr_spec) == expected


def test_a_long_name_is_cut_into_words_that_belong_together():
    """Python's own parser puts spaces between them; its older one reads them as RFC 2047 says."""
    value = strictly(build(To=mime.address("水" * 60, "a@example.org")))
    old = message_from_bytes(build(To=mime.address("水" * 60, "a@example.org")))

    assert value["To"].addresses[0].addr_spec == "a@example.org"
    assert str(make_header(decode_header(old["To"]))) == "水" * 60 + " <a@example.org>"


def test_a_domain_in_another_script_becomes_ascii_in_a_header():
    assert b"To: ana@xn--ministre-60a.example\r\n" in build(To="ana@ministère.example")


@pytest.mark.parametrize("spec", ["", "no address", "josé@example.org"])
def test_what_is_no_address_is_refused(spec):
    with pytest.raises(ValueError):
        mime.address("Ana", spec)


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0"])
@pytest.mark.parametrize("name", ["Subject", "To", "List_Id"])
def test_a_line_break_in_a_header_is_refused(name, sign):
    with pytest.raises(BadHeaderError):
        build(**{name: f"Hello{sign}Bcc: all@example.org"})


@pytest.mark.parametrize("entry", ["<a\r\nb>", "<é>", "<" + "x" * 1000 + ">", ""])
def test_an_entry_of_a_list_is_plain(entry):
    with pytest.raises(BadHeaderError):
        build(List_Unsubscribe=[entry])


@pytest.mark.parametrize("name", ["", "Sub ject", "X:Y", "X\r\nY", "É"])
def test_what_is_no_header_s_name_is_refused(name):
    with pytest.raises(BadHeaderError):
        mime.name_of(name)


def test_the_entries_of_a_list_are_folded_behind_commas():
    entries = ["<https://example.org/" + "a" * 200 + ">", "<mailto:portal+stop@example.org>"]
    content = build(List_Unsubscribe=entries)

    assert b"List-Unsubscribe: " + entries[0].encode() + b",\r\n <mailto:" in content
    assert strictly(content)["List-Unsubscribe"].split(", ") == entries


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain\n", "7bit"),
        ("x" * 998 + "\n", "7bit"),
        ("x" * 999 + "\n", "quoted-printable"),
        ("Grüße\n", "quoted-printable"),
        ("é" * 5000 + "\n", "quoted-printable"),
        ("From me\n.\n..\n--part0123x\n", "7bit"),
        ("ends with a space \n\ttab\t\n", "7bit"),
        ("Grüße with a space at the end \n", "quoted-printable"),
        ("no end of line", "7bit"),
        ("mixed\r\nends\rof\nlines", "7bit"),
    ],
)
def test_any_body_comes_back(text, encoding):
    message = strictly(build(text, f"<p>{text}</p>"))

    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert bodies(message) == (expected, f"<p>{expected}</p>")
    assert message.get_body(["plain"])["Content-Transfer-Encoding"] == encoding


LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85")


@settings(max_examples=150, deadline=None)
@given(st.text(LETTERS, max_size=300), st.text(LETTERS | st.just("\n"), max_size=1500))
def test_whatever_people_write_is_a_message_without_defects(subject, text):
    message = strictly(build(text, Subject=subject))

    assert bodies(message)[0] == text
    assert " ".join(message["Subject"].split()) == " ".join(subject.split())


def test_a_defect_would_be_seen():
    with pytest.raises(MessageDefect):
        strictly(build().replace(b"--part0123--", b""))
