"""One message over SMTP: what is said, what an answer means, time-outs, TLS."""

import contextlib
import datetime
import smtplib
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.mail import get_connection

from bench.sink import Sink
from mailings import smtp

CONTENT = b"Message-ID: <1@example.org>\r\n\r\nHello.\r\n"
BETWEEN = ("portal@example.org", "ana@example.org")


@pytest.fixture(scope="module")
def sink():
    with Sink() as running:
        yield running


def send(talk, content=CONTENT, to="ana@example.org"):
    return talk.hand_over("portal@example.org", to, content) or talk.answer()


def scripted(*replies: str, wait: float = 0):
    """A server that says these lines, one for each line it gets, and what it got."""
    listening = socket.create_server(("127.0.0.1", 0))
    got = []

    def serve():
        connection, _ = listening.accept()
        with contextlib.suppress(OSError), connection, connection.makefile("rwb") as file:
            for number, reply in enumerate(replies):
                if number:
                    got.append(file.readline())
                if number > 1:
                    time.sleep(wait)
                file.write(reply.encode() + b"\r\n")
                file.flush()
            got.extend(file)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listening.getsockname()[1], got


@pytest.mark.parametrize("word", ["PIPELINING", "SIZE 99999", "HELP"])
def test_a_message_is_handed_over_with_and_without_pipelining(word):
    greeting = f"250-hello\r\n250 {word}"
    port, got = scripted("220 hello", greeting, "250 ok", "250 ok", "354 go", "250 taken")
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", port, timeout=5), 5)
    talk.begin(*BETWEEN, len(CONTENT))
    assert talk.hand_over(*BETWEEN, CONTENT) is None
    answer = talk.answer()
    talk.connection.close()

    assert (answer.code, answer.text, answer.is_accepted) == (250, "taken", True)
    size = f" SIZE={len(CONTENT)}" if "SIZE" in word else ""
    assert got[1] == f"MAIL FROM:<portal@example.org>{size}\r\n".encode()
    assert got[2:4] == [b"RCPT TO:<ana@example.org>\r\n", b"DATA\r\n"]


@pytest.mark.parametrize(
    "body", [b"", b"no end", b".\r\n", b"..\r\n.a\r\nb.\r\n", (b"x" * 900 + b"\r\n") * 300]
)
def test_what_arrives_is_what_was_sent(inbox, body):
    controller, handler = inbox
    content = b"Subject: dots\r\n\r\n" + body
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", controller.port, timeout=5), 5)

    assert send(talk, content).is_accepted
    assert send(talk, content).is_accepted

    whole = content if content.endswith(b"\r\n") else content + b"\r\n"
    assert handler.got == [whole, whole]
    talk.connection.close()


@pytest.fixture
def inbox():
    from aiosmtpd.controller import Controller

    from wmaportal.local.servers import free_port

    class Handler:
        got = []

        async def handle_DATA(self, server, session, envelope):
            self.got.append(envelope.original_content)
            return "250 OK"

    handler = Handler()
    handler.got = []
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller, handler
    controller.stop()


@pytest.mark.parametrize("word", ["PIPELINING", "SIZE 99999"])
def test_what_was_announced_and_does_not_come_is_taken_back(word):
    replies = ["250 ok"] * (2 if word == "PIPELINING" else 1)
    port, got = scripted(
        *("220 hello", f"250-hello\r\n250 {word}", *replies, "250 reset"),
        *("250 ok", "250 ok", "354 go", "250 taken"),
    )
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", port, timeout=5), 5)
    talk.begin("portal@example.org", "eva@example.org", 7)

    assert send(talk).is_accepted
    talk.connection.close()

    at = got.index(b"RSET\r\n")
    assert at == 1 + len(replies)
    assert got[at + 2 : at + 4] == [b"RCPT TO:<ana@example.org>\r\n", b"DATA\r\n"]


@pytest.mark.parametrize(
    ("replies", "code", "final", "about"),
    [
        (["550 5.1.8 bad sender", "503 no"], 550, False, "sender"),
        (["450 slow", "503 no"], 450, False, "sender"),
        (["250 ok", "550 5.1.1 unknown"], 550, True, "recipient"),
        (["250 ok", "452 4.2.2 full"], 452, False, "recipient"),
        (["250 ok", "251 ok", "554 no"], 554, True, ""),
        (["250 ok", "250 ok", "354 go", "552 too big"], 552, True, ""),
    ],
)
def test_what_an_answer_is_about(replies, code, final, about):
    port, _ = scripted("220 hello", "250-x\r\n250 PIPELINING", *replies, "250 reset")
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", port, timeout=2), 2)

    answer = send(talk)

    assert (answer.code, answer.is_final) == (code, final)
    assert (answer.about_sender, answer.about_recipient) == (
        about == "sender",
        about == "recipient",
    )
    talk.connection.close()


@pytest.mark.parametrize(
    ("text", "status"),
    [("5.1.1 no such user", "5.1.1"), ("unknown in 10.5.1.17", ""), ("[4.2.2] full", "4.2.2")],
)
def test_the_enhanced_status_code_is_found(text, status):
    assert smtp.Answer(550, text).status == status


def test_control_characters_of_an_answer_are_not_kept():
    port, _ = scripted("220 hello", "250 x", "250 ok", "550 a\0b\x1b[1mc", "250 reset")
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", port, timeout=2), 2)

    assert send(talk).text == "a b [1mc"
    talk.connection.close()


def test_a_server_that_answers_slowly_has_one_time_for_the_whole_message():
    port, _ = scripted("220 hello", "250 x", *["250 ok"] * 3, "354 go", wait=0.4)
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", port, timeout=5), 0.6)
    began = time.monotonic()

    with pytest.raises(smtp.Broken):
        send(talk)

    assert time.monotonic() - began < 1
    talk.connection.close()


def test_an_answer_that_is_no_smtp_breaks(sink):
    port, _ = scripted("220 hello", "250 x", "HTTP/1.1 400 Bad Request")
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", port, timeout=2), 2)

    with pytest.raises(smtp.Broken):
        send(talk)
    talk.connection.close()


def test_no_answer_after_the_dot_is_unknown(sink):
    sink.forget()
    sink.behave("break_after_dot", 1)
    talk = smtp.Talk(smtplib.SMTP("127.0.0.1", sink.port, timeout=2), 2)
    assert talk.hand_over(*BETWEEN, CONTENT) is None

    with pytest.raises(smtp.Unknown):
        talk.answer()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ana@example.org", "ana@example.org"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("o'neil+x@example.org", "o'neil+x@example.org"),
    ],
)
def test_an_address_in_ascii(address, expected):
    assert smtp.envelope(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "@example.org",
        "josé@example.org",
        "a@b\r\nDATA",
        "a b@example.org",
        "<a@b>",
        "a@b> SIZE=1",
        "ana@" + "ü" * 80 + ".example",
    ],
)
def test_an_address_that_smtp_cannot_carry(address):
    with pytest.raises(ValueError):
        smtp.envelope(address)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(certificate, key) of 127.0.0.1, as files."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(cert_file), str(key_file)


@pytest.fixture(scope="module")
def tls_sink(certificate):
    with Sink(*certificate) as sink:
        yield sink


@pytest.fixture
def backend(tls_sink, settings):
    """(Django's backend for a server with STARTTLS, that server)"""
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST = True, "localhost"
    settings.EMAIL_TIMEOUT, settings.EMAIL_PORT = 5, tls_sink.port
    return get_connection("django.core.mail.backends.smtp.EmailBackend"), tls_sink


def test_starttls_is_used(backend, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    backend, sink = backend
    backend.open()
    talk = smtp.Talk(backend.connection, 5)

    assert isinstance(talk.connection.sock, ssl.SSLSocket)
    assert send(talk).is_accepted
    assert send(talk).is_accepted

    backend.close()
    assert sink.tell()["count"] == 2


def test_a_certificate_that_nobody_vouches_for_is_refused(backend):
    with pytest.raises(ssl.SSLCertVerificationError):
        backend[0].open()
