"""What the drafting team does with comments: answer, share out, admit late ones, finish the round.

Answers can be written as soon as comments come in, and changed until the Lead finishes the round;
nobody but the team and the Lead reads them before. Every step locks the round first, so that none
slips past its end, and two people who answer at once follow each other.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from documents import permissions
from documents.models import Comment, CommentRound, Document, Response
from mailings import outbox
from partners import decisions
from partners.models import Role, User
from partners.refusals import Refused

ANSWERS = "documents/mail/answers"
LATE_COMMENT = "documents/mail/late_comment"
ROUND_CANCELLED = "documents/mail/round_cancelled"

REASON_AT_MOST = Response._meta.get_field("reason").max_length  # characters
SENTENCE_AT_LEAST = 20  # characters of an override's or cancellation's reason


class Collision(Refused):
    """Somebody else answered, or the author changed the comment, since the form was shown."""


# What waits


def unanswered(document_id: int) -> int:
    """How many sent comments on any version of the document nobody has answered.

    Only rounds that go on count: a finished one may have been finished with a reason of the Lead.
    """
    return (
        Comment.objects.unanswered()
        .filter(
            round__version__document=document_id,
            round__status__in=(CommentRound.Status.PREPARED, CommentRound.Status.OPEN),
        )
        .count()
    )


def undecided(comment_round: CommentRound) -> QuerySet[Comment]:
    """Comments that came after the close, and of which the Lead has not said anything."""
    return comment_round.comments.filter(status=Comment.Status.LATE)


def commenters(comment_round: CommentRound) -> QuerySet[User]:
    """The people who get a mail when the round is finished: authors of sent comments."""
    authors = comment_round.comments.sent().values("author")
    return User.objects.filter(pk__in=authors, is_active=True).order_by("pk")


def team_of(comment_round: CommentRound, now: datetime) -> QuerySet[User]:
    """Who can answer, and be given a comment: the drafting team and the Leads of today."""
    leads = Role.objects.held_on(now.date()).filter(kind__in=Role.LEADS)
    team = CommentRound.team.through.objects.filter(commentround=comment_round)
    return User.objects.filter(
        Q(pk__in=leads.values("user")) | Q(pk__in=team.values("user")), is_active=True
    )


# Answers


def stamp(comment: Comment) -> str:
    """The state of a comment and its answer, for a form to carry: see `answer`."""
    response = getattr(comment, "response", None)
    answered = response.at.isoformat() if response else ""
    return f"{comment.changed_at.isoformat()} {answered}".strip()


@transaction.atomic
def answer(
    comment_id: int, verdict: str, reason: str, by: User, now: datetime, seen: str | None = None
) -> Response:
    """Answer one comment, or change its answer. Returns the Response.

    `seen` is the `stamp` that the writer's form carried; without it the last one wins. Raises
    Collision when it is not the present one, and Refused for somebody who may not answer, for a
    comment that was not sent, for a round that does not go on, and without verdict or reason.
    """
    reason = _checked(verdict, reason)
    round_id = Comment.objects.values_list("round", flat=True).get(pk=comment_id)
    [comment] = _locked(round_id, [comment_id], by)
    if seen is not None and seen != stamp(comment):
        raise Collision(
            _(
                "This comment or its answer changed since you opened the page. Read what stands "
                "there now; save once more if yours is to stand there."
            )
        )
    response = getattr(comment, "response", None) or Response(comment=comment)
    response.verdict, response.reason, response.by, response.at = verdict, reason, by, now
    response.save()
    return response


@transaction.atomic
def answer_many(
    round_id: int, comment_ids: Collection[int], verdict: str, reason: str, by: User, now: datetime
) -> int:
    """Give the same answer to several comments of the round. Returns how many.

    Raises Refused as `answer` does, and when one has an answer already: nobody's is overwritten
    unread. Then none is answered.
    """
    reason = _checked(verdict, reason)
    comments = _locked(round_id, comment_ids, by)
    if answered := [comment for comment in comments if hasattr(comment, "response")]:
        raise Refused(
            ngettext(
                "Comment %(numbers)s has an answer already. Untick it, or open it to change "
                "the answer.",
                "Comments %(numbers)s have answers already. Untick them, or open them one by one "
                "to change the answer.",
                len(answered),
            )
            % {"numbers": _numbers(answered)}
        )
    Response.objects.bulk_create(
        Response(comment=comment, verdict=verdict, reason=reason, by=by, at=now)
        for comment in comments
    )
    return len(comments)


@transaction.atomic
def assign(
    round_id: int, comment_ids: Collection[int], user_id: int | None, by: User, now: datetime
) -> int:
    """Say who answers these comments of the round; None: nobody in particular. Returns how many.

    Raises Refused for somebody who is neither of the drafting team nor a Lead, for comments that
    were not sent, and for a round that does not go on.
    """
    comments = _locked(round_id, comment_ids, by)
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user_id and not (user and permissions.can_answer(user, comments[0].round)):
        raise Refused(_("This person is not of the drafting team. Choose somebody of the team."))
    Comment.objects.filter(pk__in=[comment.pk for comment in comments]).update(assigned_to=user)
    return len(comments)


def _checked(verdict: str, reason: str) -> str:
    """The reason without blanks around it. Raises Refused where something is missing."""
    reason = reason.strip()
    if verdict not in Response.Verdict.values:
        raise Refused(_("Choose one of the answers: accepted, in part, not accepted, noted."))
    if not reason:
        raise Refused(_("Give a reason: the author of the comment reads it."))
    if len(reason) > REASON_AT_MOST:
        raise Refused(_("The reason has more than 5,000 characters. Shorten it."))
    return reason


def _locked(round_id: int, comment_ids: Collection[int], by: User) -> list[Comment]:
    """These comments, sent and of this round, which goes on and which `by` may answer in.

    The round is locked. Raises Refused; comments of other rounds are none that could be ticked.
    """
    wanted = set(comment_ids)
    if not wanted:
        raise Refused(_("Nothing is ticked. Tick at least one comment."))
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    if not permissions.can_answer(by, comment_round):
        raise Refused(_("Only the drafting team answers comments."))
    _need_open(comment_round)
    comments = list(
        comment_round.comments.select_for_update(of=("self",))
        .filter(pk__in=wanted)
        .select_related("response")
        .order_by("pk")
    )
    for comment in comments:
        comment.round = comment_round
    missing = len(wanted) - len(comments)
    if missing or any(comment.status != Comment.Status.SENT for comment in comments):
        raise Refused(
            _("Only comments that were sent can be answered; one was taken back, or came late.")
        )
    return comments


def _need_open(comment_round: CommentRound):
    status = CommentRound.Status
    if comment_round.status == status.OPEN:
        return
    raise Refused(
        {
            status.PREPARED: _("This round is not open yet."),
            status.FINISHED: _("This round is finished: its answers do not change any more."),
            status.CANCELLED: _("This round was cancelled."),
        }[comment_round.status]
    )


def _numbers(comments: list[Comment]) -> str:
    return ", ".join(str(number) for number in sorted(comment.number for comment in comments))


# Comments that came after the close


@transaction.atomic
def admit_late(comment_id: int, by: User, now: datetime) -> Comment:
    """The Lead lets a late comment count: it gets the next number, and its author a mail.

    Raises Refused when it is none, when it has no words, or when its round does not go on.
    """
    comment = _late(comment_id)
    _need_open(comment.round)
    if not comment.has_words:
        raise Refused(_("This comment has no words yet. Its author can still write them."))
    _number(comment, Comment.Status.SENT, now)
    decisions.record(by, "admitted a late comment", comment, now)
    _tell_author(comment, admitted=True)
    return comment


@transaction.atomic
def refuse_late(comment_id: int, reason: str, by: User, now: datetime) -> Comment:
    """The Lead does not let a late comment count; its author reads why, and keeps the text.

    Raises Refused when it is none, and without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise Refused(_("Give a reason: the author of the comment reads it."))
    comment = _late(comment_id)
    comment.status = Comment.Status.NOT_ADMITTED
    comment.save(update_fields=["status"])
    decisions.record(by, "did not admit a late comment", comment, now, reason)
    _tell_author(comment, admitted=False, reason=reason)
    return comment


def _late(comment_id: int) -> Comment:
    """A late comment with its round, both locked. Raises Refused for any other."""
    comment = Comment.objects.get(pk=comment_id)
    comment_round = CommentRound.objects.select_for_update().get(pk=comment.round_id)
    comment = Comment.objects.select_for_update().get(pk=comment_id)
    comment.round = comment_round
    if comment.status != Comment.Status.LATE:
        raise Refused(_("This comment does not wait any more: it was decided on, or taken back."))
    return comment


def _number(comment: Comment, status: Comment.Status, now: datetime):
    last = comment.round.comments.aggregate(last=Max("number"))["last"] or 0
    comment.number, comment.status = last + 1, status
    comment.sent_at = comment.sent_at or now
    comment.save(update_fields=["number", "status", "sent_at"])


def _tell_author(comment: Comment, admitted: bool, reason: str = ""):
    author = comment.author
    if author.is_active:
        context = {
            "person": author,
            "comment": comment,
            "round": comment.round,
            "admitted": admitted,
            "reason": reason,
        }
        outbox.post(LATE_COMMENT, author.email, context)


# The end of a round


@transaction.atomic
def finish(
    round_id: int, by: User, now: datetime, override_reason: str = "", public: bool = False
) -> CommentRound:
    """End a round: answers are final, and every commenter gets one mail with all of their own.

    `public`: everybody who may see the document reads comments and answers. Raises Refused for a
    round that is not open; and, without `override_reason`, while people can still comment, while
    a comment is unanswered, or while a late one waits for a decision. The reason of an override is
    a sentence at least; it is kept with the round and in the log.
    """
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    _need_open(comment_round)
    reason = ""
    if obstacles := obstacles_to_finish(comment_round, now):
        if not override_reason.strip():
            raise Refused(" ".join(obstacles))
        reason = _sentence(override_reason)
    comment_round.status = CommentRound.Status.FINISHED
    comment_round.finished_by, comment_round.finished_at = by, now
    comment_round.is_public_response, comment_round.reason = public, reason
    comment_round.save(
        update_fields=["status", "finished_by", "finished_at", "is_public_response", "reason"]
    )
    _document_is_not_open(comment_round)
    action = "finished with an override" if reason else "finished"
    decisions.record(by, action, comment_round, now, reason)
    for person in commenters(comment_round):
        outbox.post(ANSWERS, person.email, {"person": person, "round": comment_round})
    return comment_round


def obstacles_to_finish(comment_round: CommentRound, now: datetime) -> list[str]:
    """Why an open round should not be finished now, in sentences; empty when it can be."""
    found = []
    if now < comment_round.closes_at:
        found.append(
            _("People can still comment until %(moment)s.")
            % {"moment": comment_round.closes_in_words}
        )
    if waiting := comment_round.comments.unanswered().count():
        found.append(
            ngettext(
                "%(n)s comment is not answered yet.",
                "%(n)s comments are not answered yet.",
                waiting,
            )
            % {"n": waiting}
        )
    if late := undecided(comment_round).count():
        found.append(
            ngettext(
                "%(n)s late comment waits for the Lead in the queue.",
                "%(n)s late comments wait for the Lead in the queue.",
                late,
            )
            % {"n": late}
        )
    return found


@transaction.atomic
def cancel(round_id: int, reason: str, by: User, now: datetime) -> CommentRound:
    """End a round without answers. Who wrote comments, drafts included, is told why.

    Raises Refused for a round that has ended already, and without a reason of a sentence.
    """
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    if CommentRound.Status.CANCELLED not in CommentRound.NEXT.get(comment_round.status, ()):
        raise Refused(_("This round has ended already."))
    reason = _sentence(reason)
    comment_round.status, comment_round.reason = CommentRound.Status.CANCELLED, reason
    comment_round.save(update_fields=["status", "reason"])
    _document_is_not_open(comment_round)
    decisions.record(by, "cancelled", comment_round, now, reason)
    for person in told_when_cancelled(comment_round):
        outbox.post(ROUND_CANCELLED, person.email, {"person": person, "round": comment_round})
    return comment_round


def told_when_cancelled(comment_round: CommentRound) -> QuerySet[User]:
    """Everybody who wrote something, sent or not."""
    written = comment_round.comments.exclude(status=Comment.Status.WITHDRAWN)
    return User.objects.filter(pk__in=written.values("author"), is_active=True).order_by("pk")


def _sentence(reason: str) -> str:
    reason = reason.strip()
    if len(reason) < SENTENCE_AT_LEAST:
        raise Refused(_("Write the reason as a sentence: it is kept, and others read it."))
    if len(reason) > CommentRound._meta.get_field("reason").max_length:
        raise Refused(_("The reason has more than 2,000 characters. Shorten it."))
    return reason


def _document_is_not_open(comment_round: CommentRound):
    """The document is published again, unless comments are asked for on another version of it."""
    if comment_round.version_id is None:
        return
    documents = Document.objects.defer("search").select_for_update(of=("self",))
    document = documents.get(versions=comment_round.version_id)
    others = CommentRound.objects.filter(
        version__document=document, status=CommentRound.Status.OPEN
    )
    if document.status == Document.Status.OPEN and not others.exists():
        document.status = Document.Status.PUBLISHED
        document.save(update_fields=["status"])
