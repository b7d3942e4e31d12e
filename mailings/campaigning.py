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
