"""What waits for the Lead: registrations where the organisers approve each one."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meetings import seats
from meetings.models import Booking
from partners.moderation import Bulk, Item, Kind, Step


def _waiting(now: datetime) -> QuerySet[Booking]:
    return Booking.objects.awaiting_approval().annotate(since=F("at"))


def _describe(bookings: Iterable[Booking]) -> list[Item]:
    found = bookings.select_related(
        "part__meeting", "registration__organisation", "registration__country"
    )
    return [
        Item(
            object=booking,
            title=_("%(name)s, %(part)s: %(meeting)s")
            % {
                "name": booking.registration,
                "part": booking.part,
                "meeting": booking.part.meeting,
            },
            since=booking.since,
        )
        for booking in found
    ]


KINDS: tuple[Kind, ...] = (
    Kind(
        code="registrations",
        name=gettext_lazy("Registrations for meetings"),
        waiting=_waiting,
        describe=_describe,
        template="admin/queue/registrations.html",
        steps={
            "approve": Step(
                lambda pk, answer: seats.approve(pk, answer.by, answer.now),
                gettext_lazy("Approved: %(item)s. The person is told."),
            ),
            "decline": Step(
                lambda pk, answer: seats.decline(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Declined: %(item)s. The person is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("approve", gettext_lazy("Approve the chosen")),),
    ),
)
