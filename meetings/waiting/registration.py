"""What waits for one person of registration of meetings, for “My page”."""

from datetime import datetime

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings.models import Booking, Meeting
from partners.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    """Seats that are offered; for organisers, registrations to decide on."""
    return [*_offers(user, now), *_to_approve(user)]


def _offers(user, now: datetime) -> list[Waiting]:
    offers = Booking.objects.filter(
        registration__user=user,
        status=Booking.Status.OFFERED,
        offered_until__gt=now,
        part__meeting__status=Meeting.Status.ANNOUNCED,
    )
    return [
        Waiting(
            _("A seat is free for you: %(meeting)s") % {"meeting": offer.part.meeting},
            reverse("registration_own", args=[offer.part.meeting.code]),
            _("%(part)s. It is kept for you until %(until)s.")
            % {"part": offer.part, "until": offer.offered_until_in_words},
            _("Accept it in time"),
            "warn",
        )
        for offer in offers.select_related("part__meeting").order_by("offered_until", "pk")
    ]


def _to_approve(user) -> list[Waiting]:
    """Of meetings that this person was named for as an organiser; the Lead has the queue."""
    applied = (
        Booking.objects.awaiting_approval()
        .filter(part__meeting__organisers=user)
        .order_by("part__meeting")
        .values("part__meeting__code", "part__meeting__title")
        .annotate(number=Count("pk"))
    )
    waiting = []
    for row in applied:
        number, address = (
            row["number"],
            reverse("registration_list", args=[row["part__meeting__code"]]),
        )
        said = ngettext(
            "%(n)s registration waits for you.", "%(n)s registrations wait for you.", number
        )
        waiting.append(
            Waiting(
                _("Approve registrations: %(meeting)s") % {"meeting": row["part__meeting__title"]},
                f"{address}?status={Booking.Status.APPLIED}",
                said % {"n": number},
                _("Organiser"),
            )
        )
    return waiting
