"""Moving requests and answers from state to state: who, when, why is written down each time.

Callers hold the lock of the request (`locked`), which is taken before anything else of it, so that
two who act at once come one after the other.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from advice.models import AdviceRequest, Choice, ChoiceChange, RequestChange
from partners.models import User
from partners.refusals import Refused


def locked(request_id: int) -> AdviceRequest:
    """The request, locked until the transaction ends."""
    return AdviceRequest.objects.select_for_update(of=("self",)).get(pk=request_id)


def locked_choice(choice_id: int) -> Choice:
    """The choice with its place, request and expert; the request is locked, as always, first."""
    request_id = Choice.objects.values_list("place__request", flat=True).get(pk=choice_id)
    request = locked(request_id)
    choice = (
        Choice.objects.select_related("place", "expert__user")
        .defer("expert__search")
        .get(pk=choice_id)
    )
    choice.place.request = request
    return choice


def move(
    request: AdviceRequest,
    to: AdviceRequest.Status,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
    waits_for: str = "",
):
    """Give the request another status. Raises Refused where no way leads there."""
    if to not in AdviceRequest.NEXT.get(request.status, ()):
        raise Refused(
            _("This request is “%(status)s”: this cannot be done now.")
            % {"status": request.get_status_display()}
        )
    old, request.status = request.status, to
    request.waits_for, request.status_reason, request.since = waits_for, reason, now
    if to in AdviceRequest.ENDED:
        request.ended_at = now
    request.save(
        update_fields=[
            *("status", "waits_for", "status_reason", "since"),
            *("ended_at", "sent_at", "asking_since", "slow_seen_at"),
        ]
    )
    RequestChange.objects.create(
        request=request, old=old, new=to, at=now, actor=actor, reason=reason
    )


def move_choice(
    choice: Choice,
    to: Choice.Status,
    now: datetime,
    actor: User | None = None,
    channel: str = "",
    reason: str = "",
):
    """Give an expert's answer another status. Raises Refused where no way leads there."""
    if to not in Choice.NEXT.get(choice.status, ()):
        raise Refused(
            _("The answer to this request is “%(status)s” already.")
            % {"status": choice.get_status_display()}
        )
    old, choice.status = choice.status, to
    if to == Choice.Status.ASKED:
        choice.asked_at = now
    if to in Choice.ANSWERED:
        choice.answered_at = now
    choice.save(update_fields=["status", "asked_at", "answered_at", "reason", "words", "handed_to"])
    ChoiceChange.objects.create(
        choice=choice, old=old, new=to, at=now, actor=actor, channel=channel, reason=reason
    )
