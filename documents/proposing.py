"""Proposals of partners: made, supported, and decided on by the Lead step by step."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from documents import permissions
from documents.models import Document, Proposal, Support
from mailings import outbox
from partners import decisions
from partners.models import User
from partners.refusals import Refused

Status = Proposal.Status
DECIDED = "documents/mail/proposal_decided"


@transaction.atomic
def propose(values: dict, by: User, now: datetime) -> Proposal:
    """`values`: fields kind, title, why, document, address, organisation of the model."""
    if not permissions.can_propose(by, now.date()):
        raise Refused(_("Only partners propose documents."))
    return Proposal.objects.create(proposed_by=by, proposed_at=now, **values)


@transaction.atomic
def support(proposal_id: int, by: User, now: datetime, note: str = "") -> Support:
    """Find a proposal useful, too; once more only changes the note. Raises Refused."""
    proposal = Proposal.objects.select_for_update().get(pk=proposal_id)
    if not permissions.can_support(by, proposal, now.date()):
        raise Refused(_("Other partners support a proposal, not who made it."))
    if proposal.status in (Status.DECLINED, Status.PUBLISHED):
        raise Refused(_("This proposal is decided: it needs no support any more."))
    made, _is_new = Support.objects.update_or_create(
        proposal=proposal, user=by, defaults={"note": note.strip()}, create_defaults={
            "note": note.strip(), "at": now,
        },
    )  # fmt: skip
    return made


@transaction.atomic
def withdraw_support(proposal_id: int, by: User):
    """Take one's support back; nothing happens where there is none."""
    Support.objects.filter(proposal=proposal_id, user=by).delete()


def _move(proposal_id: int, to: Status, by: User, now: datetime, reason: str, result=None):
    proposal = Proposal.objects.select_for_update().get(pk=proposal_id)
    if to not in Proposal.NEXT.get(proposal.status, ()):
        raise Refused(
            _("This proposal is “%(status)s”: this cannot be done now.")
            % {"status": proposal.get_status_display()}
        )
    proposal.status, proposal.reason = to, reason
    proposal.decided_by, proposal.decided_at = by, now
    proposal.result = result
    proposal.save(update_fields=["status", "reason", "decided_by", "decided_at", "result"])
    decisions.record(by, str(to).replace("_", " "), proposal, now, reason)
    person = proposal.proposed_by
    if person.is_active:
        context = {"person": person, "proposal": proposal, "reason": reason, "result": result}
        outbox.post(DECIDED, person.email, {**context, "status": str(to)})
    return proposal


@transaction.atomic
def take_up(proposal_id: int, by: User, now: datetime) -> Proposal:
    """The Lead says that it will be done. The proposer hears of this and each later step."""
    return _move(proposal_id, Status.TAKEN_UP, by, now, "")


@transaction.atomic
def decline(proposal_id: int, reason: str, by: User, now: datetime) -> Proposal:
    """The Lead says no, and why. Raises Refused without a reason."""
    if not reason.strip():
        raise Refused(_("Give a reason: the other side is told."))
    return _move(proposal_id, Status.DECLINED, by, now, reason.strip())


@transaction.atomic
def start_work(proposal_id: int, by: User, now: datetime) -> Proposal:
    return _move(proposal_id, Status.IN_WORK, by, now, "")


@transaction.atomic
def publish(proposal_id: int, code: str, by: User, now: datetime) -> Proposal:
    """What came of it is the released document with this code. Raises Refused for another."""
    result = Document.objects.released().defer("search").filter(code=code.strip()).first()
    if result is None:
        raise Refused(_("No published document has the code “%(code)s”.") % {"code": code})
    return _move(proposal_id, Status.PUBLISHED, by, now, "", result)
