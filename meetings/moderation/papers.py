"""What waits for the Lead: papers that presenters uploaded."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy

from meetings import paper_uploads
from meetings.models import PaperVersion
from partners.moderation import Bulk, Item, Kind, Step


def _waiting(now: datetime) -> QuerySet[PaperVersion]:
    return PaperVersion.objects.waiting().annotate(since=F("added_at"))


def _describe(versions: Iterable[PaperVersion]) -> list[Item]:
    found = versions.select_related("paper__meeting")
    return [Item(object=one, title=str(one.paper), since=one.since) for one in found]


KINDS: tuple[Kind, ...] = (
    Kind(
        code="papers",
        name=gettext_lazy("Papers of meetings"),
        waiting=_waiting,
        describe=_describe,
        template="admin/queue/papers.html",
        steps={
            "approve": Step(
                lambda pk, answer: paper_uploads.approve(pk, answer.by, answer.now),
                gettext_lazy("Approved: %(item)s. Readers get it now."),
            ),
            "decline": Step(
                lambda pk, answer: paper_uploads.decline(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Declined: %(item)s. The presenter is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("approve", gettext_lazy("Approve the chosen")),),
    ),
)
