"""What an expert answers: yes, no, a colleague instead, or not before a day."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from advice import asking, availability, telling
from advice.models import AdviceRequest, Choice, ContactReveal
from advice.states import locked_choice, move_choice
from experts import listing
from experts.models import Audience, Expert
from partners.models import User
from partners.refusals import Refused

Channel = Choice.Channel


def _asked(choice_id: int) -> Choice:
    """The choice, locked, when its expert may answer. Raises Refused."""
    choice = locked_choice(choice_id)
    if choice.status != Choice.Status.ASKED:
        raise Refused(_no_more(choice))
    if choice.expert.status != Expert.Status.LISTED:
        raise Refused(_("You are not on the list now, so there is nothing to answer."))
    return choice


def _no_more(choice: Choice) -> str:
    if choice.status == Choice.Status.NO_ANSWER:
        return _("The seven days are over, and somebody else was asked. Thank you all the same.")
    if choice.status == Choice.Status.CALLED_OFF:
        return _("This request is not open any more. There is nothing left to do.")
    return _("You have answered already: %(status)s.") % {
        "status": choice.get_status_display().lower()
    }


@transaction.atomic
def accept(
    choice_id: int, now: datetime, by: User | None = None, channel: Channel = Channel.PORTAL
) -> Choice:
    """The expert will help. Both sides get to know each other, which is written down.

    Of the expert the requester sees what the expert's audiences allow. The other choices keep their
    turn, in case the expert leaves. Raises Refused.
    """
    choice = _asked(choice_id)
    request = choice.place.request
    move_choice(choice, Choice.Status.ACCEPTED, now, by, channel)
    _reveal(choice, now)
    telling.tell_requester(request, "accepted", choice=choice)
    telling.tell_expert(choice, "accepted")
    asking.settle(request, now)
    return choice


def _reveal(choice: Choice, now: datetime):
    expert, requester = choice.expert, choice.place.request.requester
    shown = [
        field
        for field in Expert.PRIVATE_FIELDS
        if getattr(expert, field) and getattr(expert, f"{field}_audience") != Audience.LEAD
    ]
    if shown:
        ContactReveal.objects.create(
            choice=choice, expert=expert, to=requester, fields=" ".join(shown), at=now
        )
    ContactReveal.objects.create(
        choice=choice, of=requester, to_expert=expert, fields="email", at=now
    )


@transaction.atomic
def decline(
    choice_id: int,
    reason: Choice.Reason,
    words: str,
    now: datetime,
    by: User | None = None,
    channel: Channel = Channel.PORTAL,
) -> Choice:
    """The expert says no and why; the next one is asked. Raises Refused without a reason."""
    choice = _asked(choice_id)
    if reason not in Choice.Reason.values:
        raise Refused(_("Choose a reason: it helps the Lead to find somebody else."))
    choice.reason, choice.words = reason, words.strip()
    move_choice(choice, Choice.Status.DECLINED, now, by, channel)
    asking.go_on(choice, now, "declined")
    return choice


@transaction.atomic
def hand_on(
    choice_id: int,
    colleague_id: int,
    words: str,
    now: datetime,
    by: User | None = None,
    channel: Channel = Channel.PORTAL,
) -> Choice:
    """The expert names a colleague of the list, who is asked next. Returns the colleague's choice.

    Raises Refused for oneself, for somebody who was chosen before, and who cannot be asked now.
    """
    choice = _asked(choice_id)
    colleague = Expert.objects.listed().filter(pk=colleague_id).first()
    if colleague is None:
        raise Refused(_("This person is not on the list of experts."))
    if colleague.pk == choice.expert_id:
        raise Refused(_("Choose somebody else than yourself."))
    asking.one_at_a_time()
    known = choice.place.choices.filter(expert=colleague).first()
    cannot = (
        (known is not None and known.status != Choice.Status.CHOSEN)
        or colleague.user_id == choice.place.request.requester_id
        or availability.why_not(colleague, now)
    )
    if cannot:  # one sentence: who was asked, and who said no to others, is nobody's business
        raise Refused(_("%(name)s cannot be asked for this request now.") % {"name": colleague})
    last = choice.place.choices.aggregate(last=Max("order"))["last"]
    following = known or Choice.objects.create(
        place=choice.place,
        expert=colleague,
        order=last + 1,
        chosen_by=by,
        chosen_at=now,
        why=[_("named by %(name)s") % {"name": choice.expert}],
    )
    choice.handed_to, choice.words = following, words.strip()
    move_choice(choice, Choice.Status.HANDED_ON, now, by, channel)
    if choice.place.request.status == AdviceRequest.Status.ASKING:
        move_choice(following, Choice.Status.ASKED, now)
        telling.ask(following)
    telling.tell_requester(choice.place.request, "handed_on", choice=choice, following=following)
    asking.settle(choice.place.request, now)
    return following


@transaction.atomic
def step_back(
    choice_id: int,
    words: str,
    now: datetime,
    by: User | None = None,
    channel: Channel = Channel.PORTAL,
) -> Choice:
    """The expert who accepted cannot help after all: the next choice is asked. Raises Refused."""
    choice = locked_choice(choice_id)
    request = choice.place.request
    if choice.status != Choice.Status.ACCEPTED or request.status not in AdviceRequest.OPEN:
        raise Refused(_no_more(choice))
    choice.words = words.strip()
    move_choice(choice, Choice.Status.CALLED_OFF, now, by, channel, choice.words)
    asking.replace(choice, now, "stepped_back")
    return choice


@transaction.atomic
def unavailable(
    choice_id: int,
    until: date,
    now: datetime,
    by: User | None = None,
    channel: Channel = Channel.PORTAL,
) -> Choice:
    """The expert is away until a day: the profile says so, and the next one is asked.

    Raises Refused for a day that is past or over 12 months away.
    """
    choice = _asked(choice_id)
    listing.pause(choice.expert_id, until, now)
    move_choice(choice, Choice.Status.UNAVAILABLE, now, by, channel)
    asking.go_on(choice, now, "unavailable")
    return choice
