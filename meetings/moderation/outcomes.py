"""What waits for the Lead: actions of meetings that are late, and that nobody is reminded of."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from meetings import action_reminders, deciding
from meetings.models import Outcome
from partners.moderation import Answer, Item, Kind, Step


def _waiting(now: datetime) -> QuerySet[Outcome]:
    return action_reminders.for_the_lead(now)


def _describe(actions: Iterable[Outcome]) -> list[Item]:
    found = actions.select_related("meeting", "owner", "organisation")
    return [
        Item(
            object=action,
            title=action.text,
            since=action.since,
            facts={"owner": action.owned_by(with_names=True), "is_asked": action.is_asked},
        )
        for action in found
    ]


def _end(to: Outcome.Status):
    def run(pk: int, answer: Answer):
        return deciding.report_progress(pk, to, answer.reason, answer.by, answer.now)

    return run


KINDS: tuple[Kind, ...] = (
    Kind(
        code="late_actions",
        name=gettext_lazy("Late actions of meetings"),
        waiting=_waiting,
        describe=_describe,
        template="admin/queue/late_actions.html",
        steps={
            "done": Step(
                _end(Outcome.Status.DONE), gettext_lazy("Done: %(item)s."), needs_reason=True
            ),
            "drop": Step(
                _end(Outcome.Status.DROPPED), gettext_lazy("Dropped: %(item)s."), needs_reason=True
            ),
        },
        bulk=(),
    ),
)
