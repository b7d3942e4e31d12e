"""DKIM, where the portal signs by itself: what leaves is verified by the library's other half."""

# ruff: noqa: F401, F811 (fixtures are imported)
import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailings import signing
from mailings.models import OutgoingMail
from tests.factories import NOW
from tests.mailings.test_headers import STEPS, deliver, server, wire

pytestmark = pytest.mark.django_db
#: One of each kind; with an event for calendars, and ready-made
KINDS = (
    "advice/mail/request_message",  # the first, as its step leaves no other mail
    "partners/mail/code",
    "experts/mail/listed",
    "experts/mail/reminder",
    "mailings/mail/announcement",
    "mailings/mail/digest",
    "meetings/mail/calendar_request",
)
OF_ALL = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"}
OF_ONE_CLICK = {"list-unsubscribe", "list-unsubscribe-post"}
OF_THE_LIST = OF_ONE_CLICK | {
    *("list-id", "list-post", "list-help", "list-owner", "list-archive", "precedence"),
}


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """File of a private key, and what stands in the DNS."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = made.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    file = tmp_path_factory.mktemp("dkim") / "key.pem"
    file.write_bytes(_pem(made))
    return file, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def _pem(key, form=serialization.PrivateFormat.PKCS8, how=None) -> bytes:
    how = how or serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, how)


@pytest.fixture
def over_smtp(wire, settings):
    """All headers that a mail can have."""
    settings.INBOUND_ADDRESS = "portal@in.example.org"
    settings.CONTACT_ADDRESS = "lead@example.org"
    return wire


@pytest.fixture
def signs(over_smtp, settings, key):
    settings.DKIM_SELECTOR = "portal2026"
    settings.DKIM_KEY = signing.read_key(str(key[0]))
    return over_smtp


def sent(over_smtp, template: str) -> bytes:
    STEPS[template]("José & 環境省")
    [taken] = deliver(over_smtp)
    return taken.content


def is_good(content: bytes, key) -> bool:
    """As a server that knows the portal's record in the DNS judges."""

    def look_up(name, timeout=5):
        assert name == b"portal2026._domainkey.example.org."
        return key[1]

    return dkim.verify(content, dnsfunc=look_up)


def names_signed(content: bytes) -> list[str]:
    [value] = [value for name, value in dkim.DKIM(content).headers if name == b"DKIM-Signature"]
    tags = dict(one.strip().split(b"=", 1) for one in value.split(b";"))
    assert (tags[b"a"], tags[b"c"], tags[b"d"]) == (
        b"rsa-sha256",
        b"relaxed/relaxed",
        b"example.org",
    )
    return [name.strip().decode() for name in tags[b"h"].split(b":")]


@pytest.mark.parametrize("template", KINDS)
def test_what_leaves_is_signed_with_all_that_must_not_change(signs, key, template):
    content = sent(signs, template)

    assert is_good(content, key)
    found = names_signed(content)
    of_kind = {"experts/mail/reminder": OF_ONE_CLICK}
    of_kind |= dict.fromkeys(("mailings/mail/announcement", "mailings/mail/digest"), OF_THE_LIST)
    assert set(found) >= OF_ALL | {"reply-to"} | of_kind.get(template, set())
    assert found.count("from") == 2
    assert [name for name in found if found.count(name) > 1] == ["from", "from"]


def test_each_kind_of_mail_is_signed(signs):
    for number, template in enumerate(KINDS):
        STEPS[template](f"José {number}")
    kinds = set(OutgoingMail.objects.values_list("kind", flat=True))

    assert kinds == set(OutgoingMail.Kind.values)
    assert all(one.content.startswith(b"DKIM-Signature: ") for one in deliver(signs))


def lines_of(content: bytes, name: bytes) -> bytes:
    """The header as it stands there, with its folds."""
    start = content.index(b"\r\n" + name + b":") + 2
    end = start
    while True:
        end = content.index(b"\r\n", end) + 2
        if content[end : end + 1] not in b" \t":
            return content[start:end]


@pytest.mark.parametrize(
    "name", sorted({one.title() for one in OF_THE_LIST | OF_ALL | {"reply-to"}})
)
def test_a_header_that_is_changed_or_dropped_breaks_the_signature(signs, key, name):
    content = sent(signs, "mailings/mail/announcement")
    wanted = {b"Message-Id": b"Message-ID", b"Mime-Version": b"MIME-Version"}
    head = lines_of(content, wanted.get(name.encode(), name.encode()))

    assert is_good(content, key)
    assert not is_good(content.replace(head, head.replace(b": ", b": x", 1)), key)
    assert not is_good(content.replace(head, b""), key)


def test_another_from_or_other_words_break_it_and_trace_headers_do_not(signs, key):
    content = sent(signs, "mailings/mail/announcement")

    assert not is_good(b"From: Eve <eve@example.net>\r\n" + content, key)
    assert not is_good(content.replace(b"</html>", b"<p>More</p></html>"), key)
    passed_on = b"Received: from a by b;\r\n Tue, 24 Nov 2026 09:00:00 +0000\r\n" + content
    assert is_good(passed_on, key)


def test_a_mail_that_is_tried_again_is_signed_anew(signs, key):
    signs.answers = ["451 4.3.0 Later"]
    first = sent(signs, "experts/mail/reminder")
    OutgoingMail.objects.update(next_try=NOW)
    [second] = deliver(signs)

    assert (is_good(first, key), is_good(second.content, key)) == (True, True)


def test_off_as_long_as_nothing_is_set(over_smtp):
    for template in ("partners/mail/code", "experts/mail/reminder"):
        STEPS[template]("José")
    assert [b"DKIM" in one.content for one in deliver(over_smtp)] == [False, False]


# The key


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_both_forms_of_pem_are_read(tmp_path, form):
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "key.pem"
    file.write_bytes(_pem(made, getattr(serialization.PrivateFormat, form)))

    assert signing.read_key(str(file)).startswith(b"-----BEGIN RSA PRIVATE KEY-----")


def test_a_key_that_cannot_sign_is_refused_with_a_sentence(tmp_path):
    file = tmp_path / "key.pem"
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        signing.read_key(str(file))

    file.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ValueError, match="holds no private key"):
        signing.read_key(str(file))

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.write_bytes(_pem(made, how=serialization.BestAvailableEncryption(b"secret")))
    with pytest.raises(ValueError, match="holds no private key"):
        signing.read_key(str(file))

    file.write_bytes(_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)))
    with pytest.raises(ValueError, match="no RSA key of 2048 bits"):
        signing.read_key(str(file))
