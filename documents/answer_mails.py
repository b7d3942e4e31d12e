"""What stands in the mail with the answers, decided when it leaves (mailings/outbox.py).

A mail program cuts what is longer than some 100 KB, so a mail takes as many comments as fit into
that, each in short, and a link leads to all of them.
"""

import quopri
from datetime import datetime

from documents.answering import ANSWERS
from documents.models import Comment, CommentRound
from mailings import outbox
from mailings.models import OutgoingMail
from mailings.outbox import Letter, Skip
from partners.models import User

BYTES_AT_MOST = 70_000  # of all comments as they are sent; the frame of the mail comes on top
BYTES_OF_FRAME = 900  # of one comment: its tags and headings, in text and HTML
WORDS_AT_MOST = 1000  # characters of one text; the page has the rest


def register():
    """Name the function below to the outbox; called when the app is ready."""
    outbox.prepared_by(ANSWERS, letters)


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """Each commenter's own comments with their answers; three queries for all of these mails."""
    keys = {mail.pk: (mail.context["round"]["pk"], mail.context["person"]["pk"]) for mail in mails}
    rounds = CommentRound.objects.in_bulk({of_round for of_round, _person in keys.values()})
    people = User.objects.in_bulk({person for _round, person in keys.values()})
    comments = _by_author({of_round for of_round, _person in keys.values()}, set(people))
    found: dict[int, Letter | Skip] = {}
    for mail in mails:
        of_round, of_person = keys[mail.pk]
        comment_round, person = rounds.get(of_round), people.get(of_person)
        own = comments.get((of_round, of_person), [])
        if comment_round is None or person is None or not person.is_active or not own:
            found[mail.pk] = Skip("The person, or what the mail speaks of, is gone.")
            continue
        shown = own[: _number_that_fits(own)]
        context = {
            "person": person,
            "round": comment_round,
            "comments": shown,
            "total": len(own),
            "more": len(own) - len(shown),
            "words_at_most": WORDS_AT_MOST,
        }
        found[mail.pk] = Letter(context, to=person.email)
    return found


def _by_author(rounds: set[int], people: set[int]) -> dict[tuple[int, int], list[Comment]]:
    sent = (
        Comment.objects.sent()
        .filter(round__in=rounds, author__in=people)
        .select_related("response")
        .order_by("number")
    )
    found: dict[tuple[int, int], list[Comment]] = {}
    for comment in sent:
        found.setdefault((comment.round_id, comment.author_id), []).append(comment)
    return found


def _number_that_fits(comments: list[Comment]) -> int:
    """How many of these, from the first, one mail can hold; one at least."""
    size = 0
    for number, comment in enumerate(comments):
        size += BYTES_OF_FRAME + sum(map(_bytes_sent, _texts(comment)))
        if size > BYTES_AT_MOST:
            return max(number, 1)
    return len(comments)


def _texts(comment: Comment) -> list[str]:
    response = getattr(comment, "response", None)
    return [comment.text, comment.proposed_text, response.reason if response else ""]


def _bytes_sent(text: str) -> int:
    """Of the text in both bodies of a mail: letters beyond ASCII take six bytes and more."""
    return 2 * len(quopri.encodestring(text[:WORDS_AT_MOST].encode()))
