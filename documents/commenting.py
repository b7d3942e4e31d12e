"""Writing comments: drafts, sending, and what becomes of a text that comes after the close.

Nothing that somebody typed is lost: a draft is kept as it is, and after the close the text is kept,
too, and offered to the Lead.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from documents import matrices, permissions
from documents.models import Comment, CommentRound, Invitee
from partners.models import User
from partners.refusals import Refused

FIELDS = (
    "organisation_id", "question_id", "section", "paragraph", "page", "type", "text",
    "proposed_text",
)  # fmt: skip
Status = Comment.Status


class Collision(Refused):
    """The comment was saved in another window meanwhile; `comment` has what stands there."""

    def __init__(self, comment: Comment):
        super().__init__(_("This comment was changed in another window. Nothing is saved yet."))
        self.comment = comment


class Late(Refused):
    """It came after the close, and is kept as `comment`."""

    def __init__(self, comment: Comment):
        super().__init__(
            _(
                "The round is closed: this comment came too late. Your text is kept, and the Lead "
                "was asked whether to take it in."
            )
        )
        self.comment = comment


def save(
    round_id: int,
    author: User,
    values: dict[str, Any],
    now: datetime,
    comment_id: int | None = None,
    seen: datetime | None = None,
) -> Comment:
    """Keep a comment as it was typed; `values` may have any of FIELDS.

    A new one is a draft. One that was sent keeps its number and state, and can be changed until the
    close, though not emptied. `now` is when it came. `seen` is the `changed_at` that the form was
    made with: Collision when the comment was saved since. After the close it is kept and Late is
    raised; Refused when the person may not comment, or the comment is decided on.
    """
    with transaction.atomic():
        comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
        if not permissions.can_comment(author, comment_round):
            raise Refused(_("This round is not for you."))
        comment = _own(comment_round, author, comment_id)
        if seen is not None and comment.pk and comment.changed_at != seen:
            raise Collision(comment)
        open_now = comment_round.takes_comments(now)
        _check_may_be_saved(comment_round, comment, now)
        for name in FIELDS:
            if name in values:
                setattr(comment, name, values[name])
        if comment.status == Status.SENT and not comment.has_words:
            raise Refused(_("A comment that was sent needs words. You can take it back instead."))
        if not open_now:
            comment.status = Status.LATE
        comment.changed_at = now
        comment.save()
    if not open_now:
        raise Late(comment)
    return comment


def _own(comment_round: CommentRound, author: User, comment_id: int | None) -> Comment:
    if comment_id is None:
        return Comment(round=comment_round, author=author)
    comments = comment_round.comments.select_for_update().filter(author=author)
    return comments.get(pk=comment_id)


def can_be_changed(comment_round: CommentRound, comment: Comment, now: datetime) -> bool:
    """Whether `save` would take other words for this comment at this moment."""
    try:
        _check_may_be_saved(comment_round, comment, now)
    except Refused:
        return False
    return True


def _check_may_be_saved(comment_round: CommentRound, comment: Comment, now: datetime):
    """A draft or a new text may come late; what was sent before stays as it was sent."""
    if comment.status in (Status.WITHDRAWN, Status.NOT_ADMITTED):
        raise Refused(_("This comment was taken back, or not taken in. Write a new one instead."))
    if comment_round.takes_comments(now):
        return
    if not comment_round.is_over(now):
        raise Refused(_("The round has not begun yet. Your text is not saved."))
    if comment.status not in (Status.DRAFT, Status.LATE):
        raise Refused(_("The round is closed: a comment that was sent cannot be changed any more."))
    if comment_round.status in (CommentRound.Status.FINISHED, CommentRound.Status.CANCELLED):
        raise Refused(_("The round is over, and its answers are written."))


@transaction.atomic
def send_all(round_id: int, author: User, now: datetime) -> int:
    """Send the drafts of one person, numbered in the order of the text; returns how many.

    Drafts without words stay drafts. Raises Refused when there is none with words, and after the
    close: the drafts are kept.
    """
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    if not permissions.can_comment(author, comment_round):
        raise Refused(_("This round is not for you."))
    written = list(drafts_of(comment_round, author))
    if not written:
        raise Refused(_("You have no draft to send."))
    drafts = [draft for draft in written if draft.has_words]
    if not drafts:
        raise Refused(_("Your drafts have no words yet. Write them, then send."))
    if not comment_round.takes_comments(now):
        raise Refused(_("The round does not take comments now. Your drafts are kept."))
    key = matrices.text_order(comment_round)
    drafts.sort(key=lambda one: key(one.section, one.paragraph, one.page, one.pk))
    last = comment_round.comments.aggregate(last=Max("number"))["last"] or 0
    for number, draft in enumerate(drafts, start=last + 1):
        draft.number, draft.status, draft.sent_at = number, Status.SENT, now
        draft.save(update_fields=["number", "status", "sent_at"])
    _answered(comment_round, author, now, has_no_comments=False)
    return len(drafts)


@transaction.atomic
def hand_in_late(round_id: int, author: User, now: datetime) -> int:
    """After the close: offer one's drafts that have words to the Lead; returns how many."""
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    over = comment_round.status == CommentRound.Status.OPEN and now >= comment_round.closes_at
    if not over or not permissions.can_comment(author, comment_round):
        raise Refused(_("This round takes no late comments."))
    drafts = drafts_of(comment_round, author).exclude(text="", proposed_text="")
    return drafts.update(status=Status.LATE)


@transaction.atomic
def drop(comment_id: int, author: User, now: datetime):
    """Take back one's own comment: a draft goes, a sent one keeps its number and its place.

    Raises Refused after the close, CommentRound.DoesNotExist for what is not one's own.
    """
    rounds = CommentRound.objects.filter(comments__pk=comment_id, comments__author=author)
    comment_round = rounds.select_for_update(of=("self",)).get()
    comment = comment_round.comments.select_for_update().get(pk=comment_id)
    if comment.status == Status.DRAFT:
        comment.delete()
    elif comment.status == Status.SENT and comment_round.takes_comments(now):
        comment.status, comment.changed_at = Status.WITHDRAWN, now
        comment.save(update_fields=["status", "changed_at"])
    else:
        raise Refused(_("This comment cannot be taken back any more."))


@transaction.atomic
def no_comments(round_id: int, user: User, now: datetime):
    """The person has read it and says so: no reminder comes any more. Raises Refused."""
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    if not comment_round.takes_comments(now) or not permissions.can_comment(user, comment_round):
        raise Refused(_("The round does not take answers now."))
    if comment_round.comments.sent().filter(author=user).exists():
        raise Refused(_("You sent comments. Take them back first."))
    _answered(comment_round, user, now, has_no_comments=True)


def _answered(comment_round: CommentRound, user: User, now: datetime, has_no_comments: bool):
    """Also of somebody who joined later, or was not asked by mail."""
    Invitee.objects.update_or_create(
        round=comment_round,
        user=user,
        defaults={"done_at": now, "has_no_comments": has_no_comments},
    )


def drafts_of(comment_round: CommentRound, author: User) -> QuerySet[Comment]:
    return comment_round.comments.filter(author=author, status=Status.DRAFT).order_by("pk")
