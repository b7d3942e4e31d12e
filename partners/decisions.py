"""The Lead's log: one line for each decision, never changed afterwards."""

from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import models

from partners.models import Decision, User


def record(actor: User | None, action: str, about: models.Model, now: datetime, reason: str = ""):
    """Add a line to the log, in the caller's transaction; `action` is a verb in the past."""
    return Decision.objects.create(
        at=now,
        actor=actor,
        action=action,
        subject=str(about)[:200],
        content_type=ContentType.objects.get_for_model(about),
        object_id=about.pk,
        reason=reason,
    )
