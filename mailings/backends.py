"""EMAIL_BACKEND: whatever Django, allauth or a lower floor sends becomes rows of the outbox."""

from email import policy
from email.message import EmailMessage as Message
from email.utils import parseaddr

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from mailings import mime, outbox, signing
from mailings.models import OutgoingMail
from mailings.models.outgoing import new_message_id

#: Seven bits only: no server on the way has to know 8BITMIME.
_POLICY = policy.SMTP.clone(cte_type="7bit")


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
            to=parseaddr(mime.one_line(to))[1] or to,
            message_id=new_message_id(),
            created_at=now,
            next_try=now,
        )
        row.content = _content(message, row, now)
        rows.append(row)
    return OutgoingMail.objects.bulk_create(rows)


def _content(message, row: OutgoingMail, now) -> bytes:
    """The message as it came, written by Python's `email` with its policy for SMTP."""
    new = Message(policy=_POLICY)
    for name, value in _headers(message, row, now).items():
        new[mime.name_of(name)] = value
    new.set_content(str(message.body), subtype=message.content_subtype)
    for content, kind in getattr(message, "alternatives", ()):
        main, _slash, sub = kind.partition("/")
        if main == "text":
            new.add_alternative(_text(content), subtype=sub)
        else:
            new.add_alternative(_bytes(content), maintype=main, subtype=sub)
    for attachment in message.attachments:
        if isinstance(attachment, tuple):
            name, content, kind = attachment
            main, _slash, sub = (kind or "application/octet-stream").partition("/")
            if main == "message":  # a message within is never encoded
                main, sub = "application", "octet-stream"
            new.add_attachment(_bytes(content), maintype=main, subtype=sub, filename=name)
        else:
            if new.get_content_type() != "multipart/mixed":
                new.make_mixed()
            new.attach(attachment)
    # Not by `policy`, which would take a name such as "=?utf-8?q?x?=" for encoded already
    subject = mime.folded("Subject", mime.one_line(str(message.subject)))
    return signing.signed(subject.encode() + new.as_bytes())


def _headers(message, row: OutgoingMail, now) -> dict:
    """Name: value, each once. Raises BadHeaderError for a line break."""
    extra = {name.lower(): str(value) for name, value in message.extra_headers.items()}
    found = {
        "From": extra.pop("from", message.from_email),
        "To": extra.pop("to", "") or ", ".join(message.to) or row.to,
        "Cc": extra.pop("cc", "") or ", ".join(message.cc),
        "Reply-To": extra.pop("reply-to", "")
        or ", ".join(message.reply_to)
        or settings.CONTACT_ADDRESS,
    }
    found = {
        name: mime.addresses(mime.one_line(str(value))) for name, value in found.items() if value
    }
    found["Date"] = now
    found["Message-ID"] = row.message_id
    extra.setdefault("auto-submitted", "auto-generated")
    for name, value in extra.items():
        if name not in ("date", "message-id", "subject", "bcc"):
            found[name.title()] = mime.one_line(value)
    return found


def _text(content) -> str:
    return content.decode() if isinstance(content, bytes) else str(content)


def _bytes(content) -> bytes:
    return content if isinstance(content, bytes) else str(content).encode()
