"""Who comes: the organisers' list, one registration, decisions, files."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experts import exporting
from meetings import registering, registration_rows, seats
from meetings.finding import organised
from meetings.forms.registrations import (
    AddForm,
    CorrectForm,
    DeclineForm,
    RegistrationFilterForm,
)
from meetings.models import Booking
from partners.pages import page_or_404
from partners.refusals import Refused

PER_PAGE = 100
_anything = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def registration_list(request, code: str):
    """By part, in the order of the lines."""
    meeting = organised(request, code)
    form = RegistrationFilterForm(request.GET or None, meeting=meeting)
    filters = form.found() if form.is_bound else {}
    bookings = registration_rows.found(meeting, filters)
    needs = ~Q(diet="", access="")
    coming = meeting.registrations.taking_part()
    context = {
        "meeting": meeting,
        "tab": "registration_list",
        "form": form,
        "page": page_or_404(bookings, request, PER_PAGE),
        "parts": meeting.parts.with_waiting(),
        "numbers": coming.aggregate(
            all=Count("pk"),
            countries=Count("country", distinct=True),
            funded=Count("pk", filter=Q(is_funded=True)),
            needs=Count("pk", filter=needs),
            letters=Count("pk", filter=Q(wants_letter=True)),
        ),
        "query": request.GET.urlencode(),
    }
    return render(request, "meetings/registration_list.html", context)


@login_required
@require_safe
def registration_csv(request, code: str):
    return _file(request, code, "csv")


@login_required
@require_safe
def registration_xlsx(request, code: str):
    return _file(request, code, "xlsx")


def _file(request, code: str, kind: str):
    """What the list shows with its filters, and everything that the host needs."""
    meeting, now = organised(request, code), timezone.now()
    form = RegistrationFilterForm(request.GET or None, meeting=meeting)
    bookings = registration_rows.found(meeting, form.found() if form.is_bound else {})
    rows = registration_rows.table(meeting, bookings)
    return FileResponse(
        exporting.as_file(rows, kind, "Registrations"),
        as_attachment=True,
        filename=f"{meeting.code}-registrations-{now:%Y-%m-%d}.{kind}",
        content_type=exporting.TYPES[kind],
    )


@login_required
@require_safe
def registration_detail(request, code: str, pk: int):
    """Everything that one person said, and what the organisers can decide."""
    meeting = organised(request, code)
    registration = get_object_or_404(
        meeting.registrations.select_related("user", "organisation", "country"), pk=pk
    )
    bookings = registration.bookings.select_related("part", "decided_by").order_by("-at", "-pk")
    context = {
        "meeting": meeting,
        "registration": registration,
        "bookings": bookings,
        "answers": registration.answers.select_related("question"),
    }
    return render(request, "meetings/registration_detail.html", context)


@login_required
@_anything
def registration_correct(request, code: str, pk: int):
    """Name, organisation and country, which people cannot change once they are approved."""
    meeting = organised(request, code)
    found = meeting.registrations.select_related("user", "organisation", "country")
    registration = get_object_or_404(found, pk=pk)
    form = CorrectForm(request.POST or None, registration=registration)
    if form.is_valid():
        registering.correct(registration.pk, form.values(), timezone.now())
        messages.success(request, _("The registration is corrected."))
        return redirect("registration_detail", meeting.code, registration.pk)
    context = {
        "meeting": meeting,
        "form": form,
        "registration": registration,
        "has_letter": registration.letters.filter(withdrawn_at=None).exists(),
    }
    return render(request, "meetings/registration_correct.html", context)


@login_required
@require_POST
def booking_approve(request, code: str, pk: int):
    meeting = organised(request, code)
    booking = get_object_or_404(Booking, part__meeting=meeting, pk=pk)
    now = timezone.now()
    try:
        decided = seats.approve(booking.pk, request.user, now)
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        said = _("%(name)s: %(status)s. The person is told.")
        messages.success(
            request,
            said % {"name": decided.registration, "status": decided.get_status_display()},
        )
    return redirect("registration_detail", meeting.code, booking.registration_id)


@login_required
@_anything
def booking_decline(request, code: str, pk: int):
    """Say no, or take a seat back: with a reason that the person reads."""
    meeting = organised(request, code)
    booking = get_object_or_404(
        Booking.objects.select_related("part", "registration"), part__meeting=meeting, pk=pk
    )
    form = DeclineForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            seats.decline(booking.pk, reason, request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The person is told, with the reason."))
            return redirect("registration_detail", meeting.code, booking.registration_id)
    context = {
        "meeting": meeting,
        "booking": booking,
        "form": form,
        "is_seat": booking.status in Booking.HOLDING,
    }
    return render(request, "meetings/booking_decline.html", context)


@login_required
@_anything
def registration_add(request, code: str):
    """Register somebody by hand, whether or not the desk is open."""
    meeting = organised(request, code)
    form = AddForm(request.POST or None, meeting=meeting)
    if form.is_valid():
        part = form.cleaned_data["way"]
        try:
            booking = registering.register(
                meeting.pk, form.user, part.pk, form.values(), {}, timezone.now(), by=request.user
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            said = _("%(name)s: %(status)s. The person is told.")
            messages.success(
                request,
                said % {"name": booking.registration, "status": booking.get_status_display()},
            )
            return redirect("registration_detail", meeting.code, booking.registration_id)
    context = {"meeting": meeting, "form": form}
    return render(request, "meetings/registration_add.html", context)
