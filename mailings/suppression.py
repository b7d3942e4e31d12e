"""Addresses that are not written to, kept as hashes."""

import hashlib
from datetime import datetime

from django.db.models import Func, TextField

from mailings.models import Bounce, Suppression

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
    address_hash = hash_of(address)
    Suppression.objects.filter(address_hash=address_hash, topic=topic).delete()
    if not topic:
        Bounce.objects.filter(address_hash=address_hash).update(counts=False)


def found(addresses: set[str], topic: str = "") -> dict[str, Suppression]:
    """Suppressions of everything, or of this topic, by address as given."""
    by_hash = {hash_of(address): address for address in addresses}
    rows = Suppression.objects.filter(address_hash__in=by_hash, topic__in={"", topic})
    return {by_hash[row.address_hash]: row for row in rows}
