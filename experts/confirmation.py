"""Keeping the list current: the expert says that the profile is right."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from experts.models import Expert
from partners.refusals import Refused


@transaction.atomic
def confirm(expert_id: int, now: datetime) -> Expert:
    """The expert says 'still right'. Raises Refused when the profile is not on the list."""
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.status != Expert.Status.LISTED:
        raise Refused(_("This profile is not on the list, so there is nothing to confirm."))
    stamp(expert, now)
    expert.version += 1
    expert.save(update_fields=["confirmed_at", "version"])
    return expert


def stamp(expert: Expert, now: datetime):
    """The one writer of `confirmed_at`: a human who owns the profile said that it is right.

    Called by `confirm` and by the expert's own saving (experts/editing.py); the caller saves.
    """
    expert.confirmed_at = now
