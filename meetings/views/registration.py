"""Registering for a meeting, and the own registration: for everybody who may see the meeting."""

from datetime import datetime, timedelta

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings import own_letters, own_places, participants, registering, seats
from meetings.finding import visible
from meetings.forms.registration import RegistrationForm, VisitSignUpForm
from meetings.models import Booking, Meeting
from partners.pages import sign_in_where_hidden
from partners.refusals import Refused

KEPT = "meeting_registration"  # in the session of somebody who is not signed in yet
KEPT_FOR = timedelta(hours=1)  # then it is the next person's who sits at the same computer

_anything = require_http_methods(["GET", "HEAD", "POST"])


@sign_in_where_hidden
@_anything
def register(request, code: str):
    """The form. Who is not signed in keeps what was typed in the session, and signs in then."""
    meeting, user, now = visible(request, code), request.user, timezone.now()
    own = own_places.of(user, meeting)
    if own and own.ways:
        return redirect("registration_own", meeting.code)
    closed = registering.why_not(meeting, now)
    if closed:
        context = {"meeting": meeting, "closed": closed, "own": own}
        return render(request, "meetings/register.html", context)
    kept = None
    if request.method != "POST" and user.is_authenticated:
        kept = _kept(request, meeting, now)
    form = RegistrationForm(
        request.POST or None,
        meeting=meeting,
        desk=meeting.desk,
        user=user,
        today=now.date(),
        typed=kept or (_said_before(own) if own else None),
    )
    if request.method == "POST" and form.is_valid():
        try:
            if not user.is_authenticated:
                _keep(request, meeting, form, now)
                return render(request, "meetings/registration_sign_in.html", {"meeting": meeting})
            booking = registering.register(
                meeting.pk,
                user,
                form.cleaned_data["way"].pk,
                form.values(),
                form.answers(),
                now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            request.session.pop(KEPT, None)
            messages.success(request, _said(booking))
            return redirect("registration_own", meeting.code)
    context = {"meeting": meeting, "desk": meeting.desk, "form": form, "kept": kept is not None}
    return render(request, "meetings/register.html", context)


def _keep(request: HttpRequest, meeting: Meeting, form: RegistrationForm, now: datetime):
    """Until the person has signed in. Raises Refused for too many forms of one connection."""
    if not ratelimit.consume(request, action="keep_registration"):
        raise Refused(
            _(
                "Somebody sent this form very often from your connection. Wait a few minutes and "
                "send it again, or sign in first. Nothing that you typed is lost."
            )
        )
    request.session[KEPT] = {
        "meeting": meeting.code,
        "typed": form.typed(),
        "at": now.isoformat(),
    }


def _kept(request: HttpRequest, meeting: Meeting, now: datetime) -> dict | None:
    """What was typed before sign-in, for this meeting, and not too long ago."""
    kept = request.session.get(KEPT)
    if kept and now - datetime.fromisoformat(kept["at"]) > KEPT_FOR:
        del request.session[KEPT]
        return None
    return kept["typed"] if kept and kept["meeting"] == meeting.code else None


def _said_before(own: own_places.OwnPlaces) -> dict:
    """Of somebody who registers again, what the registration says already."""
    registration = own.registration
    return {
        "name": registration.name,
        "organisation_name": registration.organisation_name,
        "country": registration.country_id,
        "diet": registration.diet,
        "access": registration.access,
    }


def _said(booking: Booking) -> str:
    return {
        Booking.Status.CONFIRMED: _("You have a seat. We have sent you a mail."),
        Booking.Status.WAITING: _("You are on the waiting list. We have sent you a mail."),
        Booking.Status.APPLIED: _("The organisers look at it and answer by mail."),
    }[booking.status]


def _own(request: HttpRequest, code: str) -> tuple[Meeting, own_places.OwnPlaces]:
    """Raises Http404 where the person never registered."""
    meeting = visible(request, code)
    own = own_places.of(request.user, meeting)
    if own is None:
        raise Http404("not registered")
    return meeting, own


@login_required
@require_safe
def registration_own(request, code: str):
    """How it stands, and everything that one can do."""
    meeting, now = visible(request, code), timezone.now()
    own = own_places.of(request.user, meeting)
    if own is None:
        return redirect("register", meeting.code)
    parts = list(meeting.parts.with_waiting())
    for part in parts:
        part.meeting = meeting
    context = {
        "meeting": meeting,
        "own": own,
        "registration": own.registration,
        "answers": own.registration.answers.select_related("question"),
        "ways": own_places.can_move_to(own, [one for one in parts if one.is_way], now),
        "visits": [
            {"part": part, "booking": own.at(part), "is_open": own_places.is_open(part, now)}
            for part in parts
            if not part.is_way
        ],
        "closed": registering.why_not(meeting, now),
        "is_over": registering.is_over(meeting, now),
        "previews": participants.preview(own.registration, now),
        **own_letters.of(own.registration, now),
    }
    return render(request, "meetings/registration_own.html", context)


@login_required
@_anything
def registration_change(request, code: str):
    """Name, organisation, needs, consent; not the seat."""
    meeting, own = _own(request, code)
    now = timezone.now()
    desk = getattr(meeting, "desk", None)
    if desk is None or registering.is_over(meeting, now):
        messages.info(request, _("This meeting is over: nothing can be changed any more."))
        return redirect("registration_own", meeting.code)
    form = RegistrationForm(
        request.POST or None,
        meeting=meeting,
        desk=desk,
        user=request.user,
        today=now.date(),
        registration=own.registration,
        is_approved=registering.is_approved(own.registration),
    )
    if request.method == "POST" and form.is_valid():
        try:
            registering.change(own.registration.pk, form.values(), form.answers(), now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your registration is changed."))
            return redirect("registration_own", meeting.code)
    context = {"meeting": meeting, "desk": desk, "form": form, "registration": own.registration}
    return render(request, "meetings/registration_change.html", context)


@login_required
@_anything
def registration_cancel(request, code: str):
    """Give back everything: a page that says what goes, and the button."""
    meeting, own = _own(request, code)
    return _give_back(request, meeting, own, own.live, None)


@login_required
@_anything
def seat_give_back(request, code: str, pk: int):
    """Give back one seat or offer, or leave one waiting list."""
    meeting, own = _own(request, code)
    booking = get_object_or_404(own.registration.bookings.select_related("part"), pk=pk)
    going = [one for one in own.live if one.pk == booking.pk]
    if own.way and own.way.pk == booking.pk:
        going += own.visits
    return _give_back(request, meeting, own, going, booking)


def _give_back(
    request: HttpRequest,
    meeting: Meeting,
    own: own_places.OwnPlaces,
    going: list[Booking],
    booking: Booking | None,
):
    if not going:
        messages.info(request, _("This was given back already."))
        return redirect("registration_own", meeting.code)
    if request.method == "POST":
        try:
            seats.cancel(own.registration, timezone.now(), booking and booking.pk)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            if booking is None:
                said = _("Your registration is cancelled. Your seat goes to the next person.")
            else:
                said = _("You have given back: %(part)s.") % {"part": booking.part}
            messages.success(request, said)
        # A guest saw the meeting by that place alone
        still_seen = Meeting.objects.visible_to(request.user).filter(pk=meeting.pk).exists()
        return redirect("registration_own", meeting.code) if still_seen else redirect("my_page")
    context = {"meeting": meeting, "going": going, "booking": booking}
    return render(request, "meetings/registration_cancel.html", context)


@login_required
@require_POST
def seat_accept(request, code: str, pk: int):
    """The button beside an offer."""
    meeting, own = _own(request, code)
    booking = get_object_or_404(own.registration.bookings, pk=pk)
    try:
        seats.accept_offer(booking.pk, timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("The seat is yours. We have sent you a mail."))
    return redirect("registration_own", meeting.code)


@login_required
@_anything
def way_move(request, code: str, pk: int):
    """From online to on site or back; the old seat is kept until the new one is confirmed."""
    meeting, own = _own(request, code)
    now = timezone.now()
    way = get_object_or_404(meeting.parts.ways().with_waiting(), pk=pk)
    way.meeting = meeting
    if not own_places.can_move_to(own, [way], now):
        messages.info(request, _("You cannot change to this now."))
        return redirect("registration_own", meeting.code)
    if request.method == "POST":
        try:
            booking = seats.move_way(own.registration, way.pk, now)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _said(booking))
        return redirect("registration_own", meeting.code)
    has_room = way.free is None or (way.free > 0 and not way.waiting)
    context = {
        "meeting": meeting,
        "way": way,
        "own": own,
        "waits": not has_room or meeting.desk.needs_approval,
    }
    return render(request, "meetings/way_move.html", context)


@login_required
@_anything
def visit_join(request, code: str, pk: int):
    """Sign up for a site visit, with what its host must know."""
    meeting, own = _own(request, code)
    visit = get_object_or_404(meeting.parts.visits().with_waiting(), pk=pk)
    visit.meeting = meeting
    if own.way is None or own.at(visit) or not own_places.is_open(visit, timezone.now()):
        messages.info(request, _("You cannot sign up for this visit now."))
        return redirect(reverse("registration_own", args=[meeting.code]))
    data = request.POST if request.method == "POST" else None  # a form without questions is empty
    form = VisitSignUpForm(data, visit=visit, registration=own.registration)
    if form.is_valid():
        try:
            booking = registering.join_visit(
                own.registration, visit.pk, form.answers(), timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _said(booking))
            return redirect("registration_own", meeting.code)
    context = {"meeting": meeting, "visit": visit, "form": form}
    return render(request, "meetings/visit_join.html", context)
