"""At the door: who is there today, on a phone and on paper."""

from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from meetings import attendance
from meetings.finding import organised
from meetings.models import Booking, Meeting, Part
from partners.refusals import Refused


@login_required
@require_safe
@vary_on_headers("HX-Target")
def check_in(request, code: str):
    """`day` and `q`, words of a name or an organisation, are of the form."""
    meeting = organised(request, code)
    words = _plain(request.GET.get("q", ""))
    day = _chosen_day(meeting, request.GET.get("day", ""))
    template = "meetings/check_in.html"
    if request.htmx.target == "people":  # not on a reload by the back button
        template = "meetings/parts/check_in_people.html"
    return render(request, template, _context(meeting, day, words))


@login_required
@require_POST
@vary_on_headers("HX-Target")
def attendance_note(request, code: str, pk: int):
    """`day`, and `present`: yes or no. Answers htmx with the row and the counts."""
    meeting = organised(request, code)
    registration = get_object_or_404(meeting.registrations, pk=pk)
    words = _plain(request.POST.get("q", ""))
    day = _day(request.POST.get("day", ""))
    refused = ""
    if day is None:
        refused = _("Choose a day of the meeting.")
    elif request.POST.get("present") == "no":
        attendance.take_back(registration.pk, day)
    else:
        try:
            attendance.note(registration.pk, day, request.user, timezone.now())
        except Refused as refusal:
            refused = str(refusal)
    if request.htmx.target == f"person-{pk}" and day in meeting.days:
        context = _context(meeting, day, words, only=pk)
        return render(request, "meetings/parts/check_in_noted.html", context | {"refused": refused})
    if refused:
        messages.error(request, refused)
    query = urlencode({"day": day or "", "q": words})
    return redirect(f"{reverse('check_in', args=[meeting.code])}?{query}#person-{pk}")


@login_required
@require_safe
def check_in_print(request, code: str):
    """For paper: who is expected on site, by name, with a line to sign for each day."""
    meeting = organised(request, code)
    on_site = list(meeting.registrations.with_a_seat_on_site().by_name())
    context = {
        "meeting": meeting,
        "people": on_site,
        "days": meeting.days,
        "online": meeting.registrations.taking_part().count() - len(on_site),
    }
    return render(request, "meetings/check_in_print.html", context)


def _context(meeting: Meeting, day: date, words: str, only: int | None = None) -> dict:
    """What the page shows; `only` one registration, where a row is drawn anew."""
    people = attendance.expected(meeting)
    everybody = people.count()
    if only is not None:
        people = people.filter(pk=only)
    for word in words.split() if only is None else ():
        people = people.filter(
            Q(name__unaccent__icontains=word)
            | Q(organisation_name__unaccent__icontains=word)
            | Q(organisation__name__unaccent__icontains=word)
        )
    online = Booking.objects.filter(
        part__meeting=meeting, part__kind=Part.Kind.ONLINE, status=Booking.Status.CONFIRMED
    )
    online = set(online.values_list("registration", flat=True))
    present, counts = attendance.present(meeting, day), attendance.counts(meeting)
    rows = [(one, present.get(one.pk), one.pk in online) for one in people.by_name()]
    return {
        "meeting": meeting,
        "tab": "check_in",
        "day": day,
        "counts": counts,
        "words": words,
        "rows": rows,
        "there": counts.get(day, 0),
        "everybody": everybody,
        "has_begun": day <= meeting.day_at(timezone.now()),
    }


def _plain(words: str) -> str:
    return words.replace("\0", "").strip()[:100]


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # 2027-02-31
        return None


def _chosen_day(meeting: Meeting, text: str) -> date:
    """The day of the form where it is one of the meeting's; else today or the nearest."""
    day = _day(text)
    if day in meeting.days:
        return day
    return attendance.day_shown(meeting, meeting.day_at(timezone.now()))
