"""Mail that does not leave this machine: a folder of messages, readable in the browser."""

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_binary_file, message_from_bytes, policy
from email.errors import MessageError
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")  # a moment in UTC and something of its own


class FileOfMail(BaseEmailBackend):
    """DELIVERY_BACKEND of a machine without mail: one .eml file for each message."""

    def send_messages(self, email_messages):
        """Number of messages written; an OSError of a full disk is raised unless silent."""
        written = 0
        for mail in email_messages or ():
            if not mail.recipients():
                continue
            try:
                _write(settings.MAIL_DIR, mail.message().as_bytes(linesep="\r\n"))
            except OSError:
                if not self.fail_silently:
                    raise
            else:
                written += 1
        return written


def _write(folder: Path, content: bytes):
    """Under its name only when it is whole: a reader never meets half a message."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
        try:
            part.write(content)
        except BaseException:
            os.unlink(part.name)
            raise
    os.replace(part.name, folder / f"{name}.eml")


@dataclass(frozen=True)
class Mail:
    """One message of the folder, as the mailbox shows it."""

    name: str  # of the file, without .eml; sorts by time
    sent_at: datetime
    sender: str
    to: str
    subject: str
    text: str
    html: str
    attachments: list[str]  # file names


def names() -> list[str]:
    """Of all messages, the newest first."""
    try:
        found = [path.stem for path in settings.MAIL_DIR.glob("*.eml")]
    except FileNotFoundError:
        return []
    return sorted((name for name in found if NAME.fullmatch(name)), reverse=True)


def headers_of(page_of_names: list[str]) -> Iterator[Mail]:
    """The messages of these names without their bodies; one deleted meanwhile is left out."""
    for name in page_of_names:
        try:
            with (settings.MAIL_DIR / f"{name}.eml").open("rb") as file:
                head = message_from_binary_file(file, policy=policy.default)
        except (FileNotFoundError, MessageError):
            continue
        yield _mail(name, head)


def read(name: str) -> Mail | None:
    """The message of this name; None when there is none."""
    if not NAME.fullmatch(name):
        return None
    try:
        content = (settings.MAIL_DIR / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    return _mail(name, message_from_bytes(content, policy=policy.default))


def _mail(name: str, message) -> Mail:
    return Mail(
        name=name,
        sent_at=datetime.strptime(name.split("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        sender=str(message.get("From", "")),
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")).strip(),  # Django folds before the first word
        text=_content(message, "plain"),
        html=_content(message, "html"),
        attachments=[part.get_filename() or "?" for part in message.iter_attachments()]
        if message.is_multipart()
        else [],
    )


def _content(message, subtype: str) -> str:
    body = message.get_body((subtype,))
    return body.get_content().replace("\r\n", "\n").strip() if body else ""
