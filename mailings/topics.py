"""Sorts of mail that a person can stop, each named by the app that writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from mailings import suppression
from mailings.models import StopLink, Suppression


@dataclass(frozen=True)
class Topic:
    """`stop` and `start` take the key of the thing that the mail is about, and the moment.

    `is_stopped` says how it stands; each is safe to repeat, also for a thing that is gone.
    """

    code: str
    name: str | Promise
    stop: Callable[[int, datetime], None]
    start: Callable[[int, datetime], None]
    is_stopped: Callable[[int], bool]


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
