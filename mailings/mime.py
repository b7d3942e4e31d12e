"""Bytes of a message, and a message of bytes.

A bulk mail is built for every reader anew, and Python's `EmailMessage` takes about two
milliseconds for one of 8 KB, most of it in parsing headers that we have just written
(docs/decisions/0050-outbox.md). Here a header that needs no encoding is a line, every other one is
folded by `email.policy.SMTP`, and the bodies are encoded by the standard library.
"""

import quopri
import re
from base64 import encodebytes
from email import message_from_bytes, policy
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime
from functools import lru_cache

from django.core.mail import BadHeaderError, EmailMultiAlternatives

from mailings import smtp

LONGEST_LINE = 998  # octets without CRLF, RFC 5322 section 2.1.1
_PLAIN = re.compile(r"(?!.*=\?)[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_SHORT, _LONG = 62, 300  # characters of a value that stands in one line anyway; without a space
_NAME = re.compile(r"[\x21-\x39\x3b-\x7e]+")  # of a header
_OF_ADDRESSES = {"from", "sender", "to", "cc", "reply-to"}
_ENDS = re.compile(rb"\r\n|\r|\n")

Headers = list[tuple[str, str | list[str]]]


def build(
    headers: Headers, text: str, html: str, boundary: str, calendar: str = "", method: str = ""
) -> bytes:
    """A multipart/alternative message with CRLF, ready for SMTP.

    A header whose value is a list is written with its entries folded behind commas. `boundary` is
    made of letters and digits and occurs in no part. `calendar` is an event that goes along, and
    `method` what it is for. Raises BadHeaderError for a line break in a value, ValueError for an
    address that mail cannot carry.
    """
    lines = [folded(name, value) for name, value in headers]
    lines.append("MIME-Version: 1.0\r\n")
    alternatives = [_part(boundary, "plain", text), _part(boundary, "html", html)]
    if not calendar:
        return _multipart("".join(lines), "alternative", boundary, alternatives)
    return _with_event("".join(lines), alternatives, boundary, calendar.encode(), method)


def _with_event(
    head: str, alternatives: list[bytes], boundary: str, event: bytes, method: str
) -> bytes:
    """The event twice, as Google Calendar and Thunderbird send and read it (decisions/0081).

    Once as another form of the words, which mail programs with a calendar look for, and once as a
    file for those that look at files alone.
    """
    words = f"text/calendar; charset=UTF-8;\r\n method={method}"
    file = (
        'application/ics; name="invite.ics"\r\n'
        'Content-Disposition: attachment; filename="invite.ics"'
    )
    alternatives.append(_in_base64(boundary, words, event))
    outer = f"mixed{boundary}"
    inner = _multipart(f"--{outer}\r\n", "alternative", boundary, alternatives)
    return _multipart(head, "mixed", outer, [inner, _in_base64(outer, file, event)])


def _multipart(head: str, subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    head += f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    return b"".join([head.encode("ascii"), *parts, f"--{boundary}--\r\n".encode()])


def _in_base64(boundary: str, content_type: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + encodebytes(content).replace(b"\n", b"\r\n")


def folded(name: str, value: str | list[str]) -> str:
    """The lines of one header, with CRLF. Raises BadHeaderError for a line break in the value."""
    if isinstance(value, list):
        entries = ",\r\n ".join(_checked(entry) for entry in value)
        return f"{name}: {entries}\r\n"
    if _PLAIN.fullmatch(value):
        if len(value) <= (_LONG if " " not in value else _SHORT):
            return f"{name}: {value}\r\n"
        if name.lower() not in _OF_ADDRESSES and max(map(len, value.split(" "))) <= _SHORT:
            return _folded_at_spaces(name, value)
    return _encoded(name, value)


def _folded_at_spaces(name: str, value: str) -> str:
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if word and len(line) + len(word) >= 78 and not line.endswith((" ", ":")):
            lines.append(line)
            line = ""
        line += " " + word
    return "\r\n".join([*lines, line]) + "\r\n"


def _checked(entry: str) -> str:
    if len(entry) > LONGEST_LINE - 2 or not re.fullmatch(r"[\x20-\x7e]+", entry):
        raise BadHeaderError("A header's entry is not plain text of one line.")
    return entry


@lru_cache(maxsize=500)
def _encoded(name: str, value: str) -> str:
    one_line(value)
    if name.lower() in _OF_ADDRESSES:
        lines = f"{name}: {_addresses_folded(value)}\r\n"
    elif "=?" in value:  # somebody's text, which `policy` would take for encoded already
        lines = f"{name}: {_in_words(value)}\r\n"
    else:
        lines = policy.SMTP.header_factory(name, value).fold(policy=policy.SMTP)
    if max(map(len, lines.split("\r\n"))) > LONGEST_LINE:
        raise ValueError("A header's line is too long.")
    return lines


def _addresses_folded(value: str) -> str:
    """Not by `policy`, which in Python 3.11 puts spaces into long names."""
    found = policy.SMTP.header_factory("To", value)
    if not found.addresses:
        raise ValueError("An address cannot be read.")
    entries = []
    for one in found.addresses:
        if one.display_name.isascii():
            entries.append(address(one.display_name, one.addr_spec))
        else:
            entries.append(f"{_in_words(one.display_name)} <{smtp.envelope(one.addr_spec)}>")
    return ",\r\n ".join(entries)


def _in_words(value: str) -> str:
    """As encoded words (RFC 2047), folded."""
    return Header(value, "utf-8", maxlinelen=72).encode(linesep="\r\n")


def addresses(value: str) -> str:
    """The value of a header with addresses, their domains in ASCII. Raises ValueError."""
    if value.isascii():
        return value
    found = policy.SMTP.header_factory("To", value)
    if found.defects or not found.addresses:
        raise ValueError("An address cannot be read.")
    return ", ".join(address(one.display_name, one.addr_spec) for one in found.addresses)


def name_of(name: str) -> str:
    """The name of a header. Raises BadHeaderError for what is none."""
    if not _NAME.fullmatch(name):
        raise BadHeaderError("A header's name is made of letters.")
    return name


def one_line(value: str) -> str:
    """The value of a header. Raises BadHeaderError for a line break or a NUL in it."""
    if re.search(r"[\r\n\0]", value):
        raise BadHeaderError("A line break in a header is refused.")
    return value


@lru_cache(maxsize=500)  # the sender of a mailing is the same in each of its mails
def address(name: str, spec: str) -> str:
    """'Name <spec>' as a header's value, the domain in ASCII. Raises ValueError."""
    spec = smtp.envelope(spec)
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
_OWN = {"subject", "from", "to", "reply-to"}
_OF_MIME = {"mime-version", "content-type", "content-transfer-encoding"}


def as_django(content: bytes, sender: str, to: str) -> EmailMultiAlternatives:
    """The same message for a backend that takes Django's, such as those of django-anymail."""
    message = read(content)
    text = message.get_body(("plain",))
    mail = EmailMultiAlternatives(
        subject=str(message["Subject"] or ""),
        body=_lines(text) if text else "",
        from_email=str(message["From"]),
        to=[to],
        reply_to=[str(message["Reply-To"])] if message["Reply-To"] else None,
        headers={
            name: str(value)
            for name, value in message.items()
            if name.lower() not in _OF_MIME | _OWN
        },
    )
    # Known to django-anymail: by the token its events are found
    mail.envelope_sender = sender
    mail.metadata = {"mail": str(message["Message-ID"]).strip("<>").partition("@")[0]}
    method = ""
    for part, is_alternative in _leaves(message):
        if part is text:
            continue
        if is_alternative and "method" in part["Content-Type"].params:
            # Few services take an event as another form of the words; all take the file behind it
            method = part["Content-Type"].params["method"]
        elif part.get_content_type() == "application/ics" and method:
            event = part.get_payload(decode=True)
            mail.attach(part.get_filename(), event, f"text/calendar; method={method}")
        elif is_alternative:
            mail.attach_alternative(_lines(part), part.get_content_type())
        elif part.get_content_type() == "message/rfc822":
            mail.attach(None, part.get_content().as_string(), "message/rfc822")
        else:
            data = part.get_payload(decode=True)
            mail.attach(part.get_filename(), data, part.get_content_type())
    return mail


def _leaves(part, is_alternative=False):
    """(part, whether it is another form of the words), without the parts that hold others."""
    if part.get_content_maintype() == "multipart":
        for inner in part.iter_parts():
            yield from _leaves(inner, part.get_content_subtype() == "alternative")
    else:
        is_html = part.get_content_type() == "text/html" and not part.is_attachment()
        yield part, is_alternative or is_html


def _lines(part) -> str | bytes:
    """The text of a part with the line ends of Python; bytes of what is no text."""
    found = part.get_content()
    return found.replace("\r\n", "\n") if isinstance(found, str) else found
