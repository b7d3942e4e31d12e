"""Changing the sign-in address: a code to the new mailbox and a code to the old one.

Both are needed, so that neither a borrowed browser nor a typing error takes an account away.
Nobody learns here whether an address belongs to somebody else: such a mailbox gets a mail that
says so, and everything else looks the same.
"""

import hashlib
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from partners import codes, mail
from partners.models import User
from partners.refusals import Refused


def ask(user: User, new: str, now: datetime):
    """Send one code to the new address and one to the present one.

    Raises Refused when it is the present one, or after too many codes.
    """
    new = new.strip().lower()
    if new == user.email:
        raise Refused(_("This is your sign-in address already."))
    of_new, of_old = _purposes(new)
    template = "partners/mail/address_taken" if _is_taken(user, new) else "partners/mail/code"
    with transaction.atomic():
        codes.send(user, of_new, new, now, _new_words(), template)
        codes.send(user, of_old, user.email, now, _old_words(new))


def change(user: User, new: str, code_new: str, code_old: str, now: datetime) -> list[bool]:
    """Make `new` the sign-in address if both codes are right.

    Comes back with whether the code of the new and of the old mailbox was right; the address has
    changed when both were. The old address stays as a further one. Raises Refused when somebody
    else confirmed the address meanwhile.
    """
    new, old = new.strip().lower(), user.email
    of_new, of_old = _purposes(new)
    answers = codes.check_all(user, [(of_new, new, code_new), (of_old, old, code_old)], now)
    if all(answers):
        _make_primary(user, new)
    return answers


def _make_primary(user: User, new: str):
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=user.pk)
            if _is_taken(user, new):
                raise IntegrityError
            mine = EmailAddress.objects.filter(user=user)
            mine.filter(primary=True).update(primary=False)
            EmailAddress.objects.update_or_create(
                user=user, email=new, defaults={"verified": True, "primary": True}
            )
            mine.get_or_create(
                email=user.email, defaults={"user": user, "verified": True, "primary": False}
            )
            mail.send("partners/mail/address_changed", user.email, {"name": str(user), "new": new})
            user.email = new
            user.save(update_fields=["email"])
    except IntegrityError:
        raise Refused(str(codes.WRONG)) from None


def _is_taken(user: User, address: str) -> bool:
    """Does it belong to somebody else, confirmed or as the sign-in address?"""
    others = User.objects.exclude(pk=user.pk)
    confirmed = EmailAddress.objects.filter(email=address, verified=True).values("user")
    return others.filter(Q(email=address) | Q(pk__in=confirmed)).exists()


def _purposes(new: str) -> tuple[str, str]:
    """The purposes of both codes; the old mailbox agrees to this new address and no other."""
    digest = hashlib.sha256(new.encode()).hexdigest()[:40]
    return "address-new", f"address-old-{digest}"


def _new_words() -> str:
    return _("Somebody wants to use this address to sign in to the portal.")


def _old_words(new: str) -> str:
    return _("You want to sign in with another address from now on: %(new)s") % {"new": new}
