"""Calls for nominations: the Lead asks for experts in a field where needs outnumber them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from advice.models import Call
from partners import decisions
from partners.models import Region, Term, User
from partners.refusals import Refused

#: A call that nobody ends is shown for so long.
OPEN_FOR = timedelta(days=90)


@transaction.atomic
def open_call(term_id: int, region: str, by: User, now: datetime) -> Call:
    """Ask everybody for experts; an empty `region` means all regions.

    Raises Refused for a region that is not there, and where the same call runs already.
    """
    if region and region not in Region.values:
        raise Refused(_("This is not a region of the list."))
    term = Term.objects.select_for_update().get(pk=term_id)  # two Leads come one by one
    same = Call.objects.filter(term=term, region=region, ended_at=None)
    if same.running(now.date()).exists():
        raise Refused(_("This call is open already."))
    same.update(ended_at=now)  # its days are over: only one row may be without an end
    call = Call.objects.create(
        term=term,
        region=region,
        opened_by=by,
        opened_at=now,
        ends_on=now.date() + OPEN_FOR,
    )
    decisions.record(by, "called for nominations", call, now)
    return call


@transaction.atomic
def end(call_id: int, by: User, now: datetime) -> Call:
    """The Lead ends a call before its day. Raises Refused when it has ended."""
    call = Call.objects.select_for_update().get(pk=call_id)
    if call.ended_at or call.ends_on < now.date():
        raise Refused(_("This call has ended already."))
    call.ended_at = now
    call.save(update_fields=["ended_at"])
    decisions.record(by, "ended the call", call, now)
    return call


def running(now: datetime) -> QuerySet[Call]:
    """What everybody is shown."""
    return Call.objects.running(now.date()).select_related("term")
