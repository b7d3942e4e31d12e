"""Onto the list and off it: submit, approve, reject, unlist, pause, remove, erase."""

from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from experts import confirmation, consent, contact, editing, editions
from experts.models import (
    Change,
    Confirmation,
    Consent,
    Correction,
    Edit,
    EditionEntry,
    Expert,
    FollowUp,
    Invitation,
    ProfileLink,
)
from experts.telling import tell
from mailings import retention
from partners import decisions
from partners.models import User
from partners.refusals import Refused

ERASE_AFTER = timedelta(days=30)
UNTOUCHED_DRAFTS_GO_AFTER = timedelta(days=30)
PAUSE_AT_MOST = relativedelta(months=12)

#: What must be filled in before the Lead looks at a profile.
REQUIRED_TO_SUBMIT = ("name", "country", "terms", "languages", "summary")


def _move(expert_id: int, to: Expert.Status, sentence: str) -> Expert:
    """Lock the profile if it may go to this status. Raises Refused with the sentence."""
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if to not in Expert.NEXT[expert.status]:
        raise Refused(sentence)
    expert.status = to
    expert.version += 1
    return expert


def missing_to_submit(expert: Expert) -> list[str]:
    """Names of the fields that must still be filled in before the profile can be submitted."""
    return [
        field
        for field in REQUIRED_TO_SUBMIT
        if not (expert.term_ids if field == "terms" else getattr(expert, field))
    ]


@transaction.atomic
def submit(expert_id: int, now: datetime) -> Expert:
    """The person hands the profile to the Lead.

    Raises Refused when something is missing, when consent was not given, when the profile is not a
    draft, unlisted or withdrawn, or when somebody took the address of a withdrawn one meanwhile.
    """
    expert = _move(expert_id, Expert.Status.AWAITING, _("This profile was already handed in."))
    if missing_to_submit(expert):
        raise Refused(
            _("Some fields are still empty: name, country, expertise, languages, summary.")
        )
    if not consent.has_agreed(expert):
        raise Refused(_("Agree to be listed first."))
    confirmation.stamp(expert, now, confirmation.Channel.SAVED)  # handing in says: it is right
    expert.submitted_at = now
    expert.removed_at = None
    with contact.one_profile_an_address():
        expert.save()
    return expert


@transaction.atomic
def hand_in(
    expert_id: int,
    by: User | None,
    now: datetime,
    channel: Consent.Channel = Consent.Channel.PORTAL,
) -> Expert:
    """The person agrees to be listed and hands the profile in. Raises Refused as `submit` does.

    `by` is None, and the agreement is written down anew, where it came by a link in a mail.
    """
    expert = Expert.objects.get(pk=expert_id)
    if channel == Consent.Channel.MAIL or not consent.has_agreed(expert):
        consent.agree(expert, by, now, channel)
    return submit(expert_id, now)


@transaction.atomic
def approve(expert_id: int, by: User, now: datetime) -> Expert:
    """The Lead puts a profile on the list and tells the expert.

    What the person wrote and handed in counts as confirmed at that moment; approving does not
    move it. Raises Refused when the profile is not awaiting approval.
    """
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.status != Expert.Status.AWAITING:
        raise Refused(_("This profile is not awaiting approval."))
    return _put_on_list(expert, by, now, "listed")


@transaction.atomic
def reject(expert_id: int, by: User, reason: str, now: datetime) -> Expert:
    """The Lead gives a profile back with a reason; it is a draft again and nothing is lost."""
    _need(reason)
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.status != Expert.Status.AWAITING:
        raise Refused(_("This profile is not awaiting approval."))
    expert.status = Expert.Status.DRAFT
    expert.status_reason = reason
    expert.version += 1
    expert.save()
    decisions.record(by, "returned", expert, now, reason)
    tell(expert, "returned", reason=reason)
    return expert


@transaction.atomic
def unlist(expert_id: int, by: User, reason: str, now: datetime) -> Expert:
    """The Lead takes a profile off the list with a reason."""
    _need(reason)
    expert = _move(expert_id, Expert.Status.UNLISTED, _("This profile is not on the list."))
    expert.status_reason = reason
    expert.unlisted_for = Expert.UnlistedFor.LEAD
    expert.save()
    decisions.record(by, "unlisted", expert, now, reason)
    tell(expert, "unlisted", reason=reason)
    return expert


@transaction.atomic
def unlist_for_silence(expert_id: int, silent: QuerySet[Expert], now: datetime) -> bool:
    """Nobody confirmed the profile for too long: off the list until its expert says 'still right'.

    `silent` is looked at again under the lock, so that a confirmation of this moment counts.
    """
    Expert.objects.select_for_update().get(pk=expert_id)
    expert = silent.filter(pk=expert_id).first()
    if expert is None:
        return False
    expert.status = Expert.Status.UNLISTED
    expert.unlisted_for = Expert.UnlistedFor.SILENCE
    expert.status_reason = _("Not confirmed for too long.")
    expert.version += 1
    expert.save()
    decisions.record(None, "unlisted for silence", expert, now)
    tell(expert, "unlisted_for_silence")
    return True


@transaction.atomic
def relist(expert_id: int, by: User, now: datetime) -> Expert:
    """The Lead puts an unlisted profile back."""
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.status != Expert.Status.UNLISTED:
        raise Refused(_("This profile is not unlisted."))
    return _put_on_list(expert, by, now, "listed again")


def _put_on_list(expert: Expert, by: User, now: datetime, action: str) -> Expert:
    """The profile, locked and fit for it, is listed from now on; the expert is told."""
    expert.status = Expert.Status.LISTED
    expert.status_reason = expert.unlisted_for = ""
    expert.approved_by, expert.approved_at = by, now
    expert.version += 1
    expert.save()
    decisions.record(by, action, expert, now)
    tell(expert, "listed")
    return expert


@transaction.atomic
def pause(expert_id: int, until: date, now: datetime) -> Expert:
    """'Pause me' until a day. Raises Refused for a day that is past or over 12 months away."""
    if until <= now.date():
        raise Refused(_("Choose a day in the future."))
    if until > now.date() + PAUSE_AT_MOST:
        raise Refused(
            _("A pause lasts 12 months at most: until %(day)s.")
            % {"day": date_format(now.date() + PAUSE_AT_MOST)}
        )
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.status != Expert.Status.LISTED:
        raise Refused(_("This profile is not on the list."))
    expert.paused_until = until
    expert.version += 1
    expert.save()
    return expert


@transaction.atomic
def end_pause(expert_id: int, now: datetime) -> Expert:
    """The expert is back before the day; safe to repeat."""
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.paused_until is not None:
        expert.paused_until = None
        expert.version += 1
        expert.save()
    return expert


@transaction.atomic
def end_past_pauses(now: datetime) -> int:
    """Pauses whose day has come end with a mail; safe to repeat. Returns how many ended."""
    ended = Expert.objects.select_for_update(skip_locked=True).filter(
        paused_until__lte=now.date(), status=Expert.Status.LISTED
    )
    count = 0
    for expert in ended:
        expert.paused_until = None
        expert.version += 1
        expert.save()
        tell(expert, "pause_ended")
        count += 1
    return count


@transaction.atomic
def remove(
    expert_id: int,
    by: User | None,
    now: datetime,
    channel: Consent.Channel = Consent.Channel.PORTAL,
) -> Expert:
    """'Remove me': hidden at once, consent taken back; private fields go after 30 days.

    Editions of the roster lose the name, too, and what waits for the Lead is not asked for any
    more. `by` is None by a link in a mail.
    """
    expert = _move(expert_id, Expert.Status.WITHDRAWN, _("This profile is removed already."))
    expert.removed_at = now
    expert.paused_until = None
    expert.save()
    waiting = Change.objects.filter(edit__expert=expert, state=Change.State.WAITING)
    waiting.update(state=Change.State.REPLACED)
    editions.take_out(expert.pk)
    consent.withdraw(expert, by, now, channel)
    tell(expert, "removed", erased_on=now + ERASE_AFTER)
    return expert


#: What stays of a removed profile, beside the consent record and the Lead's log. The pages
#: 'Remove me' and the consent text promise that nothing else does.
STAYS = ("name", "organisation", "country", "terms")
_ERASED = {
    **dict.fromkeys(("email", "phone", "position", "summary", "experience"), ""),
    **dict.fromkeys(("website", "orcid", "linkedin", "photo", "status_reason"), ""),
    **dict.fromkeys(("mail_language", "unlisted_for"), ""),
    "languages": [],
    "worked_in": [],
    **dict.fromkeys(("remote_advice", "missions", "training"), False),
    **dict.fromkeys(("available_from", "available_until", "max_open_requests"), None),
    **dict.fromkeys(("user", "imported_updated_on", "paused_until", "reminders_off_at"), None),
}


#: Rows about a profile that go with its words.
_TRACES = (Edit, Correction, Invitation, FollowUp, EditionEntry, Confirmation, ProfileLink)


@transaction.atomic
def erase_removed(now: datetime) -> int:
    """Erase all but `STAYS` of profiles removed 30 days ago, with history, edits, notes and links.

    What stays is there so that the portal can show later what it did. Returns how many were
    erased; safe to repeat.
    """
    traces = [Exists(model.objects.filter(expert=OuterRef("pk"))) for model in _TRACES]
    traces.append(Exists(Expert.history.model.objects.filter(id=OuterRef("pk"))))
    whole = Q(**_ERASED)
    removed = Expert.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        status=Expert.Status.WITHDRAWN, removed_at__lte=now - ERASE_AFTER
    )
    count = 0
    for expert in removed.filter(reduce(or_, traces, ~whole)):
        retention.forget_address(expert.mail_address, now)
        editing.drop_photo(expert)
        for field, empty in _ERASED.items():
            setattr(expert, field, list(empty) if empty == [] else empty)
        expert.version += 1
        expert.save()
        expert.history.all().delete()
        for model in _TRACES:
            model.objects.filter(expert=expert).delete()
        count += 1
    return count


@transaction.atomic
def drop_untouched_drafts(now: datetime) -> int:
    """Drafts and unanswered nominations that nobody touched for 30 days go. Returns how many.

    A draft of somebody who agreed to be listed keeps its consent record: it is hidden as by
    'Remove me' and erased later.
    """
    since = now - UNTOUCHED_DRAFTS_GO_AFTER
    old = Expert.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        status=Expert.Status.DRAFT, created_at__lte=since
    )
    count = 0
    for expert in old:
        if expert.history.filter(history_date__gt=since).exists():  # asked for under the lock
            continue
        if expert.consents.exists():
            expert.status, expert.removed_at = Expert.Status.WITHDRAWN, now
            expert.version += 1
            expert.save()
            editions.take_out(expert.pk)
        else:
            editing.drop_photo(expert)
            history = Expert.history.filter(id=expert.pk)
            expert.delete()
            history.delete()
        count += 1
    unanswered = Invitation.objects.filter(
        kind=Invitation.Kind.NOMINATION, state=Invitation.State.SENT, expires_at__lte=now
    )
    return count + unanswered.delete()[0]


def _need(reason: str):
    if not reason.strip():
        raise Refused(_("Give a reason: the other side is told."))
