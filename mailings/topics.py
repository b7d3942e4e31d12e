"""Sorts of mail that a person can stop, each named by the app that writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from mailings import suppression
from mailings.models import StopLink, Suppression
from partners.models import User


@dataclass(frozen=True)
class Topic:
    """`stop` and `start` take the key of the thing that the mail is about, and the moment.

    `is_stopped` says how it stands; each is safe to repeat, also for a thing that is gone. Where
    one topic holds several sorts of mail, `name_of` gives the name of the sort by that key (empty
    for a thing that is gone). `user_of` gives the key of the person to whom these mails go, None
    where there is nobody; a topic that has it lets its links open the person's mail preferences.
    """

    code: str
    name: str | Promise
    stop: Callable[[int, datetime], None]
    start: Callable[[int, datetime], None]
    is_stopped: Callable[[int], bool]
    name_of: Callable[[int], str] | None = None
    user_of: Callable[[int], int | None] | None = None

    def called(self, key: int) -> str:
        """What the person reads: which mail this is."""
        return (self.name_of and self.name_of(key)) or str(self.name)


def of_addresses(code: str, name: str | Promise, address_of: Callable[[int], str]) -> Topic:
    """A topic that is stopped for an address, whatever thing the mail was about.

    `address_of` gives the address behind the key of a thing; empty: there is none.
    """

    def stop(key: int, now: datetime):
        if address := address_of(key):
            hashed = suppression.hash_of(address)
            suppression.suppress(hashed, code, Suppression.Reason.STOPPED, now)

    def start(key: int, now: datetime):
        if address := address_of(key):
            suppression.lift(address, code)

    def is_stopped(key: int) -> bool:
        hashed = suppression.hash_of(address_of(key))
        return Suppression.objects.filter(topic=code, address_hash=hashed).exists()

    return Topic(code, name, stop, start, is_stopped)


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
    key = topic.user_of(link.object_id) if topic and topic.user_of else None
    return User.objects.filter(pk=key, is_active=True).values_list("pk", flat=True).first()


def everything() -> list[Topic]:
    """All that the apps named."""
    return list(_topics.values())


def tokens(topic: str, keys: list[int]) -> dict[int, str]:
    """The StopLink's token of each of these things; made where there was none."""
    rows = StopLink.objects.filter(topic=topic, object_id__in=keys)
    found = dict(rows.values_list("object_id", "token"))
    missing = [StopLink(topic=topic, object_id=key) for key in keys if key not in found]
    if missing:
        StopLink.objects.bulk_create(missing, ignore_conflicts=True)
        found = dict(rows.all().values_list("object_id", "token"))
    return found
