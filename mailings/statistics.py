"""The newest announcements for the home page: what everybody may see, whoever asks."""

from datetime import date

from django.db.models import QuerySet

from mailings.models import Announcement


def newest_open(today: date, number: int) -> QuerySet[Announcement]:
    """Announcements that are not past, the newest first."""
    found = Announcement.objects.public().open_on(today)
    return found.select_related("topic").defer("search")[:number]
