"""What waits for the Lead of comment rounds: late comments, and rounds that nobody finishes."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import answering
from documents.models import Comment, CommentRound
from partners.moderation import Bulk, Item, Kind, Step

#: The drafting team has this long after the close before its rest is shown to the Lead.
TEAM_MAY_TAKE = timedelta(days=14)


def _late(now: datetime) -> QuerySet[Comment]:
    """Nothing is asked of the Lead where the round was cancelled."""
    late = Comment.objects.filter(status=Comment.Status.LATE)
    return late.exclude(round__status=CommentRound.Status.CANCELLED).annotate(since=F("changed_at"))


def _describe_late(comments: QuerySet[Comment]) -> list[Item]:
    return [
        Item(
            object=comment,
            title=_("%(person)s commented after the close: %(round)s")
            % {"person": comment.author, "round": comment.round},
            since=comment.since,
            facts={"can_be_admitted": comment.round.status == CommentRound.Status.OPEN},
        )
        for comment in comments.select_related("author", "round", "organisation")
    ]


def _over(now: datetime) -> QuerySet[CommentRound]:
    """Closed, and all is answered, or some is not after two weeks."""
    unanswered = Comment.objects.unanswered().filter(round=OuterRef("pk"))
    return (
        CommentRound.objects.filter(status=CommentRound.Status.OPEN, closes_at__lte=now)
        .filter(~Exists(unanswered) | Q(closes_at__lte=now - TEAM_MAY_TAKE))
        .annotate(since=F("closes_at"))
    )


def _describe_over(rounds: Iterable[CommentRound]) -> list[Item]:
    sent = Q(comments__status=Comment.Status.SENT)
    found = rounds.select_related("version__document").annotate(
        sent=Count("comments", filter=sent),
        waiting=Count("comments", filter=sent & Q(comments__response=None)),
    )
    return [
        Item(
            object=one,
            title=(
                _("Comments wait for answers: %(round)s")
                if one.waiting
                else _("All is answered: %(round)s")
            )
            % {"round": one},
            since=one.since,
            facts={"sent": one.sent, "waiting": one.waiting},
        )
        for one in found
    ]


KINDS = (
    Kind(
        code="comments_late",
        name=gettext_lazy("Late comments"),
        waiting=_late,
        describe=_describe_late,
        template="admin/queue/comments_late.html",
        steps={
            "admit": Step(
                lambda pk, answer: answering.admit_late(pk, answer.by, answer.now),
                gettext_lazy("It counts now: %(item)s. The author is told."),
            ),
            "refuse": Step(
                lambda pk, answer: answering.refuse_late(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Not admitted: %(item)s. The author is told why."),
                needs_reason=True,
            ),
        },
        bulk=(
            Bulk("admit", gettext_lazy("Let the chosen count")),
            Bulk(
                "refuse",
                gettext_lazy("Do not let the chosen count"),
                look="risky",
                button=gettext_lazy("Refuse the chosen"),
            ),
        ),
    ),
    Kind(
        code="rounds_over",
        name=gettext_lazy("Rounds to finish"),
        waiting=_over,
        describe=_describe_over,
        template="admin/queue/rounds_over.html",
        steps={
            "finish": Step(
                lambda pk, answer: answering.finish(pk, answer.by, answer.now),
                gettext_lazy("Finished: %(item)s. Everybody who commented gets the answers."),
            ),
        },
        bulk=(Bulk("finish", gettext_lazy("Finish the chosen, without a public page")),),
    ),
)
