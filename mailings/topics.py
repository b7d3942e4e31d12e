"""Sorts of mail that a person can stop, each named by the app that writes it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.utils.functional import Promise

from mailings import outbox, suppression
from mailings.models import StopLink, Suppression
from partners.models import User


@dataclass(frozen=True)
class Topic:
    """`stop` and `start` take the key of the thing that the mail is about, and the moment.

    `is_stopped` says how it stands; each is safe to repeat, also for a thing that is gone. Where
    one topic holds several sorts of mail, `name_of` gives the name of the sort by that key (empty
    for a thing that is gone). `user_of` gives the key of the person to whom these mails go, whose
    mail preferences the link then opens; None where they go to somebody without a sign-in. It
    raises ObjectDoesNotExist for a thing that is gone.

    A key is that of one person, or of a thing that one person has: a mail of long ago must neither
    stop the mail of whoever has the thing today, nor open that person's preferences.
    """

    code: str
    name: str | Promise
    stop: Callable[[int, datetime], None]
    start: Callable[[int, datetime], None]
    is_stopped: Callable[[int], bool]
    user_of: Callable[[int], int | None]
    name_of: Callable[[int], str] | None = None

    def called(self, key: int) -> str:
        """What the person reads: which mail this is."""
        return (self.name_of and self.name_of(key)) or str(self.name)


def of_addresses(
    code: str,
    name: str | Promise,
    address_of: Callable[[int], str],
    user_of: Callable[[int], int | None],
) -> Topic:
    """A topic that is stopped for an address, whatever thing the mail was about.

    `address_of` gives the address of the person with this key; empty: there is none.
    """

    def stop(key: int, now: datetime):
        if address := address_of(key):
            hashed = suppression.hash_of(address)
            suppression.suppress(hashed, code, Suppression.Reason.STOPPED, now)
            outbox.ask_again_on_commit(to__iexact=address, reminder__topic=code)

    def start(key: int, now: datetime):
        if address := address_of(key):
            suppression.lift(address, code)

    def is_stopped(key: int) -> bool:
        hashed = suppression.hash_of(address_of(key))
        return Suppression.objects.filter(topic=code, address_hash=hashed).exists()

    return Topic(code, name, stop, start, is_stopped, user_of)


def of_people(code: str, name: str | Promise) -> Topic:
    """A topic of mail to people with a sign-in, whose keys are those of its links."""

    def address_of(user_id: int) -> str:
        return User.objects.filter(pk=user_id).values_list("email", flat=True).first() or ""

    return of_addresses(code, name, address_of, user_of=int)


_topics: dict[str, Topic] = {}


def register(topic: Topic):
    """Called in an app's `ready`."""
    _topics[topic.code] = topic


def get(code: str) -> Topic:
    """Raises KeyError for a topic that no app named."""
    return _topics[code]


def of(link: StopLink | None) -> Topic | None:
    """None for no link, and for one of a topic that the portal does not know any more."""
    return _topics.get(link.topic) if link else None


def user_behind(link: StopLink | None) -> int | None:
    """The key of the person whose mail this link stops; None where that is nobody's sign-in, or
    one that was closed.
    """
    topic = of(link)
    try:
        key = topic.user_of(link.object_id) if topic else None
    except ObjectDoesNotExist:
        return None
    return User.objects.filter(pk=key, is_active=True).values_list("pk", flat=True).first()


def is_without_sign_in(link: StopLink | None) -> bool:
    """Whether the mail of this link goes to somebody who has no sign-in, and never had."""
    topic = of(link)
    try:
        return topic is not None and topic.user_of(link.object_id) is None
    except ObjectDoesNotExist:
        return False


def everything() -> list[Topic]:
    """All that the apps named."""
    return list(_topics.values())


def tokens(topic: str, keys: Collection[int]) -> dict[int, str]:
    """The StopLink's token by key; made where there was none."""
    rows = StopLink.objects.filter(topic=topic, object_id__in=keys)
    found = dict(rows.values_list("object_id", "token"))
    missing = [StopLink(topic=topic, object_id=key) for key in {*keys} - found.keys()]
    if missing:
        StopLink.objects.bulk_create(missing, ignore_conflicts=True)
        found = dict(rows.all().values_list("object_id", "token"))
    return found


def forget(topic: str, key: int):
    """The thing has another person now: links in mails to the former one stop nothing any more."""
    StopLink.objects.filter(topic=topic, object_id=key).delete()
