"""One message over an open SMTP connection, and what the server's answer means.

smtplib's own `sendmail` does not tell whether a connection broke before or after the message was
handed over. Before, the mail can go again; after, nobody knows whether it arrived.
"""

import re
import smtplib
from dataclasses import dataclass

_DOT = re.compile(rb"(?m)^\.")
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463


@dataclass(frozen=True)
class Answer:
    """What a server said to one message: `code` as in RFC 5321 section 4.2."""

    code: int
    text: str
    about_recipient: bool = False  # else about the message, the sender or the connection

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_final(self) -> bool:
        """A 5xx about this recipient or message; one about our own sender is for us to mend."""
        return self.code >= 500

    @property
    def status(self) -> str:
        """The enhanced status code ("5.1.1"); empty where the server gave none."""
        found = _ENHANCED.search(self.text)
        return found[1] if found else ""


class Broken(Exception):
    """The connection broke before the message was handed over."""


class Unknown(Exception):
    """The connection broke between the last byte of the message and the server's answer."""


def send(connection: smtplib.SMTP, sender: str, to: str, content: bytes) -> Answer:
    """Hand one message over. `content` has CRLF. Raises Broken or Unknown."""
    try:
        connection.ehlo_or_helo_if_needed()
        code, text = connection.mail(sender)
        if code != 250:
            return _refused(connection, max(400, min(code, 499)), text)
        code, text = connection.rcpt(to)
        if code not in (250, 251):
            return _refused(connection, code, text, about_recipient=True)
        connection.putcmd("data")
        code, text = connection.getreply()
        if code != 354:
            return _refused(connection, code, text)
        dotted = _DOT.sub(b"..", content)
        end = b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n"
        # In one piece: two would wait for each other. While this raises, the server lacks the end
        connection.send(dotted + end)
    except (OSError, smtplib.SMTPException) as error:
        raise Broken(str(error)) from error
    try:
        code, text = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(str(error)) from error
    return Answer(code, _words(text))


def _refused(connection, code: int, text: bytes, about_recipient: bool = False) -> Answer:
    if code != 421:  # the server closes by itself
        connection.rset()
    return Answer(code, _words(text), about_recipient)


def _words(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())[:500]
