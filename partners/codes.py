"""One-time codes: six digits in a mail that prove that a person reads a mailbox.

They guard what a link in a mail or a borrowed browser must not change: the sign-in address, and
who sees a private field. A code works for 15 minutes, once, for one person, purpose and address.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import mail
from partners.models import OneTimeCode, User
from partners.refusals import Refused

VALID = timedelta(minutes=15)
MAX_WRONG_TRIES = 5
MAX_IN_AN_HOUR = 10  # for one person, and for one address
KEPT = timedelta(days=1)

#: What to show beside the field when `check` says no; it does not tell why.
WRONG = gettext_lazy(
    "This code is not right or too old. Use the newest mail, or ask for a new code."
)


def send(
    user: User,
    purpose: str,
    address: str,
    now: datetime,
    why: str,
    template: str = "partners/mail/code",
):
    """Make a code and mail it to `address`; an older one for the same purpose stops working.

    `purpose` names what it is for, with the key of what is changed ("expert-12-email"); `why` is
    the same as a sentence for the mail. Raises Refused after ten codes in an hour.
    """
    address = address.strip().lower()
    code = f"{secrets.randbelow(1_000_000):06}"
    with transaction.atomic():
        # One at a time, so that two clicks do not both pass the count
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        OneTimeCode.objects.filter(user=user, sent_at__lt=now - KEPT).delete()
        lately = OneTimeCode.objects.filter(sent_at__gt=now - timedelta(hours=1))
        numbers = lately.filter(user=user).count(), lately.filter(address=address).count()
        if max(numbers) >= MAX_IN_AN_HOUR:
            raise Refused(_("You asked for many codes. Wait an hour, then ask again."))
        OneTimeCode.objects.create(
            user=user,
            purpose=purpose,
            address=address,
            digest=_digest(user, purpose, address, code),
            sent_at=now,
        )
        minutes = VALID.seconds // 60
        mail.send(template, address, {"code": code, "why": why, "minutes": minutes})


def check(user: User, purpose: str, address: str, code: str, now: datetime) -> bool:
    """Is this the newest code? If so it is used up; if not, that counts as a wrong try.

    Not inside another transaction: a refusal there would forget the wrong try (RuntimeError).
    """
    return all(check_all(user, [(purpose, address, code)], now))


@transaction.atomic(durable=True)
def check_all(user: User, parts: list[tuple[str, str, str]], now: datetime) -> list[bool]:
    """Several (purpose, address, code) at once: they are used up only if all are right."""
    rows, answers = [], []
    for purpose, address, code in parts:
        address = address.strip().lower()
        row = (
            OneTimeCode.objects.select_for_update()
            .filter(user=user, purpose=purpose, address=address)
            .order_by("-sent_at", "-pk")
            .first()
        )
        digits = "".join(char for char in code if char.isdigit())
        digest = _digest(user, purpose, address, digits)
        same = constant_time_compare(digest, row.digest if row else "")
        usable = (
            row is not None
            and row.used_at is None
            and row.wrong_tries < MAX_WRONG_TRIES
            and now - row.sent_at <= VALID
        )
        rows.append(row)
        answers.append(same and usable)
        if usable and not same:
            row.wrong_tries += 1
            row.save(update_fields=["wrong_tries"])
    if all(answers):
        OneTimeCode.objects.filter(pk__in=[row.pk for row in rows]).update(used_at=now)
    return answers


def _digest(user: User, purpose: str, address: str, code: str) -> str:
    """Keyed with the portal's secret: a copy of the table alone does not give the six digits."""
    salt = f"partners.codes:{user.pk}:{purpose}:{address}"
    return salted_hmac(salt, code, algorithm="sha256").hexdigest()
