"""The button with which somebody takes the own name out of a report."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meetings import report_consent
from meetings.models import Meeting, Registration
from partners.refusals import Refused


@login_required
@require_POST
def registration_report_consent(request, code: str):
    """For whoever registered, also after the seat was given back; 404 for others."""
    registration = get_object_or_404(Registration, meeting__code=code, user=request.user)
    try:
        report_consent.withdraw_from_report(registration.pk)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Your name will not stand in the report."))
    # A guest saw the meeting by a seat alone
    still_seen = Meeting.objects.visible_to(request.user).filter(code=code).exists()
    return redirect("registration_own", code) if still_seen else redirect("my_page")
