"""What waits for the Lead where mail is concerned (partners/moderation.py says how)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import announcement_moderation, campaign_moderation, deciding
from mailings.models import OutgoingMail, Throttle
from partners.moderation import Bulk, Item, Kind, Step


def _held(now: datetime) -> QuerySet[Throttle]:
    return Throttle.objects.filter(held_at__isnull=False).annotate(since=F("held_at"))


def _describe_held(rows: Iterable[Throttle]) -> list[Item]:
    return [
        Item(
            object=row,
            title=_("Mail is held: it was refused too often in a row"),
            since=row.since,
            facts={"waiting": OutgoingMail.objects.waiting().exclude(priority=0).count()},
        )
        for row in rows
    ]


def _uncertain(now: datetime) -> QuerySet[OutgoingMail]:
    """Since the moment at which they were to leave."""
    return (
        OutgoingMail.objects.filter(state=OutgoingMail.State.UNCERTAIN)
        .defer("content", "context")
        .annotate(since=F("next_try"))
    )


def _describe_uncertain(mails: Iterable[OutgoingMail]) -> list[Item]:
    return [
        Item(
            object=mail,
            title=_("Nobody knows whether a mail to %(address)s left")
            % {"address": mail.to or _("an unknown address")},
            since=mail.since,
        )
        for mail in mails
    ]


KINDS = (
    *announcement_moderation.KINDS,
    Kind(
        code="held-mail",
        name=gettext_lazy("Mail that is held"),
        waiting=_held,
        describe=_describe_held,
        template="admin/mailings/held.html",
        steps={
            "go_on": Step(
                lambda pk, answer: deciding.go_on(answer.by, answer.now),
                gettext_lazy("Mail leaves again."),
            ),
        },
        bulk=(Bulk("go_on", gettext_lazy("Go on")),),
    ),
    Kind(
        code="uncertain-mail",
        name=gettext_lazy("Mail that may not have left"),
        waiting=_uncertain,
        describe=_describe_uncertain,
        template="admin/mailings/uncertain.html",
        steps={
            "repeat": Step(
                lambda pk, answer: deciding.repeat([pk], answer.by, answer.now),
                gettext_lazy("It is sent again."),
            ),
            "drop": Step(
                lambda pk, answer: deciding.drop([pk], answer.by, answer.now),
                gettext_lazy("It is not sent again."),
            ),
        },
        bulk=(
            Bulk("repeat", gettext_lazy("Repeat the chosen")),
            Bulk("drop", gettext_lazy("Drop the chosen"), look="risky"),
        ),
    ),
    campaign_moderation.PAUSED,
)
