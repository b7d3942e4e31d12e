"""Keeping the list current: the expert says that the profile is right."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from experts.models import Confirmation, Expert
from experts.models.freshness import TOPIC
from mailings.models import Reminder
from partners.refusals import Refused

Channel = Confirmation.Channel


@transaction.atomic
def confirm(
    expert_id: int,
    now: datetime,
    channel: Channel = Channel.PAGE,
    outside_requests: int | None = None,
    asked_at: datetime | None = None,
) -> Expert:
    """The expert says 'still right'; a profile that was unlisted for silence is back at once.

    `outside_requests`: how many people asked for advice outside the portal since the last time, as
    far as the expert says. `asked_at`: when the question was sent; it is answered once, so that a
    second click, also in another tab, writes nothing but a number that was still missing. Raises
    Refused when the profile is not on the list for another reason.
    """
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if not can_confirm(expert):
        raise Refused(_("This profile is not on the list, so there is nothing to confirm."))
    if asked_at and is_answered(expert, asked_at):
        if outside_requests is not None:
            last = expert.confirmations.filter(at=expert.confirmed_at, outside_requests=None)
            last.update(outside_requests=outside_requests)
        return expert
    stamp(expert, now, channel, outside_requests)
    back_on_list(expert)
    expert.version += 1
    expert.save()
    return expert


def is_answered(expert: Expert, asked_at: datetime) -> bool:
    """On the list, and confirmed since that moment."""
    return (
        expert.status == Expert.Status.LISTED
        and expert.confirmed_at is not None
        and expert.confirmed_at > asked_at
    )


def can_confirm(expert: Expert) -> bool:
    """On the list, or off it for nothing but silence."""
    return expert.status == Expert.Status.LISTED or (
        expert.status == Expert.Status.UNLISTED
        and expert.unlisted_for == Expert.UnlistedFor.SILENCE
    )


def back_on_list(expert: Expert):
    """What silence took off the list stands there again; the caller saves."""
    expert.status = Expert.Status.LISTED
    expert.status_reason = expert.unlisted_for = ""


def stamp(
    expert: Expert, now: datetime, channel: Channel, outside_requests: int | None = None
) -> Confirmation:
    """The one writer of `confirmed_at`: a human who owns the profile said that it is right.

    Called by `confirm` and by the expert's own saving (experts/editing.py); the caller saves.
    """
    since = {"at__gt": expert.confirmed_at} if expert.confirmed_at else {}
    asked = Reminder.objects.filter(topic=TOPIC, object_id=expert.pk, **since)
    expert.confirmed_at = now
    return Confirmation.objects.create(
        expert=expert,
        at=now,
        channel=channel,
        reminder=asked.order_by("-at", "-pk").first(),
        outside_requests=outside_requests,
    )
