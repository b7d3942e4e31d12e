"""What protects both sides: reports to the Lead, and people who may send nothing for now."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from advice.models import Block, Report, Side
from advice.states import locked_choice
from partners import decisions
from partners.models import User
from partners.refusals import Refused

OPEN_REPORTS_AT_MOST = 1  # of one side about one choice


@transaction.atomic
def report(choice_id: int, side: Side, text: str, now: datetime, by: User | None = None) -> Report:
    """Tell the Lead that something is wrong with the other side. Raises Refused."""
    choice = locked_choice(choice_id)
    if not text.strip():
        raise Refused(_("Say what is wrong, in a sentence."))
    if choice.reports.filter(side=side, decided_at=None).count() >= OPEN_REPORTS_AT_MOST:
        raise Refused(_("You have reported this already. The Lead looks at it."))
    return Report.objects.create(choice=choice, side=side, text=text.strip(), at=now, by=by)


@transaction.atomic
def decide(report_id: int, decision: str, by: User, now: datetime) -> Report:
    """The Lead has looked at a report. Raises Refused without words, and for one decided before."""
    found = Report.objects.select_for_update().get(pk=report_id)
    if found.decided_at is not None:
        raise Refused(_("This report was decided already."))
    if not decision.strip():
        raise Refused(_("Say in a sentence what you found."))
    found.decision, found.decided_by, found.decided_at = decision.strip(), by, now
    found.save(update_fields=["decision", "decided_by", "decided_at"])
    decisions.record(by, "decided on a report", found, now, decision.strip())
    return found


@transaction.atomic
def block(user_id: int, reason: str, by: User, now: datetime) -> Block:
    """This person sends no requests for now; open ones go on. Raises Refused."""
    person = User.objects.select_for_update().get(pk=user_id)
    if not reason.strip():
        raise Refused(_("Give a reason: it stays in the log."))
    if Block.objects.filter(user=person, lifted_at=None).exists():
        raise Refused(_("This person is blocked already."))
    decisions.record(by, "blocked", person, now, reason.strip())
    return Block.objects.create(user=person, reason=reason.strip(), by=by, at=now)


@transaction.atomic
def lift(block_id: int, by: User, now: datetime) -> Block:
    """The person may send requests again; safe to repeat."""
    found = Block.objects.select_for_update().get(pk=block_id)
    if found.lifted_at is None:
        found.lifted_at = now
        found.save(update_fields=["lifted_at"])
        decisions.record(by, "unblocked", found.user, now)
    return found
