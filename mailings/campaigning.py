"""The mailing of an announcement."""

from datetime import datetime

from django.db import transaction

from mailings.models import Campaign
from partners.models import User


@transaction.atomic
def start(announcement_pk: int, by: User | None, now: datetime) -> Campaign:
    """Begin the mailing of a published announcement."""
    return Campaign.objects.create(
        announcement_id=announcement_pk, started_by=by, frozen_at=now, changed_at=now
    )


def stop_for(announcement_pk: int, by: User | None, now: datetime):
    """The announcement is withdrawn: what waits of its mailing does not leave. Safe to repeat."""
    going = (Campaign.Status.SENDING, Campaign.Status.PAUSED)
    Campaign.objects.filter(announcement=announcement_pk, status__in=going).update(
        status=Campaign.Status.STOPPED, changed_by=by, changed_at=now, finished_at=now
    )
