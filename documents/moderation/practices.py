"""Practices that wait for the reviewer, and new reports of use."""

from datetime import datetime, timedelta

from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import practices, uses
from documents.models import Practice, PracticeVersion, UseReport
from experts import presenting
from partners.moderation import Bulk, Item, Kind, Step

#: Reports of use are shown to the Lead for this long; they are live in any case.
RECENT = timedelta(days=30)

_COUNTED = ("preconditions", "recommendations", "references")


def _submitted(now: datetime) -> QuerySet[PracticeVersion]:
    return (
        PracticeVersion.objects.filter(status=PracticeVersion.Status.SUBMITTED)
        .exclude(practice__status=Practice.Status.ARCHIVED)
        .annotate(since=F("submitted_at"))
    )


def _describe_submitted(versions: QuerySet[PracticeVersion]) -> list[Item]:
    found = (
        versions.defer("search")
        .select_related("practice__owner", "practice__organisation", "country")
        .annotate(
            **{f"n_{rows}": Count(rows, distinct=True) for rows in _COUNTED},
        )
    )
    return [
        Item(
            object=version,
            title=_("%(title)s, version %(n)s") % {"title": version.title, "n": version.number},
            since=version.since,
            facts={rows: getattr(version, f"n_{rows}") for rows in _COUNTED},
        )
        for version in found
    ]


def _reports(now: datetime) -> QuerySet[UseReport]:
    return UseReport.objects.filter(seen_at=None, hidden_at=None, at__gt=now - RECENT).annotate(
        since=F("at")
    )


def _describe_reports(reports: QuerySet[UseReport]) -> list[Item]:
    found = reports.select_related("practice__current", "user", "organisation")
    return [
        Item(
            object=report,
            title=_("%(country)s %(year)s used: %(practice)s")
            % {
                "country": presenting.country(report.country),
                "year": report.year,
                "practice": report.practice,
            },
            since=report.since,
        )
        for report in found.defer("practice__current__search")
    ]


KINDS = (
    Kind(
        code="practices",
        name=gettext_lazy("Practices to review"),
        waiting=_submitted,
        describe=_describe_submitted,
        template="admin/queue/practices.html",
        steps={
            "return": Step(
                lambda pk, answer: practices.return_with_comments(
                    pk, answer.by, answer.now, {"all": answer.reason}
                ),
                gettext_lazy("Returned: %(item)s. The owner is told why."),
                needs_reason=True,
            ),
        },
        bulk=(
            Bulk(
                "return",
                gettext_lazy("Return with one comment"),
                "risky",
                gettext_lazy("Return"),
            ),
        ),
    ),
    Kind(
        code="uses",
        name=gettext_lazy("New reports of use"),
        waiting=_reports,
        describe=_describe_reports,
        template="admin/queue/uses.html",
        steps={
            "see": Step(
                lambda pk, answer: uses.see(pk, answer.by, answer.now),
                gettext_lazy("Seen: %(item)s."),
            ),
            "hide": Step(
                lambda pk, answer: uses.hide(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Hidden: %(item)s."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("see", gettext_lazy("Seen")),),
        is_exception=False,
        ticked=True,
    ),
)
