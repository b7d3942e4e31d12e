"""Comment rounds: prepared by the Lead, opened, changed while they run. How they end: answering.py.

A round takes comments between two moments in UTC. Everybody who is asked is noted when it opens, in
one statement, so that who was asked and who answered are figures and no guesses.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from documents import round_reminders
from documents.models import CommentRound, Document, Invitee, RoundQuestion, Version
from partners import decisions
from partners.audience import Audience
from partners.models import User
from partners.refusals import Refused

Status = CommentRound.Status


@dataclass(frozen=True)
class State:
    """How a round stands, in words; `look` is the class of its badge."""

    words: str
    look: str


def state(comment_round: CommentRound, now: datetime) -> State:
    """What a reader must know of it at this moment."""
    if comment_round.status == Status.OPEN:
        if now < comment_round.opens_at:
            day = date_format(comment_round.opens_at, "j F Y")
            return State(_("Opens on %(day)s") % {"day": day}, "info")
        if now < comment_round.closes_at:
            days = (comment_round.closes_at - now).days
            left = ngettext("Open: %(n)s day left", "Open: %(n)s days left", days) % {"n": days}
            return State(left if days else _("Open: closes within a day"), "warn")
        return State(_("Closed, answers are being written"), "")
    looks = {Status.PREPARED: "", Status.FINISHED: "good", Status.CANCELLED: ""}
    return State(str(comment_round.get_status_display()), looks[comment_round.status])


@transaction.atomic
def prepare(
    values: dict, questions: list[str], team: list[User], by: User, now: datetime
) -> CommentRound:
    """A round that nobody sees yet; `values` are the fields of the form."""
    comment_round = CommentRound.objects.create(**values)
    comment_round.team.set(team)
    _set_questions(comment_round, questions)
    decisions.record(by, "prepared", comment_round, now)
    return comment_round


@transaction.atomic
def change(
    round_id: int, values: dict, questions: list[str], team: list[User], by: User, now: datetime
) -> CommentRound:
    """Change a round. Once it is open the text that is asked about stays, and it closes no earlier.

    Raises Refused for what would take something away from people who were asked.
    """
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    if comment_round.status not in (Status.PREPARED, Status.OPEN):
        raise Refused(_("This round is over: it does not change any more."))
    if comment_round.status == Status.OPEN:
        _check_promises(comment_round, values, questions, now)
    moved = comment_round.closes_at != values["closes_at"]
    for name, value in values.items():
        setattr(comment_round, name, value)
    comment_round.save()
    comment_round.team.set(team)
    _set_questions(comment_round, questions)
    reason = _("Closes: %(moment)s") % {"moment": comment_round.closes_in_words} if moved else ""
    decisions.record(by, "changed", comment_round, now, reason=reason)
    return comment_round


def _check_promises(comment_round: CommentRound, values: dict, questions: list[str], now: datetime):
    fixed = ("version", "address", "audience")
    if any(getattr(comment_round, name) != values[name] for name in fixed):
        raise Refused(_("The round is open: its text and its audience do not change any more."))
    if values["closes_at"] < comment_round.closes_at:
        raise Refused(
            _("The round is open until %(moment)s. It can close later, not earlier.")
            % {"moment": comment_round.closes_in_words}
        )
    if values["opens_at"] != comment_round.opens_at and comment_round.opens_at <= now:
        raise Refused(_("The round has begun: its beginning does not change any more."))
    known = list(comment_round.questions.values_list("text", flat=True))
    if questions[: len(known)] != known:
        raise Refused(_("The round is open: add questions at the end, and leave the others."))


def _set_questions(comment_round: CommentRound, questions: list[str]):
    """Number them in this order; questions that have comments are never taken away here."""
    known = {one.number: one for one in comment_round.questions.all()}
    for number, text in enumerate(questions, start=1):
        if number in known:
            known[number].text = text
            known[number].save(update_fields=["text"])
        else:
            RoundQuestion.objects.create(round=comment_round, number=number, text=text)
    comment_round.questions.filter(number__gt=len(questions), comments=None).delete()


@transaction.atomic
def open_round(round_id: int, by: User, now: datetime) -> int:
    """Open it, and note everybody who is asked; whoever can comment at once is written to.

    Where it begins later, the invitations follow then. Returns how many are asked. Raises Refused
    when the text is not published or is not for all who would be asked, another round on it runs,
    or the close has passed.
    """
    comment_round = CommentRound.objects.select_for_update().get(pk=round_id)
    if comment_round.status != Status.PREPARED:
        raise Refused(_("This round was opened already."))
    if comment_round.closes_at <= now:
        raise Refused(_("The close has passed. Set a later one first."))
    if comment_round.version_id:
        _open_document(comment_round)
    comment_round.status = Status.OPEN
    comment_round.opened_by, comment_round.opened_at = by, now
    comment_round.save(update_fields=["status", "opened_by", "opened_at"])
    asked = Audience(comment_round.audience).people(now).values_list("pk", flat=True)
    Invitee.objects.bulk_create(
        [Invitee(round=comment_round, user_id=key) for key in asked], ignore_conflicts=True
    )
    round_reminders.invite(now)
    decisions.record(by, "opened", comment_round, now)
    return comment_round.invitees.count()


def _open_document(comment_round: CommentRound):
    version = Version.objects.get(pk=comment_round.version_id)
    document = Document.objects.select_for_update().get(pk=version.document_id)
    if Audience(comment_round.audience).is_wider_than(Audience(document.audience)):
        raise Refused(
            _("The document is for fewer people than the round: %(people)s. Ask those alone.")
            % {"people": document.get_audience_display()}
        )
    if version.published_at is None or document.current_id is None:
        raise Refused(_("Publish the version first: people must be able to read it."))
    running = CommentRound.objects.filter(version__document=document, status=Status.OPEN)
    if running.exists():
        raise Refused(_("Another round on this document is not finished yet."))
    if document.status != Document.Status.PUBLISHED:
        raise Refused(
            _("A document that is “%(state)s” cannot be opened for comments.")
            % {"state": document.get_status_display()}
        )
    # Who may see the document reads its status, which must not tell of a round of the core
    if comment_round.audience != Audience.CORE or document.audience == Audience.CORE:
        document.status = Document.Status.OPEN
        document.save(update_fields=["status"])
