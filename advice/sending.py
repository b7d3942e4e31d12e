"""From a draft to a request: what must be in it, who may send how many."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from advice import asking, telling
from advice.models import AdviceRequest, Block, Choice
from advice.states import locked, move
from partners import permissions as ground
from partners.models import User
from partners.refusals import Refused

SENT_A_DAY = 3  # by one person, in 24 hours
OPEN_AT_MOST = 8  # of one person, at the same time

Status = AdviceRequest.Status
WaitsFor = AdviceRequest.WaitsFor


def missing(request: AdviceRequest) -> list[str]:
    """What has to be filled in before the request can be sent, as sentences."""
    checks = (
        (request.country_id, _("Choose the country.")),
        (request.text.strip(), _("Say what you need.")),
        (request.languages, _("Choose at least one language.")),
        (
            request.remote_advice or request.mission or request.training,
            _("Choose how somebody can help: remotely, on a visit, with training."),
        ),
    )
    return [sentence for present, sentence in checks if not present]


@transaction.atomic
def send(request_id: int, by: User, now: datetime) -> AdviceRequest:
    """Send a draft: experts are asked at once, or it waits for the Lead.

    It waits where the requester is no partner, or chose nobody. Raises Refused for a draft that is
    not complete, for somebody who is blocked, and beyond the limits of a person.
    """
    # The person is locked, too: two tabs at once count one after the other
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    request = locked(request_id)
    if request.requester_id != by.pk:
        raise Refused(_("Only who wrote a request sends it."))
    if request.status != Status.DRAFT:
        raise Refused(_("This request was sent already."))
    if sentences := missing(request):
        raise Refused(" ".join(sentences))
    _check_person(by, now)
    request.sent_at = now
    places = request.places.all()
    if not places:
        places = [request.places.create(number=1)]
    chosen = Choice.objects.filter(place__request=request, status=Choice.Status.CHOSEN)
    if not ground.is_partner(by, now.date()):
        move(request, Status.WAITING, now, by, waits_for=WaitsFor.NO_PARTNER)
    elif not chosen.exists():
        move(request, Status.WAITING, now, by, waits_for=WaitsFor.LEFT_TO_LEAD)
    else:
        _ask(request, now, by)
    telling.tell_requester(request, "sent")
    return request


def _ask(request: AdviceRequest, now: datetime, by: User):
    """Ask the chosen; places for which nobody was chosen, or can be asked now, are the Lead's."""
    request.asking_since = now
    for place in request.places.all():
        asking.ask_next(place, now)
    asked = Choice.objects.filter(place__request=request, status=Choice.Status.ASKED)
    if asked.exists():
        move(request, Status.ASKING, now, by)
    else:
        move(request, Status.WAITING, now, by, waits_for=WaitsFor.NOBODY_LEFT)


def _check_person(by: User, now: datetime):
    if Block.objects.filter(user=by, lifted_at=None).exists():
        raise Refused(_("You cannot send requests now. Write to the Lead."))
    sent = AdviceRequest.objects.sent().filter(requester=by)
    if sent.filter(sent_at__gt=now - timedelta(days=1)).count() >= SENT_A_DAY:
        raise Refused(
            _("You sent %(n)s requests within a day. Your draft is kept: send it tomorrow.")
            % {"n": SENT_A_DAY}
        )
    if sent.open().count() >= OPEN_AT_MOST:
        raise Refused(
            _("You have %(n)s open requests. Your draft is kept until one of them has ended.")
            % {"n": OPEN_AT_MOST}
        )
