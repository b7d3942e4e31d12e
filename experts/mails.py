"""What stands in the mails about a profile, decided when they leave (mailings/outbox.py)."""

from datetime import datetime

from django.db.models import Prefetch

from experts import links
from experts.models import Audience, Expert, Policy
from experts.reminders import NOTICE_TEMPLATE, TEMPLATE, TOPIC
from mailings import outbox, topics
from mailings.models import OutgoingMail, Reminder
from mailings.outbox import Letter, Skip
from partners.models import Term

FRESH_LINK = "experts/mail/fresh_link"
UNLISTED_FOR_SILENCE = "experts/mail/unlisted_for_silence"


def register():
    """Name the functions below to the outbox; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, reminder)
    outbox.prepared_by(NOTICE_TEMPLATE, reminder)
    outbox.prepared_by(FRESH_LINK, with_link)
    outbox.prepared_by(UNLISTED_FOR_SILENCE, with_link)


def reminder(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The profile as it stands; nothing where the reason of the reminder is gone."""
    experts = _profiles({mail.reminder.object_id for mail in mails if mail.reminder})
    found: dict[int, Letter | Skip] = {}
    of_mail = {}
    for mail in mails:
        expert = experts.get(mail.reminder.object_id) if mail.reminder else None
        why = _why_not(expert, mail.reminder, now)
        if why:
            found[mail.pk] = Skip(why)
        else:
            of_mail[mail.pk] = expert
    stops = topics.tokens(TOPIC, [expert.pk for expert in of_mail.values()])
    return found | _letters(mails, of_mail, now, stops)


def _why_not(expert: Expert | None, reminder: Reminder | None, now: datetime) -> str:
    """Why this reminder is not sent any more, in the Lead's words; empty when it is."""
    if expert is None or reminder is None or expert.status != Expert.Status.LISTED:
        return "The profile is not on the list any more."
    if expert.confirmed_at and expert.confirmed_at > reminder.cycle:
        return "Confirmed meanwhile."
    if not links.address_of(expert):
        return "The profile has no address any more."
    if reminder.step is None:  # the Lead wrote by hand
        return ""
    if expert.is_paused(now):
        return "Paused meanwhile."
    if reminder.step < Reminder.NOTICE and expert.reminders_off_at:
        return "Reminders were switched off meanwhile."
    return ""


def with_link(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """Mails whose context names the expert, with a link that acts for the profile."""
    keys = {mail.pk: mail.context["expert"]["pk"] for mail in mails}
    experts = _profiles(set(keys.values()))
    of_mail = {
        mail_key: experts[key]
        for mail_key, key in keys.items()
        if key in experts and links.address_of(experts[key])
    }
    gone = Skip("The profile has no address any more.")
    return {mail.pk: gone for mail in mails} | _letters(mails, of_mail, now, {})


def _profiles(keys: set[int]) -> dict[int, Expert]:
    terms = Prefetch("terms", Term.objects.order_by("pk"))
    experts = Expert.objects.select_related("organisation", "country", "user").defer("search")
    return experts.prefetch_related(terms).in_bulk(keys)


def _letters(
    mails: list[OutgoingMail], of_mail: dict[int, Expert], now: datetime, stops: dict[int, str]
) -> dict[int, Letter]:
    mails = [mail for mail in mails if mail.pk in of_mail]
    for mail in mails:
        mail.language = of_mail[mail.pk].reads
    tokens = links.make(mails, of_mail, now)
    policy = Policy.current()
    found = {}
    for mail in mails:
        expert = of_mail[mail.pk]
        stop = stops.get(expert.pk, "")
        context = {
            "expert": expert,
            "policy": policy,
            "token": tokens[mail.pk],
            "stop": stop,
            "valid_until": now + links.VALID_FOR,
            "audiences": Audience,
        }
        found[mail.pk] = Letter(context, to=links.address_of(expert), stop=stop)
    return found
