"""What stands in the mails about a profile, decided when they leave (mailings/outbox.py)."""

from datetime import datetime, timedelta
from functools import cache, partial

from django.db.models import Prefetch

from experts import facts, links
from experts.models import Expert, Policy, Round
from experts.reminders import NOTICE_TEMPLATE, TEMPLATE, TOPIC, outdated
from mailings import outbox, topics
from mailings.links import VALID_FOR
from mailings.models import OutgoingMail, Reminder
from mailings.outbox import Letter, Skip
from partners.models import Term

UNLISTED_FOR_SILENCE = "experts/mail/unlisted_for_silence"


def register():
    """Name the functions below to the outbox; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, reminder)
    outbox.prepared_by(NOTICE_TEMPLATE, reminder)
    outbox.prepared_by(links.FRESH_LINK, with_link)
    outbox.prepared_by(UNLISTED_FOR_SILENCE, unlisted_for_silence)


def reminder(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The profile as it stands; nothing where the reason of the reminder is gone."""
    taken = [mail.reminder for mail in mails if mail.reminder]
    experts = _profiles({one.object_id for one in taken})
    late = outdated(taken, now)
    found: dict[int, Letter | Skip] = {}
    of_mail = {}
    for mail in mails:
        expert = experts.get(mail.reminder.object_id) if mail.reminder else None
        why = _why_not(expert, mail.reminder, now) or late.get(mail.reminder_id, "")
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
    if not expert.mail_address:
        return "The profile has no address any more."
    if reminder.step is None:  # the Lead wrote by hand
        return ""
    if expert.is_paused(now):
        return "Paused meanwhile."
    if reminder.step < Reminder.NOTICE and expert.reminders_off_at:
        return "Reminders were switched off meanwhile."
    return ""


def unlisted_for_silence(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """As `with_link`; nothing to who came back, or left, before the mail did."""
    keys = [mail.context["expert"]["pk"] for mail in mails]
    silent = Expert.objects.filter(
        pk__in=keys, status=Expert.Status.UNLISTED, unlisted_for=Expert.UnlistedFor.SILENCE
    )
    still = set(silent.values_list("pk", flat=True))
    gone = Skip("The profile is not off the list for silence any more.")
    found: dict[int, Letter | Skip] = {mail.pk: gone for mail in mails}
    return found | with_link([m for m in mails if m.context["expert"]["pk"] in still], now)


def with_link(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """Mails whose context names the expert, with a link that acts for the profile."""
    keys = {mail.pk: mail.context["expert"]["pk"] for mail in mails}
    experts = _profiles(set(keys.values()))
    of_mail = {
        mail_key: experts[key]
        for mail_key, key in keys.items()
        if key in experts and experts[key].mail_address
    }
    gone = Skip("The profile has no address any more.")
    found: dict[int, Letter | Skip] = {mail.pk: gone for mail in mails}
    same = {"valid_until": (now + VALID_FOR).date()}
    for key, token in _tokens(mails, of_mail, now).items():
        expert = of_mail[key]
        varies = {"name": expert.name, "token": token}
        found[key] = Letter(same, varies, to=expert.mail_address)
    return found


def _profiles(keys: set[int]) -> dict[int, Expert]:
    terms = Prefetch("terms", Term.objects.order_by("pk"))
    experts = Expert.objects.select_related("organisation", "country", "user").defer("search")
    return experts.prefetch_related(terms).in_bulk(keys)


def _letters(
    mails: list[OutgoingMail], of_mail: dict[int, Expert], now: datetime, stops: dict[int, str]
) -> dict[int, Letter]:
    tokens = _tokens(mails, of_mail, now)
    policy = Policy.current()
    opened = Round.objects.filter(ended_at=None, cancelled_at=None).first()
    found = {}
    for key, token in tokens.items():
        expert = of_mail[key]
        stop = stops.get(expert.pk, "")
        context = {
            "expert": expert,
            # Once, in the language that is active while the templates are filled in
            "facts": cache(partial(facts.of, expert, now, masked=True)),
            "policy": policy,
            "round": opened if opened and _is_asked(expert, opened) else None,
            "token": token,
            "stop": stop,
            "valid_until": now + VALID_FOR,
            "leaves_on": now + timedelta(days=policy.notice_days),
        }
        found[key] = Letter(context, to=expert.mail_address, stop=stop)
    return found


def _tokens(mails: list[OutgoingMail], of_mail: dict[int, Expert], now: datetime) -> dict[int, str]:
    """The token of each mail that has a profile; the mail gets its reader's language."""
    mails = [mail for mail in mails if mail.pk in of_mail]
    for mail in mails:
        mail.language = of_mail[mail.pk].reads
    return links.make(mails, of_mail, now)


def _is_asked(expert: Expert, opened: Round) -> bool:
    return expert.confirmed_at is None or expert.confirmed_at < opened.opened_at
