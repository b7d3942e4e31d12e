"""Requests that wait for the Lead, those that take long, reports, and new stories."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice import abuse, asking, leading, outcomes
from advice.models import AdviceRequest, Choice, Report, Story
from experts import presenting
from partners.moderation import Answer, Bulk, Item, Kind, Step

#: New stories are shown to the Lead for this long; they are public in any case.
RECENT = timedelta(days=30)
WaitsFor = AdviceRequest.WaitsFor


def _waiting(now: datetime) -> QuerySet[AdviceRequest]:
    return AdviceRequest.objects.filter(status=AdviceRequest.Status.WAITING)


def _describe(requests: QuerySet[AdviceRequest]) -> list[Item]:
    accepted = Choice.objects.filter(place__request=OuterRef("pk"), status=Choice.Status.ACCEPTED)
    found = (
        requests.select_related("requester", "organisation", "country", "area")
        .prefetch_related("terms", "places__choices__expert")
        .annotate(has_accepted=Exists(accepted))
    )
    return [
        Item(
            object=request,
            title=_("%(name)s, %(country)s: %(title)s")
            % {
                "name": request.requester.name or request.requester.email,
                "country": presenting.country(request.country_id),
                "title": request.title,
            },
            since=request.since,
            facts={
                "terms": "; ".join(term.label for term in request.terms.all()),
                "why": request.get_waits_for_display(),
                "is_new": request.waits_for == WaitsFor.NO_PARTNER,
                "has_accepted": request.has_accepted,
                "asked": [
                    f"{choice.expert}: {choice.get_status_display().lower()}"
                    for place in request.places.all()
                    for choice in place.choices.all()
                ],
            },
        )
        for request in found
    ]


def _reports(now: datetime) -> QuerySet[Report]:
    return Report.objects.filter(decided_at=None).annotate(since=F("at"))


def _describe_reports(reports: QuerySet[Report]) -> list[Item]:
    found = reports.select_related("choice__expert", "choice__place__request__requester").defer(
        "choice__expert__search"
    )
    return [
        Item(
            object=report,
            title=_("%(side)s reports: %(request)s")
            % {"side": report.get_side_display(), "request": report.choice.place.request},
            since=report.since,
            facts={"choice": report.choice},
        )
        for report in found
    ]


def _block(pk: int, answer: Answer):
    """Block whose request it was, and close the report."""
    requester = Report.objects.values_list("choice__place__request__requester", flat=True)
    abuse.block(requester.get(pk=pk), answer.reason, answer.by, answer.now)
    abuse.decide(pk, answer.reason, answer.by, answer.now)


def _stories(now: datetime) -> QuerySet[Story]:
    return Story.objects.shown().filter(seen_at=None, at__gt=now - RECENT).annotate(since=F("at"))


def _describe_stories(stories: QuerySet[Story]) -> list[Item]:
    found = stories.select_related(
        "choice__expert", "choice__place__request__country"
    ).prefetch_related("choice__outcomes")
    return [
        Item(
            object=story,
            title=_("%(expert)s advised %(country)s")
            % {
                "expert": story.choice.expert,
                "country": presenting.country(story.choice.place.request.country_id),
            },
            since=story.since,
        )
        for story in found.defer("choice__expert__search")
    ]


KINDS = (
    Kind(
        code="requests",
        name=gettext_lazy("Requests for advice"),
        waiting=_waiting,
        describe=_describe,
        template="admin/queue/requests.html",
        steps={
            "take_on": Step(
                lambda pk, answer: leading.take_on(pk, answer.by, answer.now),
                gettext_lazy("Taken on: %(item)s."),
            ),
            "go_on": Step(
                lambda pk, answer: leading.go_on_without(pk, answer.by, answer.now),
                gettext_lazy("Goes on with who accepted: %(item)s."),
            ),
            "nobody": Step(
                lambda pk, answer: leading.end_without_expert(
                    pk, answer.by, answer.reason, answer.now
                ),
                gettext_lazy("Ended: %(item)s. The requester is told why."),
                needs_reason=True,
            ),
            "refuse": Step(
                lambda pk, answer: leading.refuse(pk, answer.by, answer.reason, answer.now),
                gettext_lazy("Not taken on: %(item)s. The requester is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("take_on", gettext_lazy("Take on the chosen")),),
    ),
    Kind(
        code="slow",
        name=gettext_lazy("Requests that take long"),
        waiting=asking.slow,
        describe=_describe,
        template="admin/queue/slow_requests.html",
        steps={
            "let_run": Step(
                lambda pk, answer: leading.let_run(pk, answer.by, answer.now),
                gettext_lazy("Left with the experts: %(item)s."),
            ),
            "take_over": Step(
                lambda pk, answer: leading.take_over(pk, answer.by, answer.now),
                gettext_lazy("You decide now: %(item)s."),
            ),
        },
        bulk=(Bulk("let_run", gettext_lazy("Leave the chosen with the experts")),),
    ),
    Kind(
        code="reports",
        name=gettext_lazy("Reports of abuse"),
        waiting=_reports,
        describe=_describe_reports,
        template="admin/queue/reports.html",
        steps={
            "decide": Step(
                lambda pk, answer: abuse.decide(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Closed: %(item)s."),
                needs_reason=True,
            ),
            "block": Step(
                _block,
                gettext_lazy("Blocked, and closed: %(item)s."),
                needs_reason=True,
            ),
        },
        bulk=(
            Bulk(
                "decide",
                gettext_lazy("Close with one sentence"),
                "second",
                gettext_lazy("Close"),
            ),
        ),
    ),
    Kind(
        code="stories",
        name=gettext_lazy("New stories"),
        waiting=_stories,
        describe=_describe_stories,
        template="admin/queue/stories.html",
        steps={
            "see": Step(
                lambda pk, answer: outcomes.see(pk, answer.by, answer.now),
                gettext_lazy("Seen: %(item)s."),
            ),
            "hide": Step(
                lambda pk, answer: outcomes.hide(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Hidden: %(item)s."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("see", gettext_lazy("Seen")),),
        is_exception=False,
        ticked=True,
    ),
)
