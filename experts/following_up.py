"""What the Lead does about an expert who stayed silent: write again, ask a colleague, leave.

Each step is taken on an expert in the queue (freshness.silent) and leaves a FollowUp, which keeps
the expert out of the queue for a while. The colleague answers behind a link, without sign-in; the
answer brings the expert back into the queue, and changes no profile.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from experts import freshness, listing
from experts.models import Expert, FollowUp, Policy
from experts.reminders import TOPIC, ladder
from mailings import outbox, reminders, suppression
from mailings.models import OutgoingMail, Reminder
from mailings.outbox import Letter, Skip
from partners import decisions
from partners.models import User
from partners.refusals import Refused

Action = FollowUp.Action

ASK_CONTACT = "experts/mail/ask_contact"
LINK_WORKS_FOR = timedelta(days=30)
SAME_CONTACT_AFTER = timedelta(days=14)
WRITTEN_AGAIN_AFTER = timedelta(hours=24)
NOTE_AT_MOST = FollowUp._meta.get_field("note").max_length  # characters


def register():
    """Name the function below to the outbox; called when the app is ready."""
    outbox.prepared_by(ASK_CONTACT, letters)


def _silent(expert_id: int, now: datetime) -> Expert:
    """The expert, locked, with `cycle` and `why`. Raises Refused when no Lead is needed now."""
    Expert.objects.select_for_update().filter(pk=expert_id).values_list("pk").first()
    waiting = freshness.silent(now).select_related("user", "organisation")
    expert = waiting.defer("search").filter(pk=expert_id).first()
    if expert is None:
        raise Refused(
            _("This expert needs nothing now: confirmed meanwhile, or another Lead took it up.")
        )
    return expert


@transaction.atomic
def write_again(expert_id: int, by: User, now: datetime) -> FollowUp:
    """One more mail, beside the ladder; the queue waits as long as between two reminders.

    Raises Refused without a working address, for who wants no reminders, and within 24 hours of
    another mail.
    """
    expert = _silent(expert_id, now)
    if why := why_not_written_to(expert, now):
        raise Refused(why)
    reminders.write_again(
        ladder(now), expert.pk, expert.cycle, expert.mail_address, expert.reads, by, now
    )
    until = now + timedelta(days=Policy.current().days_between)
    decisions.record(by, "wrote again", expert, now)
    return _follow_up(expert, Action.WRITE_AGAIN, by, now, until)


def why_not_written_to(expert: Expert, now: datetime) -> str:
    """Why the Lead cannot write to this expert now, in a sentence; empty when that works."""
    address = expert.mail_address
    if not address:
        return _("The profile has no e-mail address. Ask the organisation’s contact person.")
    if expert.reminders_off_at:
        return _("This expert switched reminders off.")
    if suppressed := suppression.found({address}, TOPIC).get(address):
        return _("Not written to: %(why)s.") % {"why": _small(suppressed.get_reason_display())}
    last = _left(Reminder.objects.filter(topic=TOPIC, object_id=expert.pk))
    if last.filter(left_at__gt=now - WRITTEN_AGAIN_AFTER).exists():
        return _("A mail was sent in the last 24 hours. Write again tomorrow.")
    return ""


def _left(reminders):
    """Those whose mail reached somebody or is on its way, with `left_at`."""
    failed = (OutgoingMail.State.SKIPPED, OutgoingMail.State.FAILED)
    return reminders.exclude(mail__state__in=failed).annotate(
        left_at=Coalesce("mail__finished_at", "mail__next_try", F("at"))
    )


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


@transaction.atomic
def leave(expert_id: int, by: User, now: datetime) -> FollowUp:
    """Nothing now: the queue forgets the expert for some months of the policy."""
    expert = _silent(expert_id, now)
    until = now + relativedelta(months=Policy.current().leave_months)
    decisions.record(by, "left for now", expert, now)
    return _follow_up(expert, Action.LEAVE, by, now, until)


@transaction.atomic
def unlist(expert_id: int, by: User, reason: str, now: datetime) -> Expert:
    """Off the list, and the expert is told why; refused for who confirmed a moment ago."""
    _silent(expert_id, now)
    return listing.unlist(expert_id, by, reason, now)


@transaction.atomic
def ask_contact(expert_id: int, name: str, email: str, by: User, now: datetime) -> FollowUp:
    """Ask a person of the expert's organisation, whom the Lead names; the link works for 30 days.

    Raises Refused for a name or address that is none, for the expert's own address, for one that
    is not written to, while another question about this expert is open, and within 14 days of the
    last question to the same address.
    """
    expert = _silent(expert_id, now)
    name, email = " ".join(name.split()), email.strip().lower()
    _check_contact(expert, name, email)
    asked = expert.follow_ups.filter(action=Action.ASK_CONTACT)
    for one in asked.filter(answered_at=None):
        if is_open(one, now):
            raise Refused(
                _("%(name)s was asked on %(day)s and can still answer.")
                % {"name": one.contact_name, "day": date_format(one.at)}
            )
    if asked.filter(contact_email=email, at__gt=now - SAME_CONTACT_AFTER).exists():
        raise Refused(_("This person was asked about this expert in the last 14 days."))
    decisions.record(by, "asked a contact person", expert, now)  # the log keeps no third names
    follow_up = _follow_up(
        expert,
        Action.ASK_CONTACT,
        by,
        now,
        until=now + LINK_WORKS_FOR,
        contact_name=name,
        contact_email=email,
    )
    outbox.post(ASK_CONTACT, email, {"follow_up": follow_up})
    return follow_up


def _check_contact(expert: Expert, name: str, email: str):
    if not name:
        raise Refused(_("Enter the name of the contact person."))
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(_("Enter the e-mail address of the contact person.")) from None
    own = {expert.email.lower(), expert.user.email.lower() if expert.user else ""}
    if email in own:
        raise Refused(_("This is the expert’s own address. Name somebody else."))
    if suppression.found({email}):
        raise Refused(_("Mail to this address comes back, or its owner wants none."))


def _follow_up(expert: Expert, action: Action, by: User, now: datetime, until, **contact):
    return FollowUp.objects.create(
        expert=expert, action=action, by=by, at=now, until=until, **contact
    )


def contacts(experts: Iterable[Expert]) -> dict[int, tuple[str, str]]:
    """(name, address) of whom to ask about these experts, by key: who was named last for the same
    organisation, else its contact person; none for who has no organisation, or is that person.

    Two queries, whatever the number of experts, which come with their organisation.
    """
    experts = [expert for expert in experts if expert.organisation_id]
    named = FollowUp.objects.filter(
        action=Action.ASK_CONTACT,
        expert__organisation__in={expert.organisation_id for expert in experts},
    )
    of_organisation = {}
    for organisation, name, email in named.order_by("at", "pk").values_list(
        "expert__organisation", "contact_name", "contact_email"
    ):
        of_organisation[organisation] = (name, email)
    people = User.objects.in_bulk({expert.organisation.contact_id for expert in experts} - {None})
    found = {}
    for expert in experts:
        person = people.get(expert.organisation.contact_id)
        contact = of_organisation.get(expert.organisation_id)
        if contact is None and person and person.is_active:
            contact = (person.name, person.email)
        if contact and contact[1] != expert.mail_address:
            found[expert.pk] = contact
    return found


# The mail, and the page behind its link


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The question, unless the answer is of no use any more (mailings/outbox.py)."""
    keys = {mail.pk: mail.context["follow_up"]["pk"] for mail in mails}
    rows = _with_expert().in_bulk(set(keys.values()))
    gone = Skip("Nobody needs the answer any more.")
    return {
        mail.pk: Letter({"follow_up": rows[key], "valid_until": rows[key].at + LINK_WORKS_FOR})
        if (key := keys[mail.pk]) in rows and is_open(rows[key], now)
        else gone
        for mail in mails
    }


def _with_expert():
    return FollowUp.objects.select_related("expert__organisation", "expert__country", "by").defer(
        "expert__search"
    )


def find(token: str, now: datetime) -> FollowUp | None:
    """The question behind a link, while it can be answered."""
    asked = _with_expert().filter(token=token, action=Action.ASK_CONTACT).first()
    return asked if asked and is_open(asked, now) else None


def is_open(asked: FollowUp, now: datetime) -> bool:
    """Not answered, not too old, and the expert is on the list and has not confirmed since."""
    expert = asked.expert
    return (
        asked.answered_at is None
        and asked.at > now - LINK_WORKS_FOR
        and expert.status == Expert.Status.LISTED
        and not (expert.confirmed_at and expert.confirmed_at > asked.at)
    )


@transaction.atomic
def answer(token: str, said: FollowUp.Answer, note: str, now: datetime) -> FollowUp:
    """What the contact person says; the expert is back in the queue with it.

    Raises Refused when the link is dead, and for a note of more than 500 characters.
    """
    if len(note) > NOTE_AT_MOST:
        raise Refused(_("The note has more than 500 characters. Shorten it."))
    FollowUp.objects.select_for_update().filter(token=token).values_list("pk").first()
    asked = find(token, now)
    if asked is None:
        raise Refused(_("This link does not work any more."))
    asked.answer, asked.note, asked.answered_at = said, note, now
    asked.until = min(asked.until, now)
    asked.save(update_fields=["answer", "note", "answered_at", "until"])
    return asked
