"""EMAIL_BACKEND: whatever Django, allauth or a lower floor sends becomes rows of the outbox."""

from email import policy
from email.message import EmailMessage as Message

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from mailings import mime, outbox
from mailings.models import OutgoingMail
from mailings.models.outgoing import new_message_id


class OutboxBackend(BaseEmailBackend):
    """Keeps each message as it came, one row for each recipient, in the caller's transaction."""

    def send_messages(self, email_messages) -> int:
        """Number of messages kept. Raises BadHeaderError for a line break in a header."""
        kept = 0
        with transaction.atomic():
            for message in email_messages or ():
                kept += bool(_keep(message))
        if kept:
            outbox.ring_on_commit()
        return kept


def _keep(message) -> list[OutgoingMail]:
    now = timezone.now()
    rows = []
    for to in message.recipients():
        row = OutgoingMail(
            kind=OutgoingMail.Kind.TRANSACTIONAL,
            priority=OutgoingMail.FIRST,
            to=to,
            message_id=new_message_id(),
            created_at=now,
            next_try=now,
        )
        row.content = _content(message, row, now)
        rows.append(row)
    return OutgoingMail.objects.bulk_create(rows)


def _content(message, row: OutgoingMail, now) -> bytes:
    """The message as it came, written by Python's `email` with its policy for SMTP."""
    extra = {name.lower(): str(value) for name, value in message.extra_headers.items()}
    new = Message(policy=policy.SMTP)
    new["From"] = extra.pop("from", message.from_email)
    new["To"] = extra.pop("to", ", ".join(message.to) or row.to)
    if message.cc:
        new["Cc"] = ", ".join(message.cc)
    if message.reply_to or settings.CONTACT_ADDRESS:
        new["Reply-To"] = ", ".join(message.reply_to) or settings.CONTACT_ADDRESS
    new["Subject"] = mime.one_line(str(message.subject))
    new["Date"] = now
    new["Message-ID"] = row.message_id
    extra.setdefault("auto-submitted", "auto-generated")
    for name, value in extra.items():
        if name not in ("date", "message-id"):
            new[name.title()] = mime.one_line(value)
    new.set_content(str(message.body))
    for content, kind in getattr(message, "alternatives", ()):
        new.add_alternative(str(content), subtype=kind.partition("/")[2])
    for attachment in message.attachments:
        if isinstance(attachment, tuple):
            name, content, kind = attachment
            main, _slash, sub = (kind or "application/octet-stream").partition("/")
            data = content.encode() if isinstance(content, str) else content
            new.add_attachment(data, maintype=main, subtype=sub, filename=name)
        else:
            new.make_mixed()
            new.attach(attachment)
    return new.as_bytes()
