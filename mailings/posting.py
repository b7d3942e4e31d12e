"""An announcement by mail: a message to the posting address becomes a draft, and never more.

The form is the main way; this is for those who write mails. A From line proves nothing, so a draft
is made at once only where our own mail server says that the sender's domain stands behind the
message (DMARC, or DKIM with a domain that fits). Otherwise the person at the address on file is
asked once. Nothing is ever sent to an address that stands in a message, and whatever is not a
partner's mail is dropped and counted in the log, never bounced: its sender may be forged.
"""

import hashlib
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailings import announcing, authentication_results, outbox, permissions, replies
from mailings.models import Announcement, OutgoingMail, PostedMail
from partners.models import User
from partners.refusals import Refused

State = PostedMail.State

AN_HOUR, A_DAY = 5, 10  # messages of one person
ASKED_AT_MOST_EVERY = timedelta(days=1)  # whoever forges an address must not fill a mailbox
WAITS_FOR = timedelta(days=14)  # for an answer
FORGOTTEN_AFTER = timedelta(days=90)
_TITLE, _TEXT = (Announcement._meta.get_field(name).max_length for name in ("title", "text"))


class Outcome(StrEnum):
    """What became of a message; every one of them is accepted."""

    DRAFTED = gettext_noop("an announcement by mail, a draft now")
    ASKED = gettext_noop("an announcement by mail, its author is asked")
    ASKED_BEFORE = gettext_noop("an announcement by mail of somebody who was asked today")
    OUR_OWN = gettext_noop("a mail of our own at the posting address")
    AUTOMATIC = gettext_noop("a mail of a program at the posting address")
    UNKNOWN_SENDER = gettext_noop("a mail of no partner at the posting address")
    FORGED = gettext_noop("a forged mail at the posting address")
    AGAIN = gettext_noop("an announcement by mail that came before")
    TOO_MANY = gettext_noop("an announcement by mail too many")
    TOO_LARGE = gettext_noop("an announcement by mail that is too large")
    EMPTY = gettext_noop("an announcement by mail without words")
    REFUSED = gettext_noop("an announcement by mail that cannot be a draft")


ORDINARY = frozenset({Outcome.DRAFTED, Outcome.ASKED, Outcome.AUTOMATIC, Outcome.AGAIN})


def receive(content: bytes, message: EmailMessage, now: datetime) -> Outcome:
    """Act on one message. `message` has its headers, of Authentication-Results those of our server.

    Raises nothing for what a message may hold.
    """
    if not replies.has_whole_head(content):
        return Outcome.UNKNOWN_SENDER
    if replies.is_our_own(message, settings.MAIL_DOMAIN):
        return Outcome.OUR_OWN
    if replies.is_automatic(message):
        return Outcome.AUTOMATIC
    if settings.AUTHSERV_ID and authentication_results.is_forged(
        message, settings.AUTHSERV_ID, settings.AUTHSERV_HOPS
    ):
        return Outcome.FORGED
    author = User.objects.filter(email=replies.sender(message), is_active=True).first()
    if author is None or not permissions.can_write(author, now.date()):
        return Outcome.UNKNOWN_SENDER
    return _take(content, message, author, now)


@transaction.atomic
def _take(content: bytes, message: EmailMessage, author: User, now: datetime) -> Outcome:
    """A message that may be this partner's. One of a person at a time: none counts twice."""
    User.objects.select_for_update(no_key=True).get(pk=author.pk)
    message_hash = hashlib.sha256(replies.message_id(message, content).encode()).hexdigest()
    if author.posted_mails.filter(message_hash=message_hash).exists():
        return Outcome.AGAIN
    recent = author.posted_mails.filter(at__gt=now - timedelta(days=1))
    if recent.count() >= A_DAY or recent.filter(at__gt=now - timedelta(hours=1)).count() >= AN_HOUR:
        return Outcome.TOO_MANY
    if replies.is_too_large(content):
        return Outcome.TOO_LARGE
    vouched = authentication_results.vouches_for(
        message, replies.sender(message), settings.AUTHSERV_ID, settings.AUTHSERV_HOPS
    )
    asked = author.posted_mails.filter(state=State.ASKED, at__gt=now - ASKED_AT_MOST_EVERY)
    if not vouched and asked.exists():
        return Outcome.ASKED_BEFORE
    read = replies.read(content)
    title = _title(message)
    if not read.text:
        return Outcome.EMPTY
    posted = PostedMail(user=author, message_hash=message_hash, at=now)
    if vouched:
        return _drafted(posted, title, read, now)
    posted.state, posted.title, posted.text = State.ASKED, title, read.text[:_TEXT]
    posted.save()
    _tell("posted_question", posted, title=title, lost=_lost(read, with_files=True))
    return Outcome.ASKED


def _drafted(posted: PostedMail, title: str, read: replies.Reply, now: datetime) -> Outcome:
    author = posted.user
    files = read.attachments[: announcing.FILES_AT_MOST]
    try:
        with transaction.atomic():
            draft = announcing.save(None, _values(author, title, read.text), 0, author, now, files)
    except Refused:
        posted.state = State.REFUSED
        posted.save()
        return Outcome.REFUSED
    posted.state, posted.announcement = State.DRAFTED, draft
    posted.save()
    _tell("posted_draft", posted, announcement=draft, lost=_lost(read))
    return Outcome.DRAFTED


@transaction.atomic
def confirm(token: str, now: datetime) -> Announcement:
    """The person at the address on file wrote it: the draft. Safe to repeat.

    Raises Refused where nothing waits under this token any more, and as `announcing.save` does.
    """
    posted = (
        PostedMail.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user", "announcement")
        .filter(token=token)
        .first()
    )
    if posted is not None and posted.announcement is not None:
        return posted.announcement
    if posted is None or not waits(posted, now):
        raise Refused(_("This mail does not wait any more. Write the announcement on its page."))
    author = posted.user
    draft = announcing.save(None, _values(author, posted.title, posted.text), 0, author, now)
    posted.state, posted.announcement, posted.title, posted.text = State.DRAFTED, draft, "", ""
    posted.save()
    return draft


def waits(posted: PostedMail, now: datetime) -> bool:
    """Whether the person at the address on file can still say that it is theirs."""
    return posted.state == State.ASKED and posted.at >= now - WAITS_FOR


def forget(now: datetime) -> int:
    """Words that nobody called theirs go, and in the end that a message came. Returns how many."""
    unanswered = PostedMail.objects.filter(state=State.ASKED, at__lt=now - WAITS_FOR)
    number = unanswered.update(state=State.REFUSED, title="", text="")
    return number + PostedMail.objects.filter(at__lt=now - FORGOTTEN_AFTER).delete()[0]


def _values(author: User, title: str, text: str) -> dict:
    """As `announcing.save` takes them. The topic is that whose name the subject begins with."""
    topics = announcing.topics_for(author)
    if not topics:
        raise Refused(_("No topic takes announcements now."))
    start = title.lower().lstrip("[ ")
    named = [one for one in topics if start.startswith(one.name.lower())]
    topic = (named or topics)[0]
    return announcing.values_of(topic=topic, title=title, text=text[:_TEXT])


def _title(message: EmailMessage) -> str:
    return replies.subject(message)[:_TITLE] or _("Without a title")


def _lost(read: replies.Reply, with_files: bool = False) -> list[str]:
    """What the draft does not have, in sentences."""
    lost = list(read.refused)
    if with_files and read.attachments:
        lost.append(_("Attachments are left out. Add them to the draft."))
    elif len(read.attachments) > announcing.FILES_AT_MOST:
        lost.append(_("An announcement has five files at most: the first five are there."))
    return lost


def _tell(template: str, posted: PostedMail, **context):
    outbox.post(
        f"mailings/mail/{template}",
        posted.user.email,
        {"posted": posted, **context},
        OutgoingMail.Kind.MODERATION,
    )
