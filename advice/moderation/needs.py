"""What waits for the Lead: needs that partners submitted."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice import registering
from advice.models import Need
from partners.moderation import Bulk, Item, Kind, Step


def _waiting(now: datetime) -> QuerySet[Need]:
    found = Need.objects.filter(status=Need.Status.AWAITING)
    return found.annotate(since=F("submitted_at"))


def _describe(needs: Iterable[Need]) -> list[Item]:
    found = needs.select_related("country", "submitted_by").prefetch_related("terms")
    return [
        Item(
            object=need,
            title=_("%(country)s: %(need)s") % {"country": need.country, "need": need.title},
            since=need.since,
        )
        for need in found.defer("search")
    ]


KINDS: tuple[Kind, ...] = (
    Kind(
        code="needs",
        name=gettext_lazy("Needs of countries"),
        waiting=_waiting,
        describe=_describe,
        template="admin/queue/needs.html",
        steps={
            "approve": Step(
                lambda pk, answer: registering.approve(pk, answer.by, answer.now),
                gettext_lazy("In the register: %(item)s. The submitter is told."),
            ),
            "decline": Step(
                lambda pk, answer: registering.decline(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Declined: %(item)s. The submitter is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("approve", gettext_lazy("Take the chosen into the register")),),
    ),
)
