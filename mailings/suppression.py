"""Addresses that are not written to, kept as hashes."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Func, OuterRef, Q, QuerySet, TextField, Value
from django.utils.translation import gettext as _

from mailings.models import Bounce, Suppression
from partners import decisions
from partners.models import User
from partners.refusals import Refused

#: Not a secret: it only keeps these hashes apart from those of other systems. A secret key may
#: change, and the list must survive that.
_PREFIX = "mailings:"


def hash_of(address: str) -> str:
    """64 hexadecimal digits; the same for every spelling in upper and lower case."""
    return hashlib.sha256((_PREFIX + address.strip().lower()).encode()).hexdigest()


class AddressHash(Func):
    """`hash_of` in PostgreSQL, of an expression with an address (migration 0002)."""

    function = "mailings_address_hash"
    output_field = TextField()


def suppress(address_hash: str, topic: str, reason: Suppression.Reason, now: datetime):
    """Write no more of this topic (empty: everything) to the address; safe to repeat."""
    Suppression.objects.get_or_create(
        address_hash=address_hash, topic=topic, defaults={"reason": reason, "since": now}
    )


def lift(address: str, topic: str = ""):
    """The person wants mail again, or the address is known to work: bounces are forgiven."""
    _lift(hash_of(address), topic)


@transaction.atomic
def lift_by_hand(key: int, by: User, now: datetime):
    """The Lead knows that the address works: it is written to again, and bounces are forgiven.

    Raises Refused where it was the person who asked us to stop, and when the row is gone.
    """
    row = Suppression.objects.select_for_update().filter(pk=key).first()
    if row is None:
        raise Refused(_("This address is written to again already."))
    if row.reason == Suppression.Reason.STOPPED:
        raise Refused(_("The person asked us to stop. Only the person can start mail again."))
    decisions.record(by, "lifted suppression", row, now)
    _lift(row.address_hash, row.topic)


def _lift(address_hash: str, topic: str):
    Suppression.objects.filter(address_hash=address_hash, topic=topic).delete()
    if not topic:
        Bounce.objects.filter(address_hash=address_hash, counts=True).update(counts=False)


def found(addresses: set[str], topic: str = "") -> dict[str, Suppression]:
    """Suppressions of everything, or of this topic, by address as given."""
    by_hash = {hash_of(address): address for address in addresses}
    rows = Suppression.objects.filter(address_hash__in=by_hash, topic__in={"", topic})
    return {by_hash[row.address_hash]: row for row in rows}


def stopped(asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of these addresses, each with a topic, those that want no more mail of it; one query."""
    by_hash = {(hash_of(address), topic): (address, topic) for address, topic in asked}
    rows = Suppression.objects.filter(
        address_hash__in={hashed for hashed, _topic in by_hash},
        topic__in={topic for _address, topic in asked} - {""},
    )
    kept = rows.values_list("address_hash", "topic")
    return {by_hash[key] for key in kept if key in by_hash}


# Whose address it is: the apps that keep addresses say which they know

_known: dict[str, Callable[[], QuerySet]] = {}


def known_by(app: str, rows: Callable[[], QuerySet]):
    """`rows()` has a row for each address that this app knows, annotated with `address_hash`.

    Called in an app's `ready`.
    """
    _known[app] = rows


def with_owner(suppressions: QuerySet[Suppression]) -> QuerySet[Suppression]:
    """With `is_known`: whether the address is that of somebody in the portal."""
    is_known = Q(Value(False))
    for rows in _known.values():
        is_known |= Q(Exists(rows().filter(address_hash=OuterRef("address_hash"))))
    return suppressions.annotate(is_known=is_known)
