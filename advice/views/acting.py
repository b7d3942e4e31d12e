"""What one side of a choice does, signed in or by the link in a mail: the same forms and steps."""

from dataclasses import dataclass, field
from datetime import datetime

from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext as _

from advice import (
    abuse,
    answering,
    conversing,
    outcomes,
    request_reminders,
    telling,
)
from advice.forms.requests import (
    DeclineForm,
    HandOnForm,
    MessageForm,
    OutcomeForm,
    ReportForm,
    StepBackForm,
    UnavailableForm,
)
from advice.models import Choice, Message, Side
from documents.forms.practices import OFFERED_AT_MOST
from experts.models import Expert
from partners import languages
from partners.models import User
from partners.refusals import Refused


@dataclass
class Attempt:
    """What became of a POST: a sentence when it is done, else the form with what is wrong."""

    done: str = ""
    forms: dict[str, Form] = field(default_factory=dict)
    refused: str = ""

    @property
    def status(self) -> int:
        return 409 if self.refused else 200


def empty_forms(choice: Choice, side: Side, now: datetime) -> dict[str, Form]:
    """All forms of the page, by the name of the button that sends them."""
    said = next((one for one in choice.outcomes.all() if one.side == side), None)
    initial = {}
    if said:
        names = ("happened", "helped", "sentence", "agrees")
        initial = {name: getattr(said, name) for name in names}
    return {
        "decline": DeclineForm(prefix="decline"),
        "hand_on": HandOnForm(prefix="hand_on"),
        "unavailable": UnavailableForm(prefix="unavailable", today=now.date()),
        "step_back": StepBackForm(prefix="step_back"),
        "say": MessageForm(prefix="say"),
        "outcome": OutcomeForm(prefix="outcome", initial=initial),
        "report": ReportForm(prefix="report"),
    }


_OF_EXPERT = ("accept", "decline", "hand_on", "unavailable", "step_back")
_OF_BOTH = ("say", "outcome", "report")
NAMES = (*_OF_EXPERT, *_OF_BOTH)


def act(
    request: HttpRequest,
    choice: Choice,
    side: Side,
    now: datetime,
    by: User | None,
    channel: Choice.Channel,
) -> Attempt:
    """Do what the pressed button says. Unknown buttons, and those of the other side, do nothing."""
    names = NAMES if side == Side.EXPERT else _OF_BOTH
    if side == Side.LEAD:
        names = ("say",)
    name = next((name for name in names if name in request.POST), "")
    shown = empty_forms(choice, side, now)
    if not name:
        return Attempt(forms=shown)
    form = _filled(name, request, now)
    if form is not None:
        shown[name] = form
        if not form.is_valid():
            return Attempt(forms=shown)
    try:
        done = _STEPS[name](choice, side, form.cleaned_data if form else {}, now, by, channel)
    except Refused as refusal:
        if form is None:
            return Attempt(forms=shown, refused=str(refusal))
        form.add_error(None, str(refusal))
        return Attempt(forms=shown, refused=str(refusal))
    return Attempt(done=done)


def _filled(name: str, request: HttpRequest, now: datetime) -> Form | None:
    data, prefix = request.POST, {"prefix": name}
    made = {
        "decline": lambda: DeclineForm(data, **prefix),
        "hand_on": lambda: HandOnForm(data, **prefix),
        "unavailable": lambda: UnavailableForm(data, today=now.date(), **prefix),
        "step_back": lambda: StepBackForm(data, **prefix),
        "say": lambda: MessageForm(data, request.FILES, **prefix),
        "outcome": lambda: OutcomeForm(data, **prefix),
        "report": lambda: ReportForm(data, **prefix),
    }.get(name)
    return made() if made else None


def _accept(choice, side, values, now, by, channel) -> str:
    answering.accept(choice.pk, now, by, channel)
    return _("Thank you. The person who asked knows that you help.")


def _decline(choice, side, values, now, by, channel) -> str:
    answering.decline(choice.pk, values["reason"], values["words"], now, by, channel)
    return _("Thank you for the answer. Somebody else is asked.")


def _hand_on(choice, side, values, now, by, channel) -> str:
    following = answering.hand_on(choice.pk, values["colleague"].pk, "", now, by, channel)
    return _("Thank you. %(name)s is asked next.") % {"name": following.expert}


def _unavailable(choice, side, values, now, by, channel) -> str:
    answering.unavailable(choice.pk, values["until"], now, by, channel)
    return _("Thank you. Somebody else is asked, and your profile says until when you are away.")


def _step_back(choice, side, values, now, by, channel) -> str:
    answering.step_back(choice.pk, values["words"], now, by, channel)
    return _("Thank you for saying so. Somebody else is asked.")


def _say(choice, side, values, now, by, channel) -> str:
    way = Message.Channel.PORTAL
    files = [values["file"]] if values["file"] else []
    conversing.say(choice.pk, side, values["text"], files, now, by, way)
    return _("Your message is on its way.")


def _outcome(choice, side, values, now, by, channel) -> str:
    outcomes.say(choice.pk, side, values, now, by)
    return _("Thank you. This shows others whether asking helps.")


def _report(choice, side, values, now, by, channel) -> str:
    abuse.report(choice.pk, side, values["text"], now, by)
    return _("Thank you. The Lead looks at it.")


_STEPS = {
    "accept": _accept,
    "decline": _decline,
    "hand_on": _hand_on,
    "unavailable": _unavailable,
    "step_back": _step_back,
    "say": _say,
    "outcome": _outcome,
    "report": _report,
}


def _colleagues(choice: Choice) -> list[str]:
    """Names that are offered while typing: others of the list with one of the same fields."""
    others = Expert.objects.listed().exclude(pk=choice.expert_id).order_by("sort_name")
    names = others.filter(term_ids__overlap=choice.expert.term_ids).values_list("name", flat=True)
    return list(names[:OFFERED_AT_MOST])


def context(choice: Choice, side: Side, now: datetime, attempt: Attempt) -> dict:
    """What the page about one choice shows to this side."""
    request = choice.place.request
    telling.hide_addresses(choice, side)
    messages = list(choice.messages.prefetch_related("attachments").order_by("at", "pk"))
    for message in messages:
        message.own = message.side == side
        message.writer = telling.writer_of(message, choice)
        message.shown = message.text if message.own else telling.shown_text(message, choice)
    accepted = choice.status == Choice.Status.ACCEPTED
    asks_expert = side == Side.EXPERT and choice.status == Choice.Status.ASKED
    knows_requester = accepted and side != Side.REQUESTER
    return {
        "choice": choice,
        "advice": request,
        "side": str(side),
        "place_term": choice.place.term,
        "terms": list(request.terms.all()),
        "files": [one for one in request.attachments.all() if one.message_id is None],
        "messages_of": messages,
        "is_asked": choice.status == Choice.Status.ASKED,
        "is_accepted": accepted,
        "can_write": conversing.is_open(choice),
        "contact": telling.contact_for_requester(choice) if side == Side.REQUESTER else {},
        "experts": _colleagues(choice) if asks_expert else [],
        "spoken": [languages.name(code) for code in request.languages],
        "answer_by": choice.answer_by,
        "ask_outcome": accepted and now >= choice.answered_at + request_reminders.OUTCOME_AFTER,
        "requester_address": request.requester.email if knows_requester else "",
        "said": [one for one in choice.outcomes.all() if one.side == side],
        "forms": attempt.forms,
        "refused": attempt.refused,
    }
