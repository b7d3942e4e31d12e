"""What the Lead decides about mail: repeat or drop it, let held mail go on.

Each step looks at the state again in the statement that changes it, since workers are at work; a
row in a worker's hand is left to it.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from mailings import outbox, throttle
from mailings.models import OutgoingMail
from partners import decisions
from partners.models import User
from partners.refusals import Refused

State = OutgoingMail.State

DROPPED = "Dropped by the Lead"
_FREE = Q(claimed_by=None) | Q(lease_until__lt=Now())
_CAN_BE_WRITTEN = ~Q(template="") | Q(content__isnull=False)


@transaction.atomic
def repeat(keys: Collection[int], by: User, now: datetime) -> int:
    """Send mails again of which nobody knows whether they arrived, with the same Message-ID.

    Returns how many; the others were decided meanwhile, or their words are gone. Raises Refused
    when there was none.
    """
    uncertain = OutgoingMail.objects.filter(_CAN_BE_WRITTEN, state=State.UNCERTAIN)
    mails = _taken(uncertain, keys)
    if not mails:
        raise Refused(
            _("Only a mail that is uncertain, and whose words are still there, can be repeated.")
        )
    _change(mails, state=State.QUEUED, next_try=now, answer="", finished_at=None)
    _record(mails, by, "repeated mail", now)
    outbox.ring_on_commit()
    return len(mails)


@transaction.atomic
def drop(keys: Collection[int], by: User, now: datetime) -> int:
    """Let waiting and uncertain mails not leave. Returns how many.

    Raises Refused when there was none that is in nobody's hand.
    """
    open_ones = OutgoingMail.objects.filter(
        _FREE, state__in=(*OutgoingMail.WAITING, State.UNCERTAIN)
    )
    mails = _taken(open_ones, keys)
    if not mails:
        raise Refused(
            _("Only a mail that waits or is uncertain, and is not being sent, can be dropped.")
        )
    _change(mails, state=State.SKIPPED, answer=DROPPED, finished_at=now)
    ready_made = [mail.pk for mail in mails if not mail.template]
    OutgoingMail.objects.filter(pk__in=ready_made).update(content=None)
    _record(mails, by, "dropped mail", now)
    return len(mails)


@transaction.atomic
def go_on(by: User, now: datetime):
    """Let held mail leave again. Raises Refused when none is held."""
    held = throttle.Throttle.objects.select_for_update().filter(held_at__isnull=False).first()
    if held is None:
        raise Refused(_("Mail is not held any more."))
    why = held.held_why
    throttle.go_on()
    decisions.record(by, "let mail go on", held, now, reason=why)
    outbox.ring_on_commit()


def _taken(mails: QuerySet[OutgoingMail], keys: Collection[int]) -> list[OutgoingMail]:
    """Those of these keys that fit, locked; one that a worker locks is its own."""
    rows = mails.filter(pk__in=keys).only("pk", "kind", "template").order_by("pk")
    return list(rows.select_for_update(skip_locked=True))


def _change(mails: list[OutgoingMail], **values):
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
        claimed_by=None, lease_until=None, **values
    )


def _record(mails: list[OutgoingMail], by: User, action: str, now: datetime):
    for mail in mails:
        decisions.record(by, action, mail, now)
