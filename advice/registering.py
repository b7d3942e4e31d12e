"""The register of needs: a partner submits, the Lead takes in or declines, and moves the status.

What was stated elsewhere, as before a meeting, the Lead takes over in one step.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from advice import permissions
from advice.models import Need, NeedChange
from mailings import outbox
from partners import decisions
from partners.models import User
from partners.refusals import Refused

Status = Need.Status
DECIDED = "advice/mail/need_decided"
#: What stands in the Lead's log.
VERBS = {
    Status.DECLINED: "declined",
    Status.BEING_MET: "being met",
    Status.MET: "met",
    Status.CLOSED: "closed",
}


@transaction.atomic
def submit(values: dict, by: User, now: datetime) -> Need:
    """A need that waits for the Lead.

    `values`: fields country, title, description, source, source_text, url, year of the model, and
    `terms`, Term objects. Raises Refused where the person is no partner today, and for the same
    need a second time.
    """
    if not permissions.can_submit_need(by, now.date()):
        raise Refused(_("Only partners submit needs."))
    # A button that is pressed twice comes one by one
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    fields = {name: value for name, value in values.items() if name != "terms"}
    same = Need.objects.filter(
        submitted_by=by, status=Status.AWAITING, country=fields["country"], title=fields["title"]
    )
    if same.exists():
        raise Refused(_("You have submitted this need already. It waits for the Lead."))
    need = Need.objects.create(submitted_by=by, submitted_at=now, **fields)
    need.terms.set(values["terms"])
    return need


@transaction.atomic
def take_over(values: dict, submitted_by: User, by: User, now: datetime) -> Need:
    """A need that was stated elsewhere, in the register at once; who stated it is told.

    `values` as for `submit`. The same need twice is the caller's to refuse.
    """
    fields = {name: value for name, value in values.items() if name != "terms"}
    need = Need.objects.create(submitted_by=submitted_by, submitted_at=now, **fields)
    need.terms.set(values["terms"])
    return _move(need, Status.OPEN, "", by, now, "taken into the register")


@transaction.atomic
def approve(need_id: int, by: User, now: datetime) -> Need:
    """Take a need into the register. Raises Refused when it does not wait any more."""
    need = _waiting(need_id)
    return _move(need, Status.OPEN, "", by, now, "taken into the register")


@transaction.atomic
def decline(need_id: int, reason: str, by: User, now: datetime) -> Need:
    """Say no, and why. Raises Refused without a reason, or when it does not wait any more."""
    need = _waiting(need_id)
    return _move(need, Status.DECLINED, _given(reason), by, now, VERBS[Status.DECLINED])


@transaction.atomic
def move(need_id: int, to: str, reason: str, by: User, now: datetime) -> Need:
    """Say how far a need of the register has come; met and closed ones can be opened again.

    Raises Refused without a reason, and where the status that it has now does not lead there.
    """
    need = Need.objects.select_for_update().get(pk=need_id)
    verb = VERBS.get(to, "reopened")
    if need.status not in Need.PUBLIC or to not in Need.NEXT[need.status]:
        raise _not_now(need)
    return _move(need, Status(to), _given(reason), by, now, verb)


def _waiting(need_id: int) -> Need:
    need = Need.objects.select_for_update().get(pk=need_id)
    if need.status != Status.AWAITING:
        raise _not_now(need)
    return need


def _not_now(need: Need) -> Refused:
    said = _("This need is “%(status)s” now: this cannot be done.")
    return Refused(said % {"status": need.get_status_display()})


def _given(reason: str) -> str:
    if not reason.strip():
        raise Refused(_("Give a reason: the other side is told."))
    return reason.strip()


def _move(need: Need, to: Status, reason: str, by: User, now: datetime, verb: str) -> Need:
    NeedChange.objects.create(need=need, old=need.status, new=to, at=now, actor=by, reason=reason)
    need.status, need.status_reason = to, reason
    need.save(update_fields=["status", "status_reason"])
    decisions.record(by, verb, need, now, reason)
    person = need.submitted_by
    if person and person.is_active and person != by:
        context = {"person": person, "need": need, "reason": reason, "status": str(to)}
        # "Open" is said of a new need and of one that is opened again
        outbox.post(DECIDED, person.email, context | {"is_new": verb == "taken into the register"})
    return need
