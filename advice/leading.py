"""What the Lead decides about requests: take on, match, let run, end."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from advice import asking, availability, telling
from advice.models import AdviceRequest, Choice
from advice.states import locked, move, move_choice
from experts.models import Expert
from partners import decisions
from partners.models import User
from partners.refusals import Refused

Status = AdviceRequest.Status
WaitsFor = AdviceRequest.WaitsFor


def _waiting(request_id: int) -> AdviceRequest:
    request = locked(request_id)
    if request.status != Status.WAITING:
        raise Refused(_("This request is not with the Lead any more."))
    return request


@transaction.atomic
def take_on(request_id: int, by: User, now: datetime) -> AdviceRequest:
    """A request of somebody who is no partner yet goes its way: the chosen experts are asked.

    Without choices it waits for the Lead's. Raises Refused.
    """
    request = _waiting(request_id)
    if request.waits_for != WaitsFor.NO_PARTNER:
        raise Refused(_("This request was taken on already."))
    decisions.record(by, "took on", request, now)
    if Choice.objects.filter(place__request=request, status=Choice.Status.CHOSEN).exists():
        asking.begin(request, now, by)
        return request
    request.waits_for = WaitsFor.LEFT_TO_LEAD
    request.save(update_fields=["waits_for"])
    return request


@transaction.atomic
def choose(
    request_id: int, wanted: dict[int, list[tuple[int, list[str]]]], by: User, now: datetime
) -> AdviceRequest:
    """The Lead matches. `wanted`: (key of an expert, why) in order, by key of the place.

    What was chosen before and not asked yet gives way for these places. Experts are asked at once.
    Raises Refused for nobody at all, for who was asked before, and who cannot be asked.
    """
    request = _waiting(request_id)
    places = {place.pk: place for place in request.places.all()}
    if not any(wanted.values()) or not wanted.keys() <= places.keys():
        raise Refused(_("Choose at least one expert."))
    for key, experts in wanted.items():
        if experts:
            _replace(places[key], experts, by, now)
    decisions.record(by, "matched", request, now)
    asking.begin(request, now, by)
    return request


def _replace(place, experts: list[tuple[int, list[str]]], by: User, now: datetime):
    for old in place.choices.filter(status=Choice.Status.CHOSEN):
        if old.expert_id not in {key for key, _why in experts}:
            move_choice(old, Choice.Status.CALLED_OFF, now, by)
    last = place.choices.aggregate(last=Max("order"))["last"] or 0
    people = Expert.objects.in_bulk([key for key, _why in experts])
    for number, (key, why) in enumerate(experts, start=1):
        expert = people.get(key)
        if expert is None or (refusal := availability.why_not(expert, now)):
            raise Refused(refusal if expert else _("This person is not on the list of experts."))
        known = place.choices.filter(expert=expert).first()
        if known is None:
            known = Choice(place=place, expert=expert, why=why, chosen_by=by, chosen_at=now)
        elif known.status != Choice.Status.CHOSEN:
            raise Refused(_("%(name)s was asked before.") % {"name": expert})
        known.order = last + number
        known.save()


@transaction.atomic
def take_over(request_id: int, by: User, now: datetime) -> AdviceRequest:
    """It takes too long for the Lead: nobody else is asked before the Lead decides. Raises Refused.

    Who was asked may still accept.
    """
    request = locked(request_id)
    if request.status != Status.ASKING:
        raise Refused(_("No experts are asked for this request now."))
    decisions.record(by, "took over", request, now)
    move(request, Status.WAITING, now, by, waits_for=WaitsFor.TOO_LONG)
    return request


@transaction.atomic
def let_run(request_id: int, by: User, now: datetime) -> AdviceRequest:
    """The Lead saw that it takes long, and leaves it with the experts. Safe to repeat."""
    request = locked(request_id)
    request.slow_seen_at = now
    request.save(update_fields=["slow_seen_at"])
    decisions.record(by, "let run", request, now)
    return request


@transaction.atomic
def go_on_without(request_id: int, by: User, now: datetime) -> AdviceRequest:
    """A team works with those who accepted; the other places stay empty. Raises Refused."""
    request = _waiting(request_id)
    accepted = Choice.objects.filter(place__request=request, status=Choice.Status.ACCEPTED)
    if not accepted.exists():
        raise Refused(_("Nobody has accepted yet."))
    decisions.record(by, "went on with part of a team", request, now)
    move(request, Status.AGREED, now, by)
    asking.call_off_rest(request, now, by)
    telling.tell_requester(request, "part_of_team")
    return request


@transaction.atomic
def end_without_expert(request_id: int, by: User, reason: str, now: datetime) -> AdviceRequest:
    """Nobody could help; the requester reads why and what else there is. Raises Refused."""
    return _end(_waiting(request_id), Status.NOBODY, by, reason, now)


@transaction.atomic
def refuse(request_id: int, by: User, reason: str, now: datetime) -> AdviceRequest:
    """The request is not one for this list, or abuse; the requester is told why. Raises Refused."""
    return _end(locked(request_id), Status.REFUSED, by, reason, now)


def _end(
    request: AdviceRequest, to: AdviceRequest.Status, by: User, reason: str, now: datetime
) -> AdviceRequest:
    if not reason.strip():
        raise Refused(_("Give a reason: the requester is told."))
    move(request, to, now, by, reason.strip())
    asking.call_off_rest(request, now, by)
    decisions.record(by, str(request.get_status_display()).lower(), request, now, reason.strip())
    telling.tell_requester(request, str(to))
    return request
