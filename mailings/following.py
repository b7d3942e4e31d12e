"""Following a thing of the portal: a subscription like those of topics, at once or in digests.

Each app offers in its `following.py` what of its things can be followed, and registers it in
`ready`. A thing is followed by what one sees of it: its items now, each with a code. What is not
among the codes that a reader knows is new, so nothing comes twice and nothing is missed, however
long a digest was away.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from mailings import outbox
from mailings.models import Follow, Frequency
from partners.models import User
from partners.refusals import Refused

AT_MOST = 50  # things that one person follows
AT_ONCE_AT_MOST = 10  # of them, as each is looked at every hour
KEY_LENGTH = Follow._meta.get_field("key").max_length
ITEMS_AT_MOST = 2000  # new of one thing in one mail; the next one has the others


@dataclass(frozen=True)
class Thing:
    """What is followed, in the words of its page; `url` is its path."""

    name: str
    url: str


@dataclass(frozen=True)
class Item:
    """One part of it. `code` stays the same for as long as it is the same, whatever thing it is a
    part of: "need-12", and "announcement-12" for an announcement.
    """

    code: str
    title: str
    url: str


@dataclass(frozen=True)
class Followable:
    """A sort of things. `find(key, user)`: None for what the person may not see or is gone.
    `items(key, user)`: what the person sees of it now, the most important first. `normal(key)`: one
    spelling for what is the same. `codes(key, user)`: those of all items, for a thing that may have
    too many to make them all; `items(key, user, codes)` makes some.
    """

    code: str
    name: str | Promise
    find: Callable[[str, User], Thing | None]
    items: Callable[..., Iterable[Item]]
    normal: Callable[[str], str] = str
    codes: Callable[[str, User], Iterable[str]] | None = None


_kinds: dict[str, Followable] = {}


def register(*kinds: Followable):
    """Called in an app's `ready`."""
    for kind in kinds:
        _kinds[kind.code] = kind


def kind_of(code: str) -> Followable | None:
    """None for what no app offers any more."""
    return _kinds.get(code)


def thing_of(follow: Follow) -> Thing | None:
    """What is followed, as it is called now; None where it is gone or hidden from the reader."""
    kind = kind_of(follow.kind)
    return kind.find(follow.key, follow.user) if kind else None


def look(follow: Follow, codes: Collection[str]) -> tuple[Thing | None, list[Item]]:
    """What is followed, and which of these items the reader sees now."""
    kind, thing = kind_of(follow.kind), thing_of(follow)
    if thing is None:
        return None, []
    some = (codes,) if kind.codes else ()
    items = kind.items(follow.key, follow.user, *some)
    return thing, [one for one in items if one.code in codes]


def news_of(follow: Follow) -> list[str]:
    """Codes of what the reader has not been told of yet, as many as one mail has."""
    known = set(follow.known)
    codes = _codes(follow) if thing_of(follow) else []
    return [code for code in codes if code not in known][:ITEMS_AT_MOST]


def _codes(follow: Follow) -> list[str]:
    """Of all that the reader sees now of a thing that was found just now."""
    kind = kind_of(follow.kind)
    if kind.codes:
        return list(kind.codes(follow.key, follow.user))
    return [one.code for one in kind.items(follow.key, follow.user)]


@transaction.atomic
def begin(kind: str, key: str, by: User, now: datetime) -> Follow:
    """Follow a thing, once a week; once more changes nothing but starts what was stopped.

    What is there now is known. Raises Refused for what cannot be followed, and for too many.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    sort = kind_of(kind)
    key = sort.normal(key) if sort else key
    if len(key) > KEY_LENGTH:
        raise Refused(_("This search has too many words to be followed. Use fewer."))
    is_text = "\0" not in unquote(key)  # PostgreSQL takes no NUL
    thing = sort.find(key, by) if sort and is_text else None
    if thing is None:
        raise Refused(_("This cannot be followed any more."))
    follow = by.follows.filter(kind=kind, key=key).first()
    if follow is None and by.follows.count() >= AT_MOST:
        raise Refused(
            _("You follow %(number)s things, which is as many as can be. Stop one of them first.")
            % {"number": AT_MOST}
        )
    follow = follow or Follow(user=by, kind=kind, key=key)
    follow.name = thing.name[:300]
    if follow.pk is None or follow.frequency == Frequency.NEVER:
        follow.frequency, follow.frequency_before = Frequency.WEEKLY, ""
        follow.since = now
        follow.known = _all_known(follow)
    follow.save()
    return follow


@transaction.atomic
def end(pk: int, by: User):
    """Follow it no more; safe to repeat."""
    # A digest that keeps its news now ends first, so that they go with it
    if follow := by.follows.select_for_update().filter(pk=pk).first():
        follow.delete()
    outbox.ask_again_on_commit(reader=by.pk)


@transaction.atomic
def set_frequency(pk: int, frequency: str, by: User, now: datetime):
    """How often this person hears of it; what was new while it was never is known.

    Raises Refused for what cannot be chosen, or is gone, and for too many at once.
    """
    if frequency not in Frequency.values:
        raise Refused(_("Choose how often: at once, once a day, once a week, or never."))
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    follow = by.follows.select_related("user").filter(pk=pk).first()
    if follow is None:
        raise Refused(_("You do not follow this any more."))
    if frequency == follow.frequency:
        return
    at_once = by.follows.filter(frequency=Frequency.AT_ONCE)
    if frequency == Frequency.AT_ONCE and at_once.count() >= AT_ONCE_AT_MOST:
        raise Refused(
            _("You hear of %(number)s things at once, which is as many as can be.")
            % {"number": AT_ONCE_AT_MOST}
        )
    if frequency == Frequency.NEVER:
        by.follows.filter(pk=pk).update(frequency=frequency, frequency_before=follow.frequency)
    else:
        _set([follow], Frequency(frequency), now)
    outbox.ask_again_on_commit(reader=by.pk)


@transaction.atomic
def stop(user_id: int, frequency: Frequency):
    """No more mail of what this person follows so often. Safe to repeat."""
    _stop(Follow.objects.filter(user=user_id, frequency=frequency))


@transaction.atomic
def stop_all(user_id: int):
    """No more mail of what this person follows; each can be started again."""
    _stop(Follow.objects.filter(user=user_id).exclude(frequency=Frequency.NEVER))
    outbox.ask_again_on_commit(reader=user_id)


def _stop(follows: QuerySet[Follow]):
    keys = list(_locked(follows).values_list("pk", flat=True))
    Follow.objects.filter(pk__in=keys).update(
        frequency=Frequency.NEVER, frequency_before=F("frequency")
    )


@transaction.atomic
def start(user_id: int, frequency: Frequency, now: datetime):
    """What was stopped comes so often again, without what was new meanwhile. Safe to repeat."""
    stopped = Follow.objects.filter(
        user=user_id, frequency=Frequency.NEVER, frequency_before=frequency
    )
    _set(_locked(stopped.select_related("user")), frequency, now)


def _locked(follows: QuerySet[Follow]) -> QuerySet[Follow]:
    """In the order in which a digest locks them, so that neither waits for the other."""
    return follows.select_for_update(of=("self",), no_key=True).order_by("pk")


def _set(follows: Iterable[Follow], frequency: Frequency, now: datetime):
    for follow in follows:
        changed = {"frequency": frequency, "frequency_before": "", "since": now}
        if follow.frequency == Frequency.NEVER:
            is_there = thing_of(follow) is not None
            changed["known"] = _all_known(follow) if is_there else follow.known
        Follow.objects.filter(pk=follow.pk).update(**changed)


def _all_known(follow: Follow) -> list[str]:
    """Codes that the reader knows, when what is there now is no news."""
    return list(dict.fromkeys([*follow.known, *_codes(follow)]))


# For pages


def by_frequency(user_id: int) -> list[tuple[str, list[str]]]:
    """[(how often, names of what this person follows so often)], without what never comes."""
    names = defaultdict(list)
    for frequency, name in Follow.objects.filter(user=user_id).values_list("frequency", "name"):
        names[frequency].append(name)
    return [
        (str(one.label), names[one]) for one in Frequency if one != Frequency.NEVER and one in names
    ]
