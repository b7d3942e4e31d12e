"""The one way out: `post` writes a row in the caller's transaction, workers do the rest.

    outbox.post("experts/mail/listed", expert.email, {"expert": expert})

The three templates are filled in when a worker claims the row, so that the mail says what is true
when it leaves. The context is kept as keys: an instance of a model is loaded again then, and a mail
about something that is gone is not sent. A template that needs more than its context names a
function with `prepared_by`.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from kombu.exceptions import OperationalError

from mailings import suppression
from mailings.models import OutgoingMail, Suppression

logger = logging.getLogger(__name__)

Kind = OutgoingMail.Kind
State = OutgoingMail.State


@dataclass
class Letter:
    """What a template needs at the moment of leaving; `to` and `language` where they changed.

    Mails that differ in a few words alone have these in `varies`: their templates are filled in
    once (partners.mail.write_alike).
    """

    context: dict = field(default_factory=dict)
    varies: dict[str, str] = field(default_factory=dict)
    to: str = ""
    language: str = ""
    stop: str = ""  # token of the StopLink in the unsubscribe headers
    relay: str = ""  # token of the RelayAddress that answers go to
    sender: str = ""  # words for From, before the portal's own address
    answers: str = ""  # Message-ID of the earlier mail of ours that this one goes on from
    calendar: str = ""  # an event for the calendar of the reader (RFC 6047) ...
    method: str = ""  # ... and what it is for, as it says itself: "REQUEST", "CANCEL"
    archived: str = ""  # full address of the page where the same stands (bulk kinds)


@dataclass(frozen=True)
class Skip:
    """Why a mail is not sent after all, in the Lead's words."""

    why: str


@dataclass(frozen=True)
class Hold:
    """Not now: the mail is put aside until its mailing goes on (mailings/campaigning.py)."""


Prepare = Callable[[list[OutgoingMail], datetime], dict[int, Letter | Skip | Hold]]
_prepared_by: dict[str, Prepare] = {}


def prepared_by(template: str, prepare: Prepare):
    """Let this function write the letters of a template: mails → letter, Skip or Hold by key.

    Called in an app's `ready`. It gets at most twenty mails at once.
    """
    _prepared_by[template] = prepare


def post(
    template: str, to: str, context: dict, kind: Kind = Kind.MODERATION, language: str = "en"
) -> OutgoingMail:
    """Promise one mail to one address; it leaves when the caller's transaction is committed.

    `context`: numbers, strings, days, moments, saved instances of models, and lists of these.
    Raises TypeError for anything else.
    """
    now = timezone.now()
    mail = OutgoingMail.objects.create(
        kind=kind,
        priority=OutgoingMail.PRIORITY[kind],
        to=to,
        template=template,
        language=language,
        context={name: _packed(value) for name, value in context.items()},
        created_at=now,
        next_try=now,
    )
    ring_on_commit()
    return mail


def letters(mails: Iterable[OutgoingMail], now: datetime) -> dict[int, Letter | Skip | Hold]:
    """What to write into each of these mails, by key."""
    mails, by_template = list(mails), {}
    for mail in mails:
        by_template.setdefault(mail.template, []).append(mail)
    found = {}
    for template, group in by_template.items():
        found |= _prepared_by.get(template, _as_posted)(group, now)
    return found | _stopped(mails, found)


def _stopped(mails: list[OutgoingMail], found: dict) -> dict[int, Skip]:
    """Reminders whose topic was stopped for their address since they were written.

    What a person has just asked for, a fresh link, is no reminder that anybody could stop.
    """
    to_remind = {
        mail.pk: (found[mail.pk].to or mail.to, mail.reminder.topic)
        for mail in mails
        if isinstance(found.get(mail.pk), Letter) and mail.reminder and not mail.reminder.is_wanted
    }
    stopped = suppression.stopped(set(to_remind.values())) if to_remind else ()
    why = str(Suppression.Reason.STOPPED.label)
    return {key: Skip(why) for key, asked in to_remind.items() if asked in stopped}


def _as_posted(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    found = {}
    for mail in mails:
        try:
            context = {name: _unpacked(value) for name, value in mail.context.items()}
        except LookupError:
            found[mail.pk] = Skip("What the mail speaks of is gone.")
        else:
            found[mail.pk] = Letter(context)
    return found


# What a context may hold, as JSON: {"model": …, "pk": …}, {"day": …}, {"moment": …}


def _packed(value):
    if isinstance(value, models.Model):
        if value.pk is None:
            raise TypeError(f"{value!r} is not saved.")
        return {"model": value._meta.label_lower, "pk": value.pk}
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, list | tuple):
        return [_packed(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"A mail cannot keep a {type(value).__name__}.")


def _unpacked(value):
    """Raises LookupError for an instance that is gone."""
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "day" in value:
        return parse_date(value["day"])
    if "moment" in value:
        return parse_datetime(value["moment"])
    found = apps.get_model(value["model"])._base_manager.filter(pk=value["pk"]).first()
    if found is None:
        raise LookupError(value)
    return found


def ask_again_on_commit(**whose):
    """A reader's wishes change with this transaction: they hold for the very next mail.

    A worker that claimed one asked before. Its row goes back to the queue, unless it is in the
    worker's hand, and the next claim asks again. `whose`: as for `filter`, such as reader=7.
    """
    transaction.on_commit(lambda: _ask_again(whose), robust=True)


def _ask_again(whose: dict):
    claimed = OutgoingMail.objects.waiting().filter(**whose, claimed_by__isnull=False)
    for key in list(claimed.values_list("pk", flat=True)):  # one by one: no two locks, no deadlock
        claimed.filter(pk=key).update(claimed_by=None, lease_until=None)


# The bell


def ring_on_commit():
    """Wake a worker when this transaction is committed; once, however many mails it wrote."""
    if not any(function is _ring for _sids, function, _robust in connection.run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring():
    """Tell Celery. Where it cannot be told, sign-in mail leaves from here: somebody waits."""
    from mailings import delivery, tasks  # they import this module

    if not settings.OUTBOX_RING:
        return
    try:
        tasks.deliver.apply_async(expires=60, retry=False)
    except OperationalError:
        logger.warning("Celery cannot be told that mail waits.")
        delivery.deliver(seconds=5, only_first=True)
