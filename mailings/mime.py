"""Bytes of a message, and a message of bytes.

A bulk mail is built for every reader anew, and Python's `EmailMessage` takes about two
milliseconds for one of 8 KB, most of it in parsing headers that we have just written
(docs/decisions/0050-outbox.md). Here a header that needs no encoding is a line, every other one is
folded by `email.policy.SMTP`, and the bodies are encoded by the standard library.
"""

import quopri
import re
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.utils import format_datetime
from functools import lru_cache

from django.core.mail import BadHeaderError, EmailMultiAlternatives

LONGEST_LINE = 998  # octets without CRLF, RFC 5322 section 2.1.1
_PLAIN = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,60}[\x21-\x7e])?")
_ENDS = re.compile(rb"\r\n|\r|\n")

Headers = list[tuple[str, str | list[str]]]


def build(headers: Headers, text: str, html: str, boundary: str) -> bytes:
    """A multipart/alternative message with CRLF, ready for SMTP.

    A header whose value is a list is written with its entries folded behind commas. `boundary` is
    made of letters and digits and occurs in neither part. Raises BadHeaderError for a line break
    in a value.
    """
    lines = [_folded(name, value) for name, value in headers]
    lines.append(
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    )
    parts = [
        "".join(lines).encode("ascii"),
        _part(boundary, "plain", text),
        _part(boundary, "html", html),
        f"--{boundary}--\r\n".encode(),
    ]
    return b"".join(parts)


def _folded(name: str, value: str | list[str]) -> str:
    if isinstance(value, list):
        entries = ",\r\n ".join(_checked(entry) for entry in value)
        return f"{name}: {entries}\r\n"
    if _PLAIN.fullmatch(value):
        return f"{name}: {value}\r\n"
    return _encoded(name, value)


def _checked(entry: str) -> str:
    if len(entry) > LONGEST_LINE - 2 or not re.fullmatch(r"[\x20-\x7e]+", entry):
        raise BadHeaderError("A header's entry is not plain text of one line.")
    return entry


@lru_cache(maxsize=500)
def _encoded(name: str, value: str) -> str:
    header = policy.SMTP.header_factory(name, one_line(value))
    return header.fold(policy=policy.SMTP)


def one_line(value: str) -> str:
    """The value of a header. Raises BadHeaderError for a line break or a NUL in it."""
    if re.search(r"[\r\n\0]", value):
        raise BadHeaderError("A line break in a header is refused.")
    return value


def address(name: str, spec: str) -> str:
    """'Name <spec>' as a header's value."""
    return str(Address(name, addr_spec=spec)) if name else spec


def date(when) -> str:
    """An aware moment as RFC 5322 writes it, in UTC."""
    return format_datetime(when)


def _part(boundary: str, subtype: str, text: str) -> bytes:
    body = _ENDS.sub(b"\n", text.encode())
    if body.isascii() and max(map(len, body.split(b"\n"))) <= LONGEST_LINE:
        charset, encoding = "us-ascii", "7bit"
    else:
        charset, encoding = "utf-8", "quoted-printable"
        body = quopri.encodestring(body)
    head = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body.replace(b"\n", b"\r\n") + b"\r\n"


def read(content: bytes):
    """The message of these bytes, as `email.message.EmailMessage`."""
    return message_from_bytes(content, policy=policy.default)


#: What Django's message has as arguments, and what its backends write themselves.
_OWN = {"subject", "from", "to", "reply-to", "date", "message-id"}
_OF_MIME = {"mime-version", "content-type", "content-transfer-encoding"}


def as_django(content: bytes, sender: str, to: str) -> EmailMultiAlternatives:
    """The same message for a backend that takes Django's, such as those of django-anymail."""
    message = read(content)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    headers = {
        name: str(value)
        for name, value in message.items()
        if name.lower() not in _OF_MIME and name.lower() not in _OWN - {"date", "message-id"}
    }
    mail = EmailMultiAlternatives(
        subject=str(message["Subject"]),
        body=_lines(text),
        from_email=str(message["From"]),
        to=[to],
        reply_to=[str(message["Reply-To"])] if message["Reply-To"] else None,
        headers=headers,
    )
    mail.envelope_sender = sender  # known to django-anymail
    if html:
        mail.attach_alternative(_lines(html), "text/html")
    for part in message.iter_attachments():
        mail.attach(part.get_filename(), part.get_payload(decode=True), part.get_content_type())
    return mail


def _lines(part) -> str:
    """The text of a part with the line ends of Python; empty without one."""
    return part.get_content().replace("\r\n", "\n") if part else ""
