"""Invitation letters and confirmations of attendance: for a person, organisers, authorities."""

import io

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from meetings import attendance, letter_setting, letters, own_letters, permissions
from meetings.finding import organised, visible
from meetings.models import InvitationLetter, Meeting, Registration
from partners.quiet import quiet
from partners.refusals import Refused


@quiet
@require_safe
def letter_verify(request, token: str):
    """What was issued and whether it still holds, for anybody who has the letter."""
    letter = letters.find(token)
    if letter is None:
        raise Http404("no such letter")
    context = {
        "letter": letter,
        "standing": letters.standing(letter, timezone.now()),
        "meeting": letter.registration.meeting,
        "is_public": Meeting.objects.visible_to(request.user)
        .filter(pk=letter.registration.meeting_id)
        .exists(),
    }
    return render(request, "meetings/letter_verify.html", context)


@login_required
@require_safe
def letter_own(request, code: str):
    """One's own letter and confirmation of attendance."""
    meeting = visible(request, code)
    registration = get_object_or_404(_registrations(meeting), user=request.user)
    context = {"meeting": meeting, **own_letters.of(registration, timezone.now())}
    return render(request, "meetings/letter_own.html", context)


@login_required
@require_safe
def letter_list(request, code: str):
    """For the organisers: who travels, who wants a letter, and the letters with their standing."""
    meeting, now = organised(request, code), timezone.now()
    issued = InvitationLetter.objects.filter(registration__meeting=meeting)
    issued = list(issued.with_what_it_is_held_against().order_by("-year", "-number"))
    held = {one.registration_id for one in issued if one.withdrawn_at is None}
    travelling = meeting.registrations.with_a_seat_on_site().by_name()
    without = [one for one in travelling if one.pk not in held]
    context = {
        "meeting": meeting,
        "tab": "registration_list",
        "letters": [(one, letters.standing(one, now)) for one in issued],
        "wanting": [one for one in without if one.wants_letter],
        "others": [one for one in without if not one.wants_letter],
        "can_issue": meeting.status == Meeting.Status.ANNOUNCED
        and not meeting.is_over(meeting.day_at(now)),
    }
    return render(request, "meetings/letter_list.html", context)


@login_required
@require_POST
def letter_issue(request, code: str, pk: int):
    """The participant for oneself, or an organiser for somebody: then back to where they were."""
    meeting = visible(request, code)
    is_organiser, registration = _own_or_organised(request, meeting, pk)
    back = "letter_list" if is_organiser else "letter_own"
    try:
        letter = letters.issue(
            registration.pk, request.user, timezone.now(), "says_host_pays" in request.POST
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("Letter %(label)s is issued. Open it and check it.")
        messages.success(request, said % {"label": letter})
    return redirect(back, meeting.code)


@login_required
@require_POST
def letter_withdraw(request, code: str, pk: int):
    """The organisers withdraw; the person is told."""
    meeting = organised(request, code)
    letter = get_object_or_404(InvitationLetter, pk=pk, registration__meeting=meeting)
    try:
        letters.withdraw(letter.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("Letter %(label)s is withdrawn. Its address says so, and the person is told.")
        messages.success(request, said % {"label": letter})
    return redirect("letter_list", meeting.code)


@login_required
@require_safe
def letter_pdf(request, code: str, pk: int):
    """For the person, also when the meeting is hidden from them by now, and for organisers."""
    found = InvitationLetter.objects.select_related("registration__meeting")
    letter = get_object_or_404(found, pk=pk, registration__meeting__code=code)
    _own_or_404(request, letter.registration)
    return _file(letter_setting.invitation(letter), f"{letter.label}.pdf")


@login_required
@require_safe
def attendance_pdf(request, code: str, pk: int):
    """For the person and for organisers, where somebody noted that the person was there."""
    found = Registration.objects.select_related("meeting__country", "organisation", "country")
    registration = get_object_or_404(found, pk=pk, meeting__code=code)
    _own_or_404(request, registration)
    days = attendance.days_of(registration)
    if not days:
        missing = Http404("no attendance")
        missing.reason = _("Nobody noted an attendance at this meeting.")
        raise missing
    content = letter_setting.confirmation(registration, days, timezone.now())
    return _file(content, f"attendance-{code}.pdf")


def _registrations(meeting: Meeting):
    return meeting.registrations.select_related("meeting", "user", "organisation", "country")


def _own_or_organised(request, meeting: Meeting, pk: int) -> tuple[bool, Registration]:
    """Whether an organiser asks, and the registration; raises Http404 for one of somebody else."""
    registration = get_object_or_404(_registrations(meeting), pk=pk)
    is_organiser = permissions.can_organise(request.user, meeting)
    if not is_organiser and registration.user_id != request.user.pk:
        raise Http404("not theirs")
    return is_organiser, registration


def _own_or_404(request, registration: Registration):
    is_own = registration.user_id == request.user.pk
    if not is_own and not permissions.can_organise(request.user, registration.meeting):
        raise Http404("not theirs")


def _file(content: bytes, name: str) -> FileResponse:
    answer = FileResponse(io.BytesIO(content), content_type="application/pdf", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
