"""What came of the advice: two questions to each side, and a story where both agree to one."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from advice import asking, telling
from advice.models import AdviceRequest, Choice, Outcome, Side, Story
from advice.states import locked, locked_choice, move
from mailings import relay
from partners import decisions
from partners.models import User
from partners.refusals import Refused

#: Without a last word of both sides a request counts as finished so long after acceptance
FINISHED_AFTER = timedelta(days=120)

Happened = Outcome.Happened


@transaction.atomic
def say(choice_id: int, side: Side, values: dict, now: datetime, by: User | None = None) -> Outcome:
    """One side says what came of it; saying it again replaces what was said.

    `values`: happened, helped (empty unless it happened), sentence, agrees. The request is finished
    when both sides of all places have said yes or no. Raises Refused where nobody accepted.
    """
    choice = locked_choice(choice_id)
    if choice.status != Choice.Status.ACCEPTED:
        raise Refused(_("Nobody accepted this request, so nothing can have come of it."))
    if choice.place.request.status not in (*AdviceRequest.OPEN, AdviceRequest.Status.DONE):
        raise Refused(_("This request was withdrawn or refused."))
    happened = values["happened"] == Happened.YES
    if happened and values["helped"] not in Outcome.Helped.values:
        raise Refused(_("Say whether it helped."))
    outcome, _is_new = Outcome.objects.update_or_create(
        choice=choice,
        side=side,
        defaults={
            "happened": values["happened"],
            "helped": values["helped"] if happened else "",
            "sentence": relay.without_addresses(" ".join(values["sentence"].split())),
            "agrees": happened and values["agrees"],
            "by": by,
            "at": now,
        },
    )
    _keep_story(choice, now)
    _finish(choice.place.request, now)
    return outcome


def _keep_story(choice: Choice, now: datetime):
    """A story stands while both sides agree and at least one has written a sentence.

    One that the Lead hid stays hidden, whatever both say later; new words are new to the Lead.
    """
    said = list(choice.outcomes.all())
    agreed = len(said) == 2 and all(one.agrees for one in said)
    stands = agreed and any(one.sentence for one in said)
    known = Story.objects.filter(choice=choice)
    if stands and not known.exists():
        Story.objects.create(choice=choice, at=now)
    else:
        known.update(is_agreed=stands, seen_at=None, **({"at": now} if stands else {}))


def _finish(request: AdviceRequest, now: datetime):
    if request.status != AdviceRequest.Status.AGREED:
        return
    accepted = Choice.objects.filter(place__request=request, status=Choice.Status.ACCEPTED)
    last_words = Outcome.objects.filter(choice__in=accepted).exclude(happened=Happened.NOT_YET)
    if last_words.count() == 2 * accepted.count():
        _done(request, now)


def _done(request: AdviceRequest, now: datetime):
    move(request, AdviceRequest.Status.DONE, now)
    asking.call_off_rest(request, now)
    telling.tell_requester(request, "done")


@transaction.atomic
def finish(request_id: int, by: User, now: datetime) -> AdviceRequest:
    """The requester says that the work is over. Raises Refused."""
    request = locked(request_id)
    move(request, AdviceRequest.Status.DONE, now, by)
    asking.call_off_rest(request, now, by)
    telling.tell_requester(request, "done")
    return request


def finish_old(now: datetime) -> int:
    """Requests in which an expert helps for long count as finished. Returns how many were."""
    done = 0
    for pk in _old(now).values_list("pk", flat=True):
        with transaction.atomic():
            locked(pk)
            request = _old(now).filter(pk=pk).first()
            if request is not None:
                _done(request, now)
                done += 1
    return done


def _old(now: datetime) -> QuerySet[AdviceRequest]:
    return AdviceRequest.objects.filter(
        status=AdviceRequest.Status.AGREED, since__lte=now - FINISHED_AFTER
    )


@transaction.atomic
def see(story_id: int, by: User, now: datetime):
    """The Lead has looked at a story; safe to repeat."""
    Story.objects.filter(pk=story_id, seen_at=None).update(seen_at=now)


@transaction.atomic
def hide(story_id: int, reason: str, by: User, now: datetime) -> Story:
    """The Lead takes a story off the pages. Raises Refused without a reason."""
    if not reason.strip():
        raise Refused(_("Give a reason: it stays in the log."))
    story = Story.objects.select_for_update().get(pk=story_id)
    story.hidden_at, story.hidden_reason = now, reason.strip()[:500]
    story.seen_at = story.seen_at or now
    story.save(update_fields=["hidden_at", "hidden_reason", "seen_at"])
    decisions.record(by, "hid", story, now, reason.strip())
    return story
