"""Needs and calls for the home page: what everybody may see, whoever asks."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from advice import calling
from advice.models import Call, Need

EVERYBODY = AnonymousUser()


def newest_needs(number: int) -> QuerySet[Need]:
    """The newest needs that are still open."""
    found = Need.objects.visible_to(EVERYBODY).filter(status=Need.Status.OPEN)
    return found.select_related("country").defer("search").newest_first()[:number]


def experts_wanted(now: datetime, number: int) -> QuerySet[Call]:
    """Calls for nominations that are open."""
    return calling.running(now)[:number]
