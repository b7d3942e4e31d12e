"""The relay: two people write to each other by mail, and neither sees the other's address.

What the one writes leaves as a mail of kind RELAYED whose Reply-To is an address of the reader's
place in the conversation (`reply_token`; `outbox.Letter.relay`). An app names its conversations:

    relay.register(relay.Conversation("advice", address_of, take))

A reply that comes in (mailings/inbound.py) is believed only when its token is known, its one From
address is that of the person in this place, our mail server does not call it forged and no program
wrote it. Everything else is taken from the mail server and forgotten; nothing is ever sent to an
address that stands in a message. A reply of the person that cannot be passed on is told to the
address on file, once an hour at most; one from another address, which may be the person's second,
once a day.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailings import authentication_results, outbox, replies, smtp
from mailings.hiding import without_addresses
from mailings.models import OutgoingMail, RelayAddress, RelayedReply
from partners import files
from partners.refusals import Refused

__all__ = ["Arrived", "Conversation", "register", "reply_token", "without_addresses"]

logger = logging.getLogger(__name__)

AN_HOUR, A_DAY = 20, 60  # replies of one place; what is more is dropped
TOLD_AT_MOST_EVERY = timedelta(hours=1)
TOLD_OF_OTHERS_EVERY = timedelta(days=1)
LANGUAGE = "en"  # of what the person is told


@dataclass(frozen=True)
class Arrived:
    """A reply that came by mail, ready to be kept."""

    text: str  # what the person wrote, at most 20,000 characters; empty beside attachments only
    folded: str  # quotes and signature, at most 20,000 characters; never passed on
    attachments: list[files.Checked]
    refused: list[str]  # a sentence for each attachment that could not be taken
    message_id: str  # of the incoming mail; made of its content where it has none


@dataclass(frozen=True)
class Conversation:
    """What an app says of its conversations; `key` is that of a person's place in one of them."""

    code: str  # at most 20 letters
    address_of: Callable[[int], str]  # the address that may write there, or "" (closed)
    take: Callable[[int, Arrived, datetime], None]  # keep it; raises Refused with a sentence


class Outcome(StrEnum):
    """What became of a reply; every one of them is accepted."""

    TAKEN = gettext_noop("a reply, taken")
    NO_SUCH_ADDRESS = gettext_noop("a reply with an unknown token")
    CLOSED = gettext_noop("a reply to a place that nobody has any more")
    OUR_OWN = gettext_noop("a mail of our own that came back as a reply")
    AUTOMATIC = gettext_noop("a reply that a program wrote")
    OTHER_SENDER = gettext_noop("a reply from another address")
    FORGED = gettext_noop("a reply whose sender is forged")
    AGAIN = gettext_noop("a reply that came before")
    TOO_MANY = gettext_noop("a reply too many")
    TOO_LARGE = gettext_noop("a reply that is too large")
    EMPTY = gettext_noop("a reply without words or files")
    REFUSED = gettext_noop("a reply that the conversation does not take")


_conversations: dict[str, Conversation] = {}


def register(conversation: Conversation):
    """Called in an app's `ready`."""
    _conversations[conversation.code] = conversation


def reply_token(code: str, key: int) -> str:
    """The token of this place's address, made where there is none; it never expires."""
    return RelayAddress.objects.get_or_create(topic=code, object_id=key)[0].token


def receive(content: bytes, message: EmailMessage, token: str, now: datetime) -> Outcome:
    """Act on one reply. `message` has its headers, of Authentication-Results those of our server.

    What the app raises beside Refused goes through, and nothing is written then.
    """
    place = RelayAddress.objects.filter(token=token).first()
    conversation = _conversations.get(place.topic) if place else None
    if conversation is None:
        return Outcome.NO_SUCH_ADDRESS
    if not replies.has_whole_head(content):
        return Outcome.OTHER_SENDER
    refusal = _not_believed(message, conversation.address_of(place.object_id))
    if refusal is Outcome.OTHER_SENDER and _spelled_alike(replies.sender(message)):
        _tell_of_another(place.pk, conversation, now)
    return refusal or _take(content, message, place.pk, conversation, now)


def _not_believed(message: EmailMessage, address: str) -> Outcome | None:
    """Why this is no reply of the person with this address; None where it is one."""
    domain = settings.MAIL_DOMAIN
    if replies.is_our_own(message, domain) or _is_of_the_outbox(message):
        return Outcome.OUR_OWN
    if replies.is_automatic(message):
        return Outcome.AUTOMATIC
    if not address:
        return Outcome.CLOSED
    if settings.AUTHSERV_ID and authentication_results.is_forged(
        message, settings.AUTHSERV_ID, settings.AUTHSERV_HOPS
    ):
        return Outcome.FORGED
    if _spelled_alike(replies.sender(message)) != _spelled_alike(address):
        return Outcome.OTHER_SENDER
    return None


def _is_of_the_outbox(message: EmailMessage) -> bool:
    """By its Message-ID: the mark may have been lost on the way. Not by its domain alone, which may
    be that of people who write.
    """
    ids = [value for value in replies.values(message, "message-id")[:5] if value.isascii()]
    return OutgoingMail.objects.filter(message_id__in=[one[:200] for one in ids]).exists()


def _spelled_alike(address: str) -> str:
    """In lower case, the domain in ASCII; empty where mail cannot go there, which fits nothing."""
    try:
        return smtp.envelope(address.strip()).lower()
    except ValueError:
        return ""


@transaction.atomic
def _take(
    content: bytes, message: EmailMessage, key: int, conversation: Conversation, now: datetime
) -> Outcome:
    """A reply that is believed. One of a place at a time, so that none is taken twice."""
    place = RelayAddress.objects.select_for_update().filter(pk=key).first()
    if place is None:
        return Outcome.NO_SUCH_ADDRESS
    message_id = replies.message_id(message, content)
    message_hash = hashlib.sha256(message_id.encode()).hexdigest()
    if place.replies.filter(message_hash=message_hash).exists():
        return Outcome.AGAIN
    if _are_too_many(place, now):
        return Outcome.TOO_MANY
    with translation.override(LANGUAGE):
        outcome, sentences = _kept(content, message_id, place, conversation, now)
        if sentences:
            _tell(place, conversation, sentences, outcome is Outcome.TAKEN, now)
    place.replies.create(message_hash=message_hash, at=now, outcome=_KEPT_AS[outcome])
    return outcome


_KEPT_AS = {
    Outcome.TAKEN: RelayedReply.Outcome.TAKEN,
    Outcome.REFUSED: RelayedReply.Outcome.REFUSED,
    Outcome.EMPTY: RelayedReply.Outcome.EMPTY,
    Outcome.TOO_LARGE: RelayedReply.Outcome.TOO_LARGE,
}


def _are_too_many(place: RelayAddress, now: datetime) -> bool:
    of_a_day = place.replies.filter(at__gt=now - timedelta(days=1))
    of_an_hour = of_a_day.filter(at__gt=now - timedelta(hours=1))
    return of_an_hour.count() >= AN_HOUR or of_a_day.count() >= A_DAY


def _kept(
    content: bytes, message_id: str, place: RelayAddress, conversation: Conversation, now: datetime
) -> tuple[Outcome, list[str]]:
    """What became of it, and what the person should know of it."""
    if replies.is_too_large(content):
        return Outcome.TOO_LARGE, [
            _("The mail is too large: 25 MB is the limit, attachments included.")
        ]
    reply = replies.read(content)
    if reply.is_empty:
        nothing = _("There is no text above the quoted mail, and no attachment to pass on.")
        return Outcome.EMPTY, [*reply.refused, nothing]
    arrived = Arrived(reply.text, reply.folded, reply.attachments, reply.refused, message_id)
    try:
        with transaction.atomic():
            conversation.take(place.object_id, arrived, now)
    except Refused as refusal:
        return Outcome.REFUSED, [str(refusal)]
    return Outcome.TAKEN, reply.refused


@transaction.atomic
def _tell_of_another(key: int, conversation: Conversation, now: datetime):
    """A reply from another address is not read, but who owns both would wait for an answer."""
    place = RelayAddress.objects.select_for_update().filter(pk=key).first()
    if place is None:
        return
    with translation.override(LANGUAGE):
        sentence = _("It came from another address. Write from the one to which this mail is sent.")
        _tell(place, conversation, [sentence], False, now, every=TOLD_OF_OTHERS_EVERY)


def _tell(
    place: RelayAddress,
    conversation: Conversation,
    sentences: list[str],
    is_taken: bool,
    now: datetime,
    every: timedelta = TOLD_AT_MOST_EVERY,
):
    """One automatic mail to the address on file, not more often than `every`."""
    if place.told_at and place.told_at > now - every:
        return
    address = conversation.address_of(place.object_id)
    if not address:  # closed meanwhile
        return
    place.told_at = now
    place.save(update_fields=["told_at"])
    outbox.post(
        "mailings/mail/reply_not_taken",
        address,
        {"sentences": sentences, "is_taken": is_taken},
        OutgoingMail.Kind.MODERATION,
        LANGUAGE,
    )
