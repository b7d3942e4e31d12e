"""The mailing of an announcement: its audience is frozen, it runs, stands still, goes on, ends.

A mailing is a row of `Campaign` and a row of the outbox for each reader. Workers ask the row of the
campaign in each claim (mailings/announcement_mails.py); the steps here change it first and sweep
the rows of the outbox afterwards, some thousand at a time. A row that a worker has claimed and not
begun is swept too: its worker finds that when it comes to it, so one mail in hand is all that
leaves. Rows that somebody locks are passed by, so nobody waits for a sweep but who asked for it.
"""

import time
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Exists, OuterRef, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import outbox
from mailings.models import Announcement, Campaign, Frequency, OutgoingMail, Subscription
from partners import decisions
from partners.models import User
from partners.refusals import Refused

Kind, State, Status = OutgoingMail.Kind, OutgoingMail.State, Campaign.Status

TEMPLATE = "mailings/mail/announcement"
STOPPED = "The mailing was stopped."
WITHDRAWN = "The announcement was withdrawn."

IN_ONE_GO = 5000  # rows of a sweep
PAUSE, MOST_LOOKS = 0.02, 250  # seconds between looks for rows that were locked, and how many

#: A mailing stands still after so many refusals in a row, or so large a part of what was tried
IN_A_ROW = 20
PART, PART_OF_AT_LEAST = 0.05, 100

#: As long as a mail of it is in one of these, a mailing is not done
OPEN = (*OutgoingMail.WAITING, State.SENDING, State.PAUSED, State.UNCERTAIN)


@transaction.atomic
def start(announcement_pk: int, by: User | None, now: datetime) -> Campaign:
    """Freeze who gets this announcement, and let it leave; the mailing it has where it has one.

    Readers are people of its audience who want its topic at once and did not narrow it away.
    Raises Refused where it is not published.
    """
    announcement = Announcement.objects.select_for_update().get(pk=announcement_pk)
    campaign = Campaign.objects.filter(announcement=announcement).first()
    if campaign:
        return campaign
    if announcement.status != Announcement.Status.PUBLISHED:
        raise Refused(_("Only an announcement that is published can be sent."))
    campaign = Campaign.objects.create(
        announcement=announcement, started_by=by, frozen_at=now, changed_by=by, changed_at=now
    )
    campaign.size = _freeze(campaign, now)
    campaign.save(update_fields=["size"])
    outbox.ring_on_commit()
    return campaign


def readers(announcement: Announcement, now: datetime):
    """The subscriptions by which people get this announcement at once, as things stand now."""
    reached = Subscription.objects.reaching(announcement, now)
    return reached.filter(frequency=Frequency.AT_ONCE)


def _freeze(campaign: Campaign, now: datetime) -> int:
    """Write the mails in one statement, however many there are; returns their number."""
    language = Coalesce("user__mail_preferences__language", Value("en"))
    chosen = (
        readers(campaign.announcement, now).order_by().values_list("user", "user__email", language)
    )
    found, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            _FREEZE.format(readers=found),
            [
                *(Kind.ANNOUNCEMENT, State.QUEUED, OutgoingMail.PRIORITY[Kind.ANNOUNCEMENT]),
                *(f"@{settings.MAIL_DOMAIN}>", TEMPLATE, campaign.pk, now, now, *parameters),
            ],
        )
        return cursor.rowcount


_FREEZE = """
INSERT INTO mailings_outgoingmail (kind, state, priority, message_id, template, campaign_id,
    created_at, next_try, reader_id, "to", language, context, subject, attempts, answer, remote_id)
SELECT %s, %s, %s, '<' || replace(gen_random_uuid()::text, '-', '') || %s, %s, %s::bigint,
    %s::timestamptz, %s::timestamptz, reader, address, language, '{{}}', '', 0, '', ''
FROM ({readers}) AS found(reader, address, language)
ON CONFLICT (campaign_id, reader_id) WHERE campaign_id IS NOT NULL DO NOTHING
"""


# What the Lead does with it


def pause(campaign_pk: int, by: User | None, now: datetime, why: str = ""):
    """Let it stand still; the mail in a worker's hand is the last one.

    `by` is nobody where the portal does it by itself. Raises Refused when it is not being sent.
    """
    _change(campaign_pk, Status.PAUSED, "paused mailing", by, now, why)
    _sweep(campaign_pk, OutgoingMail.WAITING, state=State.PAUSED)
    outbox.ring_on_commit()


def resume(campaign_pk: int, by: User, now: datetime):
    """Let it go on where it stood still. Raises Refused when it does not stand still."""
    _change(campaign_pk, Status.SENDING, "let mailing go on", by, now)
    _put_back(campaign_pk)
    outbox.ring_on_commit()


def stop(campaign_pk: int, by: User | None, now: datetime, why: str = STOPPED):
    """End it for good: who did not get it will not. Raises Refused when it is over already."""
    _change(campaign_pk, Status.STOPPED, "stopped mailing", by, now, why)
    _sweep(
        campaign_pk,
        (*OutgoingMail.WAITING, State.PAUSED),
        state=State.SKIPPED,
        answer=why,
        finished_at=now,
    )
    outbox.ring_on_commit()


def stop_for(announcement_pk: int, by: User | None, now: datetime):
    """The announcement is withdrawn: what waits of its mailing does not leave. Safe to repeat."""
    going = Campaign.objects.filter(
        announcement=announcement_pk, status__in=(Status.SENDING, Status.PAUSED)
    )
    for campaign in going:
        stop(campaign.pk, by, now, WITHDRAWN)


_REFUSALS = {
    Status.PAUSED: gettext_lazy("Only a mailing that is being sent can be paused."),
    Status.SENDING: gettext_lazy("Only a mailing that is paused can go on."),
    Status.STOPPED: gettext_lazy("This mailing is over already."),
}


@transaction.atomic
def _change(
    campaign_pk: int, to: Status, action: str, by: User | None, now: datetime, why: str = ""
):
    campaign = Campaign.objects.select_for_update().get(pk=campaign_pk)
    if to not in Campaign.NEXT.get(campaign.status, ()):
        raise Refused(str(_REFUSALS[to]))
    campaign.status, campaign.why = to, why[:500]
    campaign.changed_by, campaign.changed_at = by, now
    campaign.finished_at = now if to == Status.STOPPED else None
    campaign.save(update_fields=["status", "why", "changed_by", "changed_at", "finished_at"])
    decisions.record(by, action, campaign, now, reason=why)


def _put_back(campaign_pk: int):
    was = Case(When(attempts=0, then=Value(State.QUEUED)), default=Value(State.DEFERRED))
    _sweep(campaign_pk, (State.PAUSED,), state=was)


def _sweep(campaign_pk: int, states: tuple[State, ...], **values):
    """Change all mails of a mailing that are in these states, and take them from their workers."""
    mails = OutgoingMail.objects.filter(campaign=campaign_pk, state__in=states)
    looks = 0
    while looks < MOST_LOOKS:
        with transaction.atomic():
            rows = mails.order_by().select_for_update(skip_locked=True)
            keys = list(rows.values_list("pk", flat=True)[:IN_ONE_GO])
            OutgoingMail.objects.filter(pk__in=keys).update(
                claimed_by=None, lease_until=None, **values
            )
        if not keys:
            if not mails.exists():
                return
            looks += 1  # a worker has the last ones in a short transaction
            time.sleep(PAUSE)


# What it does by itself


def note_failure(campaign_pk: int, now: datetime) -> bool:
    """A mail of it was refused for good: it stands still where there are too many of these.

    Counted since it began or went on. Returns whether it was paused now.
    """
    campaign = Campaign.objects.get(pk=campaign_pk)
    if campaign.status != Status.SENDING:
        return False
    tried = OutgoingMail.objects.filter(
        campaign=campaign_pk, finished_at__gte=campaign.changed_at
    ).order_by("-finished_at", "-pk")
    failed = tried.filter(state=State.FAILED).count()
    why = ""
    if failed >= IN_A_ROW:
        last = tried.filter(state__in=(State.SENT, State.FAILED)).values_list("state", flat=True)
        if set(last[:IN_A_ROW]) == {State.FAILED}:
            why = f"{IN_A_ROW} mails in a row were refused."
    if not why and failed > PART * PART_OF_AT_LEAST:
        enough = max(PART_OF_AT_LEAST, int(failed / PART))  # with so many it is no large part
        number = tried.filter(state__in=(State.SENT, State.FAILED)).order_by()[:enough].count()
        if number >= PART_OF_AT_LEAST and failed > PART * number:
            why = f"{failed} of {number} mails were refused."
    if not why:
        return False
    try:
        pause(campaign_pk, None, now, why)
    except Refused:  # another worker did it in this moment
        return False
    return True


def look_after(now: datetime):
    """Mailings of which no mail is open any more are done. Called after each delivery."""
    mails = OutgoingMail.objects.filter(campaign=OuterRef("pk"))
    going = Campaign.objects.filter(status=Status.SENDING).annotate(
        is_open=Exists(mails.filter(state__in=OPEN)),
        # A worker that read 'paused' may write it after the mailing was let go on
        has_paused=Exists(mails.filter(state=State.PAUSED)),
    )
    for campaign in going:
        if campaign.has_paused:
            _put_back(campaign.pk)
        elif not campaign.is_open:
            finish(campaign.pk, now)


@transaction.atomic
def finish(campaign_pk: int, now: datetime) -> bool:
    """It is done, where each of its mails has its fate. Returns whether it was finished now."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_pk)
    if campaign.status != Status.SENDING or campaign.mails.filter(state__in=OPEN).exists():
        return False
    campaign.status, campaign.finished_at = Status.DONE, now
    campaign.save(update_fields=["status", "finished_at"])
    return True
