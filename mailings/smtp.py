"""One message over an open SMTP connection, and what the server's answer means.

smtplib's own `sendmail` does not tell whether a connection broke before or after the message was
handed over. Before, the mail can go again; after, nobody knows whether it arrived.
"""

import re
import smtplib
import socket
import time
from dataclasses import dataclass

_DOT = re.compile(rb"(?m)^\.")
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")  # RFC 3463
_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\s]+")


@dataclass(frozen=True)
class Answer:
    """What a server said to one message: `code` as in RFC 5321 section 4.2."""

    code: int
    text: str
    about_recipient: bool = False  # else about the message, the sender or the connection
    about_sender: bool = False  # our own address, which is for us to mend

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_final(self) -> bool:
        """A 5xx about this recipient or message."""
        return self.code >= 500 and not self.about_sender

    @property
    def status(self) -> str:
        """The enhanced status code ("5.1.1"); empty where the server gave none."""
        found = _ENHANCED.search(self.text)
        return found[1] if found else ""


class Broken(Exception):
    """The connection broke before the message was handed over."""


class Unknown(Exception):
    """The connection broke between the last byte of the message and the server's answer."""


def envelope(address: str) -> str:
    """The address as SMTP knows it, its domain in ASCII. Raises ValueError where it has none."""
    local, _at, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode()
    found = f"{local}@{domain}"
    if not found.isascii() or not _ADDRESS.fullmatch(found):
        raise ValueError("The address cannot be written to by SMTP.")
    return found


class Talk:
    """Messages over one connection, each in three steps: begin, hand_over, answer.

    Between the steps the caller does other work while the server does its own. `seconds` is the
    time that one message may take from hand_over to the answer.
    """

    def __init__(self, connection: smtplib.SMTP, seconds: float):
        connection.ehlo_or_helo_if_needed()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection, self.seconds = connection, seconds
        self.pipelining = connection.has_extn("pipelining")
        self.knows_size = connection.has_extn("size")
        self.carried = 0  # messages that the server answered
        self._end = 0.0
        self._begun: tuple[str, str, int] | None = None

    def begin(self, sender: str, to: str, size: int):
        """Announce a message without waiting. Addresses are those of `envelope`. Raises Broken."""
        words = f"MAIL FROM:<{sender}>" + (f" SIZE={size}" if self.knows_size else "")
        if self.pipelining:  # RFC 2920; else one command, one answer
            words += f"\r\nRCPT TO:<{to}>"
        try:
            self.connection.send(words.encode("ascii") + b"\r\n")
        except (OSError, smtplib.SMTPException) as error:
            raise Broken(str(error)) from error
        self._begun = sender, to, size

    def hand_over(self, sender: str, to: str, content: bytes) -> Answer | None:
        """All but the answer to the message; the answer where the server refused it before.

        `content` has CRLF. Raises Broken.
        """
        self._end = time.monotonic() + self.seconds
        try:
            if self._begun != (sender, to, len(content)):
                self._take_back()
                self.begin(sender, to, len(content))
            self._begun = None
            return self._hand_over(to, content)
        except (OSError, smtplib.SMTPException) as error:
            raise Broken(str(error)) from error

    def _take_back(self):
        """A message that was announced does not come after all."""
        if self._begun is None:
            return
        self._begun = None
        for _command in range(2 if self.pipelining else 1):
            self._reply()
        self._send(b"RSET\r\n")
        self._reply()

    def _hand_over(self, to: str, content: bytes) -> Answer | None:
        code, text = self._reply()
        if self.pipelining:
            second = self._reply() if code != 421 else (421, text)
        if not 200 <= code < 300:
            return self._refused(code, text, about_sender=True)
        if not self.pipelining:
            self._send(f"RCPT TO:<{to}>\r\n".encode("ascii"))
            second = self._reply()
        code, text = second
        if not 200 <= code < 300:
            return self._refused(code, text, about_recipient=True)
        self._send(b"DATA\r\n")
        code, text = self._reply()
        if code != 354:
            return self._refused(code, text)
        if content.startswith(b".") or b"\n." in content:
            content = _DOT.sub(b"..", content)
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        # In one piece: two would wait for each other. While this raises, the server lacks the end
        self._send(content + end)
        return None

    def answer(self) -> Answer:
        """What the server says to the whole message. Raises Unknown."""
        self._end = max(self._end, time.monotonic() + 1)  # it may have said it long ago
        try:
            code, text = self._reply()
        except (OSError, smtplib.SMTPException) as error:
            raise Unknown(str(error)) from error
        self.carried += 1
        return Answer(code, _words(text))

    def _send(self, data: bytes):
        self.connection.sock.settimeout(self._left())
        self.connection.send(data)

    def _reply(self) -> tuple[int, bytes]:
        self.connection.sock.settimeout(self._left())
        code, text = self.connection.getreply()
        if code < 200:
            raise smtplib.SMTPServerDisconnected("The server does not speak SMTP.")
        return code, text

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("The server takes too long.")
        return left

    def _refused(self, code: int, text: bytes, **about: bool) -> Answer:
        """The answer stands also where the server breaks off after it."""
        self.carried += 1
        if code != 421:  # the server closes by itself
            try:
                self._send(b"RSET\r\n")
                self._reply()
            except (OSError, smtplib.SMTPException):
                self.connection.close()
        return Answer(code, _words(text), **about)


def _words(text: bytes) -> str:
    return _CONTROL.sub(" ", text.decode("utf-8", "replace")).strip()[:500]
