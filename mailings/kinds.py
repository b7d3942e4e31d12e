"""What each kind of mail carries beside its words (the table of kinds: docs/mail.md)."""

import re
from functools import lru_cache

from django.conf import settings
from django.urls import reverse

from mailings import mime, outbox
from mailings.models import OutgoingMail
from partners import mail as ground

Kind = OutgoingMail.Kind

#: Mail that a person can stop; all else is about the person's own business.
CAN_BE_STOPPED = frozenset({Kind.REMINDER, Kind.ANNOUNCEMENT, Kind.DIGEST})
#: What goes to many: mail programs and servers learn that it is a list, and which
OF_THE_LIST = frozenset({Kind.ANNOUNCEMENT, Kind.DIGEST})
#: Sign-in mail goes also to an address from which mail came back.
EXEMPT_FROM_SUPPRESSION = frozenset({Kind.TRANSACTIONAL})


#: What a person wrote; a program's answer to it would be a program's answer to a person.
WRITTEN_BY_PEOPLE = frozenset({Kind.RELAYED, Kind.ANNOUNCEMENT})
#: By this the portal knows what people wrote when it comes back as it was sent (mailings/relay.py);
#: all other mail is known by Auto-Submitted.
LOOP_MARK = "X-Portal-Loop"
#: The same whatever language a mail is in: people sort their mail by it
LIST_NAME = "Announcements of the Waste Management Area"


def headers(
    mail: OutgoingMail, subject: str, now, letter: outbox.Letter | None = None
) -> mime.Headers:
    """All headers of a mail that the portal wrote.

    Raises ValueError where the letter's words for the sender have a line break.
    """
    letter = letter or outbox.Letter()
    found = [
        ("From", _sender(letter.sender)),
        ("To", mail.to),
        ("Subject", subject),
        ("Date", mime.date(now)),
        ("Message-ID", mail.message_id),
        ("Content-Language", mail.language),
    ]
    if mail.kind in WRITTEN_BY_PEOPLE:
        found.append((LOOP_MARK, settings.MAIL_DOMAIN))
    else:
        found.append(("Auto-Submitted", "auto-generated"))
    if letter.relay and settings.INBOUND_ADDRESS:
        found.append(("Reply-To", inbound("reply", letter.relay)))
    elif settings.CONTACT_ADDRESS:
        found.append(("Reply-To", settings.CONTACT_ADDRESS))
    if letter.answers and _is_ours(letter.answers):
        found.append(("In-Reply-To", letter.answers))
        found.append(("References", letter.answers))
    if mail.kind in CAN_BE_STOPPED and letter.stop:
        found.append(("List-Unsubscribe", stop_addresses(letter.stop)))
        found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    if mail.kind in OF_THE_LIST:
        found += _of_the_list(settings.CONTACT_ADDRESS, settings.MAIL_DOMAIN, settings.SITE_URL)
        found += [("Archived-At", f"<{letter.archived}>")] if letter.archived else []
    return found


@lru_cache(maxsize=10)  # the same in thousands of mails
def _of_the_list(contact: str, domain: str, site: str) -> mime.Headers:
    """RFC 2369, 2919, 5064; and words by which programs that answer by themselves keep silent."""
    owner = f"mailto:{contact}" if contact else site + reverse("contact")
    return [
        ("List-Id", f'"{LIST_NAME}" <announcements.{domain}>'),
        ("List-Post", "NO"),
        ("List-Help", f"<{site}{reverse('mail_preferences')}>"),
        ("List-Owner", f"<{owner}>"),
        ("List-Archive", f"<{site}{reverse('announcement_list')}>"),
        ("Precedence", "list"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ]


def announcement_page(pk: int) -> str:
    """The full address of the page of an announcement."""
    return ground.absolute(reverse("announcement_detail", args=[pk]))


def _sender(words: str) -> str:
    """The portal's own address, behind these words or those of the settings."""
    if not words:
        return settings.DEFAULT_FROM_EMAIL
    return mime.address(words, ground.sender_address())


def _is_ours(message_id: str) -> bool:
    """Made by the outbox: one that a person's program made tells where that person works."""
    domain = re.escape(settings.MAIL_DOMAIN)
    return re.fullmatch(rf"<[0-9a-z]{{16,64}}@{domain}>", message_id) is not None


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
