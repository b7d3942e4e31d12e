"""Who can be asked now: the one definition, for proposals, for the next choice and for the Lead."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from advice.models import Choice
from experts.models import Expert, Policy
from experts.models.expert import MAIL_ADDRESS

#: Somebody who said no is left in peace for so long.
JUST_DECLINED = timedelta(days=14)


def askable(experts: QuerySet[Expert], now: datetime) -> QuerySet[Expert]:
    """Those of these experts who can be asked: listed and not lapsed, there today, with an address,
    below their own cap, and without a no of the last days.
    """
    today = now.date()
    return (
        experts.listed()
        .not_lapsed(Policy.current().limits(now))
        .filter(Q(paused_until=None) | Q(paused_until__lte=today))
        .filter(Q(available_from=None) | Q(available_from__lte=today))
        .filter(Q(available_until=None) | Q(available_until__gte=today))
        .alias(to=MAIL_ADDRESS, open_now=_OPEN_NOW)
        .exclude(to="")
        .filter(Q(max_open_requests=None) | Q(open_now__lt=F("max_open_requests")))
        .exclude(Exists(_no_of_the_last_days(now).filter(expert=OuterRef("pk"))))
    )


def at_their_cap(experts: QuerySet[Expert]) -> QuerySet[Expert]:
    """Those of these experts who have as many open requests as they take."""
    capped = experts.exclude(max_open_requests=None)
    return capped.alias(open_now=_OPEN_NOW).filter(open_now__gte=F("max_open_requests"))


def just_declined(experts: QuerySet[Expert], now: datetime) -> QuerySet[Expert]:
    """Those of these experts who said no in the last days."""
    return experts.filter(pk__in=_no_of_the_last_days(now).values("expert"))


_OPEN_NOW = Coalesce(
    Subquery(
        Choice.objects.open()
        .filter(expert=OuterRef("pk"))
        .order_by()
        .values("expert")
        .annotate(number=Count("pk"))
        .values("number")
    ),
    0,
)


def _no_of_the_last_days(now: datetime) -> QuerySet[Choice]:
    return Choice.objects.filter(
        status__in=(Choice.Status.DECLINED, Choice.Status.HANDED_ON),
        answered_at__gt=now - JUST_DECLINED,
    )


def open_requests(expert: Expert) -> int:
    """How many requests the expert has on the desk now."""
    return Choice.objects.open().filter(expert=expert).count()


def why_not(expert: Expert, now: datetime) -> str:
    """Why this expert cannot be asked now, in one sentence; empty when nothing speaks against it.

    The same rules as `askable`, in its order.
    """
    today = now.date()
    if expert.status != Expert.Status.LISTED:
        return _("%(name)s is not on the list any more.") % {"name": expert}
    current = Expert.objects.filter(pk=expert.pk).not_lapsed(Policy.current().limits(now))
    if not current.exists():
        return _("The profile of %(name)s was not confirmed for too long.") % {"name": expert}
    since, until = expert.available_from, expert.available_until
    if expert.is_paused(now):
        day = date_format(expert.paused_until)
        return _("%(name)s is not available until %(day)s.") % {"name": expert, "day": day}
    if since and since > today:
        day = date_format(since)
        return _("%(name)s is not available before %(day)s.") % {"name": expert, "day": day}
    if until and until < today:
        return _("%(name)s is not available any more.") % {"name": expert}
    if not expert.mail_address:
        return _("%(name)s has no e-mail address on file.") % {"name": expert}
    cap = expert.max_open_requests
    if cap is not None and open_requests(expert) >= cap:
        return _("%(name)s has as many open requests as %(name)s takes.") % {"name": expert}
    if not askable(Expert.objects.filter(pk=expert.pk), now).exists():
        return _("%(name)s said no a short time ago.") % {"name": expert}
    return ""
