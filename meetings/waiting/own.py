"""Meetings for “My page”: those that one is registered for, and those that one prepares."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from meetings.models import Booking, Meeting, Part
from partners.waiting import Waiting


def of(user, now: datetime) -> list[Waiting]:
    """Those that are not over, the next one first."""
    today = now.date()
    going = (
        Booking.objects.filter(
            registration__user=user,
            part__kind__in=Part.WAYS,
            status__in=Booking.LIVE,
            part__meeting__ends_on__gte=today,
        )
        .select_related("part__meeting__country")
        .order_by("part__meeting__starts_on", "part__meeting", "pk")
    )
    rows = [
        (
            one.part.meeting,
            reverse("registration_own", args=[one.part.meeting.code]),
            f"{one.part}: {one.get_status_display()}",
        )
        for one in going
    ]
    prepared = Meeting.objects.filter(organisers=user, ends_on__gte=today).exclude(
        status=Meeting.Status.CANCELLED
    )
    rows += [
        (one, reverse("meeting_prepare", args=[one.code]), _("You prepare it"))
        for one in prepared.select_related("country").order_by("starts_on", "pk")
    ]
    return [
        Waiting(str(one), url, ", ".join(filter(None, (one.when, one.where))), state)
        for one, url, state in rows
    ]
