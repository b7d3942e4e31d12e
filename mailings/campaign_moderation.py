"""Mailings that stand still wait for the Lead (partners/moderation.py says how)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import campaigning
from mailings.models import Campaign, OutgoingMail
from partners.moderation import Bulk, Item, Kind, Step


def _paused(now: datetime) -> QuerySet[Campaign]:
    return Campaign.objects.filter(status=Campaign.Status.PAUSED).annotate(since=F("changed_at"))


def _describe_paused(campaigns: QuerySet[Campaign]) -> Iterable[Item]:
    waiting = Q(mails__state__in=(*OutgoingMail.WAITING, OutgoingMail.State.PAUSED))
    rows = campaigns.select_related("announcement", "changed_by").annotate(
        waiting=Count("mails", filter=waiting)
    )
    return [
        Item(
            object=row,
            title=_("The mailing of “%(title)s” stands still") % {"title": row.announcement},
            since=row.since,
            facts={"waiting": row.waiting},
        )
        for row in rows
    ]


PAUSED = Kind(
    code="paused-campaign",
    name=gettext_lazy("Mailings that stand still"),
    waiting=_paused,
    describe=_describe_paused,
    template="admin/mailings/paused_campaign.html",
    steps={
        "resume": Step(
            lambda pk, answer: campaigning.resume(pk, answer.by, answer.now),
            gettext_lazy("The mailing goes on."),
        ),
        "stop": Step(
            lambda pk, answer: campaigning.stop(pk, answer.by, answer.now),
            gettext_lazy("The mailing is stopped. Nobody else gets it."),
        ),
    },
    bulk=(Bulk("resume", gettext_lazy("Let the chosen go on")),),
)
