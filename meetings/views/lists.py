"""Meetings as lists: upcoming, past, by month."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from meetings.models import Meeting


@require_safe
def meeting_list(request):
    today = timezone.now().date()
    seen = Meeting.objects.visible_to(request.user).select_related("country", "series")
    context = {"upcoming": seen.upcoming(today), "past": seen.past(today)}
    return render(request, "meetings/meeting_list.html", context)
