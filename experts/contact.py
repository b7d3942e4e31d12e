"""The profile's address and who sees a private field: changed with a code, never silently.

A code goes to the sign-in address; a new profile address gets one as well, so that reminders
reach somebody. The codes hold for exactly the values that were asked for. Whether another profile
has the new address is told to those alone who read its mail.
"""

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from experts import confirmation, editing, switching_off
from experts.models import Change, Edit, Expert
from mailings import outbox
from partners import codes
from partners.models import User
from partners.refusals import Refused


class Taken(Refused):
    """Another profile has this e-mail address."""


@contextmanager
def one_profile_an_address():
    """Around a saving: raises Taken where the database refuses a second profile in use."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "expert_email_once_in_use":
            raise
        raise Taken(_("Another profile has this e-mail address.")) from None


@dataclass(frozen=True)
class Asked:
    """A change that waits for its codes: the new values, and the addresses that got a code."""

    values: dict[str, str]
    addresses: tuple[str, ...]


def _purpose(expert: Expert, values: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
    return f"expert-{expert.pk}-contact-{digest}"


def addresses(expert: Expert, user: User, values: dict[str, str]) -> tuple[str, ...]:
    """Who gets a code for these values."""
    new = values["email"]
    return (user.email,) if new in (expert.email, user.email) else (user.email, new)


def needs_codes(expert: Expert, values: dict[str, str]) -> bool:
    return any(getattr(expert, name) != value for name, value in values.items())


def typed_codes(data: QueryDict) -> dict[str, str] | None:
    """Code by address from the second form; None when this is the first one."""
    addresses = data.getlist("address")
    return dict(zip(addresses, data.getlist("code"), strict=False)) if addresses else None


def ask(expert: Expert, user: User, values: dict[str, str], now: datetime) -> Asked:
    """Send the codes for these new values of `Expert.GUARDED_FIELDS`.

    Raises Refused when too many codes were asked for.
    """
    to = addresses(expert, user, values)
    for address in to:
        codes.send(
            user,
            _purpose(expert, values),
            address,
            now,
            why=str(_("You change your address or who sees it on the Resource Persons List.")),
        )
    return Asked(values, to)


def change(
    expert_id: int, user: User, values: dict[str, str], typed: dict[str, str], now: datetime
) -> Expert:
    """Write the new values when every address's code is right: `typed` has code by address.

    The expert's own saving, so it confirms a listed profile. The old address is told. Raises
    Refused for a wrong code, and Taken.
    """
    expert = Expert.objects.get(pk=expert_id)
    purpose = _purpose(expert, values)
    parts = [
        (purpose, address, typed.get(address, "")) for address in addresses(expert, user, values)
    ]
    if not all(codes.check_all(user, parts, now)):
        raise Refused(str(codes.WRONG))
    return _write(expert_id, user, values, now)


@transaction.atomic
def _write(expert_id: int, user: User, values: dict[str, str], now: datetime) -> Expert:
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    old = expert.email
    changed = [name for name, value in values.items() if getattr(expert, name) != value]
    edit = Edit.objects.create(expert=expert, by=user, at=now)
    for name in changed:
        secret = name in Expert.PRIVATE_FIELDS
        Change.objects.create(
            edit=edit,
            field=name,
            before=None if secret else getattr(expert, name),
            after=None if secret else values[name],
            state=editing.State.APPLIED,
        )
        setattr(expert, name, values[name])
    if expert.status == Expert.Status.LISTED:
        confirmation.stamp(expert, now, confirmation.Channel.SAVED)
    expert.version += 1
    with one_profile_an_address():
        expert.save()
    if old != expert.email:
        switching_off.forget_links(expert.pk)
        if old:
            outbox.post("experts/mail/address_changed", old, {"expert": expert})
    return expert
