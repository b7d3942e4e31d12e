"""What is next and what came of it, for the home page: what everybody may see, whoever asks."""

from datetime import date

from django.db.models import QuerySet

from meetings.models import Meeting, Outcome


def upcoming(today: date, number: int) -> QuerySet[Meeting]:
    """Announced meetings, the next one first."""
    meetings = Meeting.objects.public().upcoming(today).exclude(status=Meeting.Status.CANCELLED)
    return meetings.select_related("country")[:number]


def open_actions() -> int:
    """Actions of meetings that everybody sees, which are not done yet."""
    return Outcome.objects.open_actions().filter(meeting__in=Meeting.objects.public()).count()
