"""The life of a meeting: begun as a draft, changed, announced, held or cancelled."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from mailings import outbox
from meetings import calendar_mails, carrying, report_phases
from meetings.models import Booking, Meeting, Part
from partners import decisions
from partners.models import User
from partners.refusals import Refused

Status = Meeting.Status
CANCELLED = "meetings/mail/meeting_cancelled"
#: What calendars and registrants must notice.
NOTICED = (*("starts_on", "ends_on", "time_zone", "place", "country_id", "form", "online_address"),)


@transaction.atomic
def begin(values: dict, organisers: list[User], by: User, now: datetime) -> Meeting:
    """A draft, with the open actions of its series on the agenda.

    `values` are fields of the model, with Country and Series objects.
    """
    meeting = Meeting.objects.create(created_by=by, created_at=now, changed_at=now, **values)
    meeting.organisers.set(organisers)
    carrying.prepare(meeting.pk, now)
    decisions.record(by, "began", meeting, now)
    return meeting


@transaction.atomic
def change(
    meeting_id: int,
    values: dict,
    organisers: list[User] | None,
    seen_at: datetime,
    by: User,
    now: datetime,
) -> Meeting:
    """Other facts; the sequence of its calendar event rises where days or place change.

    Sessions keep their place among the days when the first day becomes another.

    `seen_at`: `changed_at` as it was when the form was opened; `organisers`: None leaves them.
    Raises Refused when somebody else has saved the meeting since then, and for a meeting whose
    agenda has a session on a day that would not be one of its days any more. Documents of its
    report follow its audience, or refuse it (report_phases.follow_audience).
    """
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    if meeting.changed_at != seen_at:
        raise Refused(
            _(
                "Somebody else saved this meeting while you had it open. Nothing was saved. "
                "Compare with its page, then save again."
            )
        )
    before = [getattr(meeting, name) for name in NOTICED]
    moved_by = values["starts_on"] - meeting.starts_on
    report_phases.follow_audience(meeting, values.get("audience", meeting.audience), by, now)
    for name, value in values.items():
        setattr(meeting, name, value)
    if moved_by:  # it takes its sessions along
        meeting.sessions.exclude(day=None).update(day=F("day") + moved_by)
    outside = meeting.sessions.exclude(day=None).exclude(
        day__range=(meeting.starts_on, meeting.ends_on)
    )
    if outside.exists():
        raise Refused(
            _(
                "The agenda has a session on a day that the meeting would not have any more: "
                "%(session)s. Move or remove it first."
            )
            % {"session": outside[0]}
        )
    is_noticed = before != [getattr(meeting, name) for name in NOTICED]
    if is_noticed and meeting.status != Status.DRAFT:
        meeting.sequence += 1
    meeting.changed_at = now
    meeting.save()
    if organisers is not None:
        meeting.organisers.set(organisers)
    carrying.prepare(meeting.pk, now)
    return meeting


@transaction.atomic
def announce(meeting_id: int, by: User, now: datetime) -> Meeting:
    """Let its audience see it; one that was cancelled goes back into calendars.

    Raises Refused where no way leads there.
    """
    meeting = _moved(meeting_id, Status.ANNOUNCED, "", now)
    decisions.record(by, "announced", meeting, now)
    # Calendars dropped it when it was cancelled
    for registration in meeting.registrations.taking_part().select_related("user").order_by("pk"):
        calendar_mails.send_request(registration, now)
    return meeting


@transaction.atomic
def close(meeting_id: int, by: User, now: datetime) -> Meeting:
    """It was held. Raises Refused before its first day, and where it is not announced."""
    meeting = _moved(meeting_id, Status.HELD, "", now)
    if meeting.day_at(now) < meeting.starts_on:
        raise Refused(_("It has not begun yet: a meeting is held from its first day on."))
    decisions.record(by, "held", meeting, now)
    return meeting


@transaction.atomic
def cancel(meeting_id: int, reason: str, by: User, now: datetime) -> Meeting:
    """It does not take place. Everybody with a seat or in a line is told by one mail.

    Of those with a seat it takes the event out of the calendar.

    Raises Refused without a reason, and where it is not announced.
    """
    if not reason.strip():
        raise Refused(_("Give a reason: everybody reads it."))
    meeting = _moved(meeting_id, Status.CANCELLED, reason.strip(), now)
    decisions.record(by, "cancelled", meeting, now, reason.strip())
    live = Booking.objects.filter(
        part__meeting=meeting, part__kind__in=Part.WAYS, status__in=Booking.LIVE
    )
    registrations = meeting.registrations.filter(pk__in=live.values("registration"))
    for registration in registrations.select_related("user").order_by("pk"):
        if calendar_mails.has_event(registration):
            calendar_mails.send_cancel(registration, now)
        elif registration.user.is_active:
            context = {"registration": registration, "meeting": meeting}
            outbox.post(CANCELLED, registration.user.email, context)
    return meeting


def _moved(meeting_id: int, to: Status, reason: str, now: datetime) -> Meeting:
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    if to not in Meeting.NEXT.get(meeting.status, ()):
        raise Refused(
            _("This meeting is “%(status)s”: this cannot be done now.")
            % {"status": meeting.get_status_display()}
        )
    if Status.CANCELLED in (meeting.status, to):
        meeting.sequence += 1
    meeting.status, meeting.status_reason, meeting.changed_at = to, reason, now
    meeting.save(update_fields=["status", "status_reason", "changed_at", "sequence"])
    return meeting
