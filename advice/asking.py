"""Asking experts one after the other, until one accepts or nobody is left.

Each has `ANSWER_WITHIN` to answer. The time of a request runs from `asking_since`: after
`LEAD_IS_TOLD` the Lead sees that it takes long, after `LEAD_DECIDES` the Lead decides; so by day 30
a request has ended or stands in the Lead's queue. A place is filled by one expert; a team has
several places, which are asked for at the same time.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from advice import availability, telling
from advice.models import AdviceRequest, Choice, Place
from advice.models.requests import ANSWER_WITHIN
from advice.states import locked, move, move_choice
from experts.models import Expert
from partners.models import User

REMIND_AFTER = timedelta(days=3)
LEAD_IS_TOLD = timedelta(days=14)
LEAD_DECIDES = timedelta(days=21)

_LOCK = 0x57414D41  # among PostgreSQL's advisory locks: one expert is asked at a time

CHOICES_AT_MOST = 3  # for one place, by the requester

Status = AdviceRequest.Status
WaitsFor = AdviceRequest.WaitsFor


def begin(request: AdviceRequest, now: datetime, actor: User | None):
    """Start asking, or go on after the Lead's choice: the time begins anew. Under the lock."""
    request.asking_since, request.slow_seen_at = now, None
    for place in request.places.all():
        ask_next(place, now)
    if _asked(request).exists():
        move(request, Status.ASKING, now, actor)
    else:
        settle(request, now, actor)


def ask_next(place: Place, now: datetime) -> Choice | None:
    """Ask the next choice of a place that is free; who cannot be asked now is passed over."""
    one_at_a_time()
    if place.choices.filter(status__in=(Choice.Status.ASKED, Choice.Status.ACCEPTED)).exists():
        return None
    waiting = place.choices.filter(status=Choice.Status.CHOSEN)
    for choice in waiting.select_related("expert__user", "place__request").order_by("order"):
        with translation.override(settings.LANGUAGE_CODE):  # it is kept, for the Lead to read
            why = availability.why_not(choice.expert, now)
        if why:
            move_choice(choice, Choice.Status.CALLED_OFF, now, reason=why)
            continue
        move_choice(choice, Choice.Status.ASKED, now)
        telling.ask(choice)
        return choice
    return None


def one_at_a_time():
    """Until the transaction ends nobody else is asked: or two requests would both take the last
    that an expert's cap allows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def settle(request: AdviceRequest, now: datetime, actor: User | None = None, reason: str = ""):
    """Give the request the status that follows from its choices. Under the lock."""
    asked = _asked(request).exists()
    accepted = request.places.filter(choices__status=Choice.Status.ACCEPTED).distinct().count()
    if asked:
        if request.status == Status.AGREED:
            move(request, Status.ASKING, now, actor, reason)
        return
    if accepted and accepted == request.places.count():
        if request.status != Status.AGREED:
            move(request, Status.AGREED, now, actor)
        return
    if request.status != Status.WAITING:
        move(request, Status.WAITING, now, actor, reason, WaitsFor.NOBODY_LEFT)
        telling.tell_requester(request, "with_lead")


def _asked(request: AdviceRequest) -> QuerySet[Choice]:
    return Choice.objects.filter(place__request=request, status=Choice.Status.ASKED)


def go_on(choice: Choice, now: datetime, news: str):
    """A choice came to nothing: ask the next one, and tell the requester. Under the lock."""
    request = choice.place.request
    asks = request.status == Status.ASKING
    following = ask_next(choice.place, now) if asks else None
    telling.tell_requester(request, news, choice=choice, following=following)
    if asks:
        settle(request, now)


def call_off_rest(request: AdviceRequest, now: datetime, actor: User | None = None):
    """The request ends: nobody is asked any more, and who was asked is told. Under the lock."""
    open_ones = Choice.objects.filter(
        place__request=request, status__in=(Choice.Status.CHOSEN, Choice.Status.ASKED)
    ).select_related("expert__user", "place__request")
    for choice in open_ones:
        was_asked = choice.status == Choice.Status.ASKED
        move_choice(choice, Choice.Status.CALLED_OFF, now, actor)
        if was_asked:
            telling.tell_expert(choice, "called_off")


@transaction.atomic
def withdraw(request_id: int, by: User, reason: str, now: datetime) -> AdviceRequest:
    """The requester does not need it any more; who helps or was asked is told. Raises Refused."""
    request = locked(request_id)
    helping = list(
        Choice.objects.filter(place__request=request, status=Choice.Status.ACCEPTED).select_related(
            "expert__user", "place__request"
        )
    )
    move(request, Status.WITHDRAWN, now, by, reason)
    call_off_rest(request, now, by)
    for choice in helping:
        telling.tell_expert(choice, "called_off")
    return request


# What happens by itself


def move_on(now: datetime) -> dict[str, int]:
    """Do what the time asks for; safe to repeat, at two places at once, or a week late."""
    return {
        "experts gone from requests": _each(_gone(now), _drop_gone, now),
        "questions without an answer": _each(_unanswered(now), _no_answer, now),
        "requests handed to the Lead": _each_request(_too_long(now), _hand_to_lead, now),
    }


def _each(choices: QuerySet[Choice], step, now: datetime) -> int:
    """Take the step on each, under the lock, when it still has to be taken. Returns how many."""
    done = 0
    for request_id, pk in choices.order_by("pk").values_list("place__request", "pk"):
        with transaction.atomic():
            locked(request_id)
            choice = choices.filter(pk=pk).select_related("expert__user", "place__request").first()
            if choice is not None:
                step(choice, now)
                done += 1
    return done


def _each_request(requests: QuerySet[AdviceRequest], step, now: datetime) -> int:
    done = 0
    for pk in requests.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            locked(pk)
            request = requests.filter(pk=pk).first()
            if request is not None:
                step(request, now)
                done += 1
    return done


def _gone(now: datetime) -> QuerySet[Choice]:
    """Choices of experts who left: removed whatever the state, taken off or away while asked."""
    away = Q(expert__paused_until__gt=now.date()) | Q(expert__available_until__lt=now.date())
    off_list = ~Q(expert__status=Expert.Status.LISTED)
    return Choice.objects.filter(
        Q(status=Choice.Status.ASKED) & (off_list | away)
        | Q(
            status=Choice.Status.ACCEPTED,
            expert__status=Expert.Status.WITHDRAWN,
            place__request__status__in=AdviceRequest.OPEN,
        )
    )


def _drop_gone(choice: Choice, now: datetime):
    if choice.status == Choice.Status.ASKED and choice.expert.status == Expert.Status.LISTED:
        move_choice(choice, Choice.Status.UNAVAILABLE, now)
        go_on(choice, now, "unavailable")
        return
    move_choice(
        choice, Choice.Status.CALLED_OFF, now, reason=_("The expert is not on the list any more.")
    )
    replace(choice, now, "gone")


def replace(choice: Choice, now: datetime, news: str):
    """Somebody who helped, or was asked, is gone: the next choice is asked. Under the lock."""
    request = choice.place.request
    if request.status != Status.AGREED:
        go_on(choice, now, news)
        return
    request.asking_since = now
    following = ask_next(choice.place, now)
    telling.tell_requester(request, news, choice=choice, following=following)
    settle(request, now)


def _unanswered(now: datetime) -> QuerySet[Choice]:
    return Choice.objects.filter(status=Choice.Status.ASKED, asked_at__lte=now - ANSWER_WITHIN)


def _no_answer(choice: Choice, now: datetime):
    move_choice(choice, Choice.Status.NO_ANSWER, now)
    telling.tell_expert(choice, "too_late")
    go_on(choice, now, "no_answer")


def _too_long(now: datetime) -> QuerySet[AdviceRequest]:
    return AdviceRequest.objects.filter(status=Status.ASKING, asking_since__lte=now - LEAD_DECIDES)


def _hand_to_lead(request: AdviceRequest, now: datetime):
    """Who was asked may still accept; nobody else is asked before the Lead decides."""
    move(request, Status.WAITING, now, waits_for=WaitsFor.TOO_LONG)
    telling.tell_requester(request, "with_lead")


def slow(now: datetime) -> QuerySet[AdviceRequest]:
    """Requests of which the Lead is told: asked for two weeks, and nobody accepted."""
    accepted = Choice.objects.filter(place__request=OuterRef("pk"), status=Choice.Status.ACCEPTED)
    return AdviceRequest.objects.filter(
        ~Exists(accepted),
        status=Status.ASKING,
        asking_since__lte=now - LEAD_IS_TOLD,
        slow_seen_at=None,
    )
