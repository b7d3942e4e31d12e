"""What a meeting decides, and how far its actions come: each change with its line in the log."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meetings import permissions
from meetings.models import Item, Meeting, Outcome, OutcomeChange
from partners.models import User
from partners.refusals import Refused

Kind, Status = Outcome.Kind, Outcome.Status
#: What `add` and `change` take; the owner is a person, an organisation, words, or several of these
FIELDS = ("kind", "text", "item", "owner", "organisation", "owner_name", "due_on")
OWNERS = ("owner", "organisation", "owner_name")
#: Ends that others must be able to check
NEEDS_EVIDENCE = (Status.DONE, Status.DROPPED)


@transaction.atomic
def add(meeting_id: int, values: dict, by: User, now: datetime) -> Outcome:
    """An outcome under the next number of the meeting; an action begins as not started.

    `values`: of FIELDS; what is not there is empty. Raises Refused for a meeting that is a draft or
    cancelled, an item of another one, an action without an owner, and for the same words twice.
    """
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    if not takes_outcomes(meeting):
        raise Refused(_("Only a meeting that is announced or was held has outcomes."))
    values = _checked(values, meeting)
    same = meeting.outcomes.filter(kind=values["kind"], text=values["text"])
    if same.exists():
        raise Refused(_("This outcome stands there already."))
    last = meeting.outcomes.aggregate(last=Max("number"))["last"] or 0
    return Outcome.objects.create(
        meeting=meeting,
        number=last + 1,
        status=Status.OPEN if values["kind"] == Kind.ACTION else Status.NONE,
        created_by=by,
        created_at=now,
        fictitious=meeting.fictitious,
        **values,
    )


@transaction.atomic
def change(outcome_id: int, values: dict, by: User, now: datetime) -> Outcome:
    """Correct an outcome; what stood there before goes into its log. `values` as for `add`.

    Raises Refused as `add` does, and where an action would become something else, or the other way
    round: it has a history of its own.
    """
    outcome = Outcome.objects.select_for_update(of=("self",)).get(pk=outcome_id)
    values = _checked(values, outcome.meeting)
    if (values["kind"] == Kind.ACTION) != (outcome.kind == Kind.ACTION):
        raise Refused(
            _("An action stays an action. Drop it with a reason, and add the other outcome.")
        )
    said = _differences(outcome, values)
    if not said:
        return outcome
    for name, value in values.items():
        setattr(outcome, name, value)
    outcome.save(update_fields=[*values])
    _log(outcome, outcome.status, "\n".join(said), "", by, now)
    return outcome


@transaction.atomic
def report_progress(
    outcome_id: int,
    to: str,
    words: str,
    by: User,
    now: datetime,
    *,
    url: str = "",
    document=None,
) -> Outcome:
    """Say how far an action has come. With its present status, words are added to it.

    `document` of the library or `url` is where the evidence stands. Raises Refused for somebody who
    may not, for a way that does not lead there, and without words where others must be able to
    check: done, dropped, and words alone.
    """
    outcome = Outcome.objects.select_for_update(of=("self",)).get(pk=outcome_id)
    if not permissions.can_report_progress(by, outcome, now.date()):
        raise Refused(_("Its owner, the organisers and the Lead say how far it has come."))
    stays = to == outcome.status
    if outcome.kind != Kind.ACTION or not (stays or to in Outcome.NEXT.get(outcome.status, ())):
        raise Refused(
            _("This action is “%(status)s” now: this cannot be done.")
            % {"status": outcome.get_status_display()}
        )
    words, old = words.strip(), outcome.status
    if not words and to == Status.DROPPED:
        raise Refused(_("Say why it is dropped."))
    if not words and to == Status.DONE:
        raise Refused(_("Say what shows that it is done."))
    if not words and stays:
        raise Refused(_("Choose another status, or say what happened."))
    outcome.status = to
    if words and (to in NEEDS_EVIDENCE or url or document):
        outcome.evidence = words
    if url or document:
        outcome.evidence_url, outcome.document = url, document
    outcome.save(update_fields=["status", "evidence", "evidence_url", "document"])
    shown = url or (document.get_absolute_url() if document else "")
    _log(outcome, old, words, shown, by, now)
    return outcome


def takes_outcomes(meeting: Meeting) -> bool:
    """It was announced, and not cancelled."""
    return meeting.status not in (Meeting.Status.DRAFT, Meeting.Status.CANCELLED)


def _checked(values: dict, meeting: Meeting) -> dict:
    """All of FIELDS, tidied. Raises Refused."""
    empty = dict.fromkeys(FIELDS) | {"text": "", "owner_name": ""}
    found = empty | {name: values[name] for name in FIELDS if name in values}
    found["text"] = found["text"].strip()
    if not found["text"]:
        raise Refused(_("Say what the outcome is."))
    item: Item | None = found["item"]
    if item is not None and item.session.meeting_id != meeting.pk:
        raise Refused(_("This item is on the agenda of another meeting."))
    if found["kind"] != Kind.ACTION:
        return found | {"owner": None, "organisation": None, "owner_name": "", "due_on": None}
    if not any(found[name] for name in OWNERS):
        raise Refused(_("An action needs an owner: somebody who does it."))
    return found


def _differences(outcome: Outcome, values: dict) -> list[str]:
    """What was there before, a sentence each; names of people stay out of the log."""
    found = []
    if values["text"] != outcome.text:
        found.append(_("The words were: %(text)s") % {"text": outcome.text})
    if values["kind"] != outcome.kind:
        found.append(_("The kind was: %(kind)s") % {"kind": outcome.get_kind_display()})
    if values["due_on"] != outcome.due_on:
        if outcome.due_on:
            day = date_format(outcome.due_on, "j F Y")
            found.append(_("It was due on %(day)s.") % {"day": day})
        else:
            found.append(_("It had no due date."))
    if any(values[name] != getattr(outcome, name) for name in OWNERS):
        before = outcome.owned_by(with_names=False)
        found.append(_("The owner was: %(owner)s") % {"owner": before})
    if values["item"] != outcome.item:
        found.append(_("The agenda item was another one."))
    return found


def _log(outcome: Outcome, old: str, words: str, url: str, by: User, now: datetime):
    OutcomeChange.objects.create(
        outcome=outcome, old=old, new=outcome.status, words=words, url=url, by=by, at=now
    )
