"""What each kind of mail carries beside its words (the table of kinds: docs/mail.md)."""

from django.conf import settings
from django.urls import reverse

from mailings import mime
from mailings.models import OutgoingMail
from partners import mail as ground

Kind = OutgoingMail.Kind

#: Mail that a person can stop; all else is about the person's own business.
CAN_BE_STOPPED = frozenset({Kind.REMINDER})
#: Sign-in mail goes also to an address from which mail came back.
EXEMPT_FROM_SUPPRESSION = frozenset({Kind.TRANSACTIONAL})


def headers(mail: OutgoingMail, subject: str, now, stop: str = "") -> mime.Headers:
    """All headers of a mail that the portal wrote; `stop` is the token of its StopLink."""
    found = [
        ("From", settings.DEFAULT_FROM_EMAIL),
        ("To", mail.to),
        ("Subject", subject),
        ("Date", mime.date(now)),
        ("Message-ID", mail.message_id),
        ("Content-Language", mail.language),
        ("Auto-Submitted", "auto-generated"),
    ]
    if settings.CONTACT_ADDRESS:
        found.append(("Reply-To", settings.CONTACT_ADDRESS))
    if mail.kind in CAN_BE_STOPPED and stop:
        found.append(("List-Unsubscribe", stop_addresses(stop)))
        found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return found


def stop_page(token: str) -> str:
    """The full address of the page that stops reminders."""
    return ground.absolute(reverse("mail_stop", args=[token]))


def stop_addresses(token: str) -> list[str]:
    """The entries of List-Unsubscribe (RFC 2369, RFC 8058): a page, and mail where it comes in."""
    found = [f"<{stop_page(token)}>"]
    if settings.INBOUND_ADDRESS:
        found.append(f"<mailto:{inbound('stop', token)}>")
    return found


def inbound(what: str, token: str) -> str:
    """The portal's own address with a word and a token: portal+stop-0123…@example.org."""
    local, _at, domain = settings.INBOUND_ADDRESS.rpartition("@")
    return f"{local}+{what}-{token}@{domain}"


def return_path(mail: OutgoingMail) -> str:
    """Where reports about this mail go: an address of its own, or that of the portal."""
    if settings.INBOUND_ADDRESS:
        return inbound("bounce", mail.token)
    return ground.sender_address()
