"""Mail that comes in: reports about our mail, the wish to get no more of it, and replies.

What a message is for stands in the address that it was sent to (mailings/kinds.py): after the `+`
a word and a token. Anybody can write to these addresses, so a message is believed only as far as
its token or the Message-ID in it names a mail of ours, which are random and known to nobody but
the person and the servers on the way. Of Authentication-Results headers only those of our own
server are read (settings.AUTHSERV_ID); none of the others is looked at.

Nothing of a message is kept but a server's words about an address, what a reply says to the
conversation that it belongs to (mailings/relay.py), and a partner's announcement
(mailings/posting.py); nothing is logged or counted but what sort of message it was.
"""

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from mailings import (
    authentication_results,
    bounces,
    posting,
    relay,
    replies,
    reports,
    topics,
)
from mailings.models import Bounce, IncomingCount, OutgoingMail, StopLink

logger = logging.getLogger(__name__)

POST = "post"  # the word in the address to which announcements are sent
LONGEST = reports.LONGEST  # bytes of a message that are read, but for replies
MOST = replies.LONGEST + 1  # bytes that are of any use; a reply with so many is too large
_LONGEST_VALUE = 10_000  # characters of one header with recipients
#: Where a mail server says for whom a message came, the most certain first.
_RECIPIENT_HEADERS = ("X-Original-To", "Delivered-To", "Envelope-To", "To")


class Outcome(StrEnum):
    """What became of a message; every one of them is accepted."""

    BOUNCE = gettext_noop("a bounce")
    COMPLAINT = gettext_noop("a complaint")
    STOP = gettext_noop("stopped by mail")
    SAYS_NOTHING = gettext_noop("a report that says nothing about the address")
    UNKNOWN = gettext_noop("a report on no mail of ours")
    NO_SUCH_LINK = gettext_noop("a wish to stop with an unknown token")
    FORGED = gettext_noop("a wish to stop whose sender is forged")
    NO_REPORT = gettext_noop("no report: a reply of a person, or junk")


_ORDINARY = {
    *(Outcome.BOUNCE, Outcome.COMPLAINT, Outcome.STOP, Outcome.SAYS_NOTHING),
    *posting.ORDINARY,
    *(relay.Outcome.TAKEN, relay.Outcome.AUTOMATIC, relay.Outcome.AGAIN, relay.Outcome.CLOSED),
}


def receive(
    content: bytes, recipient: str, now: datetime
) -> Outcome | relay.Outcome | posting.Outcome:
    """Act on one message. `recipient` is that of the envelope, or empty where it is not known.

    Raises nothing for a message that cannot be understood.
    """
    message = _parsed(content[:LONGEST])
    word, token = _word_and_token([recipient] if recipient else _recipients(message))
    if word == POST:
        outcome = posting.receive(content, message, now)
    elif word == "reply":
        outcome = relay.receive(content, message, token, now)
    elif word == "stop":
        outcome = _stop(message, token, now)
    else:
        outcome = _report(content[:LONGEST], token if word == "bounce" else "", now)
    level = logging.INFO if outcome in _ORDINARY else logging.WARNING
    logger.log(level, "Mail came in: %s.", outcome)
    _count(outcome, now)
    return outcome


def _count(outcome: StrEnum, now: datetime):
    day = now.astimezone(UTC).date()
    row, _created = IncomingCount.objects.get_or_create(day=day, sort=outcome)
    IncomingCount.objects.filter(pk=row.pk).update(number=F("number") + 1)


def _parsed(content: bytes) -> EmailMessage:
    """The headers, without the Authentication-Results that are not our server's."""
    headers = re.split(rb"\r?\n\r?\n", content[: replies.LONGEST_HEAD], maxsplit=1)[0] + b"\r\n\r\n"
    message = message_from_bytes(replies.with_short_types(headers), policy=policy.default)
    return authentication_results.trusted(message, settings.AUTHSERV_ID, settings.AUTHSERV_HOPS)


def _recipients(message: EmailMessage) -> list[str]:
    return [
        str(value)[:_LONGEST_VALUE]
        for wanted in _RECIPIENT_HEADERS
        for name, value in message.raw_items()
        if name.lower() == wanted.lower()
    ]


def _word_and_token(texts: Sequence[str]) -> tuple[str, str]:
    """("bounce", "0123…") of the first of our own addresses that has both, or ("post", ""), else
    empty ones.
    """
    local, _at, domain = settings.INBOUND_ADDRESS.rpartition("@")
    if not local:
        return "", ""
    ours = re.compile(
        rf"(?<![\w.+-]){re.escape(local)}\+(?:({POST})|(bounce|stop|reply)-([0-9a-z]{{16,64}}))"
        rf"@{re.escape(domain)}(?![\w.-])",
        re.IGNORECASE,
    )
    for text in texts:  # not parsed: Python's parser of addresses calls itself for each bracket
        found = ours.search(text)
        if found:
            return (POST, "") if found[1] else (found[2].lower(), found[3].lower())
    return "", ""


@transaction.atomic
def _stop(message: EmailMessage, token: str, now: datetime) -> Outcome:
    """The unsubscribe address of a mail: the token says who wants no more of what."""
    link = StopLink.objects.filter(token=token).first()
    if link is None:
        return Outcome.NO_SUCH_LINK
    if settings.AUTHSERV_ID and authentication_results.is_forged(
        message, settings.AUTHSERV_ID, settings.AUTHSERV_HOPS
    ):
        return Outcome.FORGED
    topic = topics.of(link)
    if topic is None:  # of an app that is gone
        return Outcome.NO_SUCH_LINK
    topic.stop(link.object_id, now)
    return Outcome.STOP


def _report(content: bytes, token: str, now: datetime) -> Outcome:
    report = reports.read(content)
    if report is None:
        return Outcome.NO_REPORT
    mail = _mail_of(token, report.message_id)
    if mail is None:
        return Outcome.UNKNOWN
    about = _about(report, mail)
    kind = bounces.COUNTED.get(about.kind)
    if kind is None or not mail.to:
        return Outcome.SAYS_NOTHING
    source = Bounce.Source.REPORT
    bounces.note(mail.to, kind, source, now, mail, about.status, about.diagnostic)
    return Outcome.COMPLAINT if kind == Bounce.Kind.COMPLAINT else Outcome.BOUNCE


def _mail_of(token: str, message_id: str | None) -> OutgoingMail | None:
    """The mail that a report is about: its return path is more certain than what was quoted."""
    mails = OutgoingMail.objects.defer("content", "context")
    if token:
        found = mails.filter(message_id__startswith=f"<{token}@").first()
        if found:
            return found
    return mails.filter(message_id=message_id).first() if message_id else None


def _about(report: reports.Report, mail: OutgoingMail) -> reports.Recipient:
    """What the report says about the mail's own address.

    The mail had one recipient: what is said of an address that it was passed on to counts for that
    one. The report may name others too, when it is about several mails.
    """
    for recipient in report.recipients:
        if recipient.address and recipient.address == mail.to.lower():
            return recipient
    return next(one for one in report.recipients if one.kind == report.kind)
