"""Keeping the list current: the expert says that the profile is right."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from experts.models import Confirmation, Expert
from mailings.models import Reminder
from partners.refusals import Refused

Channel = Confirmation.Channel


@transaction.atomic
def confirm(
    expert_id: int,
    now: datetime,
    channel: Channel = Channel.PAGE,
    outside_requests: int | None = None,
) -> Expert:
    """The expert says 'still right'; a profile that was unlisted for silence is back at once.

    `outside_requests`: how many people asked for advice outside the portal since the last time, as
    far as the expert says. Raises Refused when the profile is not on the list for another reason.
    """
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if not can_confirm(expert):
        raise Refused(_("This profile is not on the list, so there is nothing to confirm."))
    stamp(expert, now, channel, outside_requests)
    expert.status = Expert.Status.LISTED
    expert.status_reason = expert.unlisted_for = ""
    expert.version += 1
    expert.save()
    return expert


def can_confirm(expert: Expert) -> bool:
    """On the list, or off it for nothing but silence."""
    return (
        expert.status == Expert.Status.LISTED or expert.unlisted_for == Expert.UnlistedFor.SILENCE
    )


def stamp(
    expert: Expert, now: datetime, channel: Channel, outside_requests: int | None = None
) -> Confirmation:
    """The one writer of `confirmed_at`: a human who owns the profile said that it is right.

    Called by `confirm` and by the expert's own saving (experts/editing.py); the caller saves.
    """
    since = {"at__gt": expert.confirmed_at} if expert.confirmed_at else {}
    asked = Reminder.objects.filter(topic="profile", object_id=expert.pk, **since)
    expert.confirmed_at = now
    return Confirmation.objects.create(
        expert=expert,
        at=now,
        channel=channel,
        reminder=asked.order_by("-at", "-pk").first(),
        outside_requests=outside_requests,
    )
