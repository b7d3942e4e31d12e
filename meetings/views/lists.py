"""Meetings as lists: upcoming and past, by month, and the story that they tell."""

import calendar
from datetime import date, timedelta
from itertools import groupby

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_safe

from mailings import saved_searches
from meetings import feeds, permissions
from meetings.filters import MeetingFilter
from meetings.milestones import MILESTONES
from meetings.models import Meeting, Outcome, RegistrationDesk
from partners.pages import page_or_404

PER_PAGE = 20
FIRST_YEAR, LAST_YEAR = 2005, 2100  # of months that have a page


@require_safe
def meeting_list(request):
    """What comes first, then what was, with the same filters."""
    now = timezone.now()
    today = now.date()
    seen = Meeting.objects.visible_to(request.user)
    found = MeetingFilter(request.GET, seen)
    unknown = found.unknown()
    meetings = found.qs.select_related("country", "series")
    context = {
        "filter": found,
        "unknown": unknown,
        "kinds": found.kinds(),
        "drafts": meetings.filter(status=Meeting.Status.DRAFT).order_by("starts_on"),
        "upcoming": meetings.upcoming(today),
        "page": page_or_404(meetings.past(today), request, PER_PAGE),
        "total": seen.announced().count(),
        "today": today,
        "registering": set(RegistrationDesk.objects.open_at(now).values_list("meeting", flat=True)),
        "can_add": permissions.can_add_meeting(request.user),
        "follow_key": saved_searches.key_of(found),
    }
    return render(request, "meetings/meeting_list.html", context)


@require_safe
def meeting_month(request, year: int, month: int):
    """A month as a sheet of weeks; meetings of which the month alone is known stand below it."""
    if not (1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR):
        raise Http404("no such month")
    first = date(year, month, 1)
    last = first.replace(day=calendar.monthrange(year, month)[1])
    found = list(
        Meeting.objects.visible_to(request.user)
        .announced()
        .filter(starts_on__lte=last, ends_on__gte=first)
        .exclude(precision=Meeting.Precision.YEAR)
        .select_related("country")
        .order_by("starts_on", "pk")
    )
    known = [one for one in found if one.precision == Meeting.Precision.DAY]
    weeks = [
        [(day, _on(day, known) if day.month == month else None) for day in week]
        for week in calendar.Calendar().monthdatescalendar(year, month)
    ]
    context = {
        "first": first,
        "weeks": weeks,
        "total": len(found),
        "known": known,
        "without_day": [one for one in found if one not in known],
        "earlier": _month_of(first - timedelta(days=1)),
        "later": _month_of(last + timedelta(days=1)),
        "today": timezone.now().date(),
    }
    return render(request, "meetings/meeting_month.html", context)


def _on(day: date, meetings: list[Meeting]) -> list[Meeting]:
    return [one for one in meetings if one.starts_on <= day <= one.ends_on]


def _month_of(day: date) -> date | None:
    return day.replace(day=1) if FIRST_YEAR <= day.year <= LAST_YEAR else None


@require_safe
def meeting_story(request):
    """What the partnership did from its first meeting on, year by year, with what came of it."""
    meetings = list(
        Meeting.objects.visible_to(request.user)
        .past(timezone.now().date())
        .select_related("country")
        .order_by("starts_on", "pk")
    )
    outcomes: dict[int, list[Outcome]] = {}
    for one in Outcome.objects.filter(meeting__in=meetings).order_by("meeting", "number"):
        outcomes.setdefault(one.meeting_id, []).append(one)
    held = {
        year: [(one, outcomes.get(one.pk, [])) for one in ones]
        for year, ones in groupby(meetings, key=lambda one: one.starts_on.year)
    }
    around = {year: list(ones) for year, ones in groupby(MILESTONES, key=lambda one: one.year)}
    years = [(year, around.get(year, []), held.get(year, [])) for year in sorted({*held, *around})]
    context = {"years": years, "total": len(meetings)}
    return render(request, "meetings/meeting_story.html", context)


@require_safe
@conditional_page
def meeting_feed(request):
    """Meetings that everybody may see, those announced or changed last first, as Atom."""
    return feeds.Meetings()(request)
