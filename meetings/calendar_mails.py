"""Invitations to people's calendars by mail (iTIP, RFC 5546): REQUEST, its updates, CANCEL.

What is said, in words and in the event, is what is true when the mail leaves. The portal is the
organizer, the person who registered the only attendee: nobody learns who else comes.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mailings import outbox
from mailings.models import OutgoingMail
from mailings.outbox import Letter, Skip
from meetings import agenda, calendar_files, zones
from meetings.calendar_files import Published
from meetings.models import AgendaVersion, Booking, Meeting, Part, Registration

REQUEST, CANCEL = "meetings/mail/calendar_request", "meetings/mail/calendar_cancel"
CHANGED = "meetings/mail/meeting_changed"
#: What is kept of these mails
_OWN = ["told_version", "told_sequence", "own_sequence"]
NOT_YET = -1  # `told_sequence` of somebody whose calendar has no event of ours


def register():
    """Tell the outbox who writes these mails; called in the app's `ready`."""
    outbox.prepared_by(REQUEST, _requests)
    outbox.prepared_by(CANCEL, _cancels)
    outbox.prepared_by(CHANGED, _changes)


@transaction.atomic
def send_request(registration: Registration, now: datetime):
    """Put the meeting into the calendar of somebody whose seat was confirmed, or change it there.

    In the caller's transaction. From now on this person hears of changes.
    """
    _lock(registration)
    if registration.told_sequence == NOT_YET and registration.own_sequence:
        registration.own_sequence += 1  # beyond the one that took it out
    known = _known(registration.meeting)
    registration.told_sequence = calendar_files.sequence(registration.meeting, known)
    registration.told_version = known.newest.number if known.newest else 0
    registration.save(update_fields=_OWN)
    outbox.post(REQUEST, registration.user.email, {"registration": registration})


@transaction.atomic
def send_cancel(registration: Registration, now: datetime):
    """Take it out again: the seat was given back, or the meeting is cancelled.

    In the caller's transaction. Nothing happens where no calendar has it.
    """
    _lock(registration)
    if registration.told_sequence == NOT_YET:
        return
    registration.told_sequence = NOT_YET
    registration.own_sequence += 1
    registration.save(update_fields=_OWN)
    outbox.post(CANCEL, registration.user.email, {"registration": registration})


def has_event(registration: Registration) -> bool:
    """Was the meeting put into this person's calendar, and not taken out again?"""
    return registration.told_sequence > NOT_YET


def _lock(registration: Registration):
    """Read anew what these mails keep, and let nobody else change it meanwhile."""
    rows = Registration.objects.select_for_update(of=("self",))
    registration.refresh_from_db(fields=_OWN, from_queryset=rows)


def _known(meeting: Meeting) -> Published:
    return calendar_files.published([meeting])[meeting.pk]


# Changes, at most once a day


def scan(now: datetime) -> dict[str, int]:
    """Tell those with a confirmed seat what changed since they were told last; returns how many.

    One mail for all that changed, at most one a day (UTC) for each registration. May run twice, or
    at once in two places: only who changes the row writes the mail.
    """
    written = 0
    for key, version, sequence in _behind(now).values_list("pk", "told_version", "told_sequence"):
        with transaction.atomic():
            written += _tell(key, version, sequence, now)
    return {"changed meetings": written}


def _behind(now: datetime):
    """Confirmed registrations that were not told of something, and of nothing else today."""
    told_of = (
        AgendaVersion.objects.filter(meeting=OuterRef("meeting"), is_telling=True)
        .order_by()
        .values("meeting")
        .annotate(number=Count("pk"))
        .values("number")
    )
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        Registration.objects.taking_part()
        .filter(
            Q(changes_told_at=None) | Q(changes_told_at__lt=today),
            user__is_active=True,
            told_sequence__gt=NOT_YET,
            meeting__status=Meeting.Status.ANNOUNCED,
            meeting__ends_on__gte=now.date() - timedelta(days=1),  # it may still be that day there
        )
        .annotate(sequence=F("meeting__sequence") + Coalesce(Subquery(told_of), 0))
        .filter(sequence__gt=F("told_sequence"))
    )


def _tell(key: int, version: int, sequence: int, now: datetime) -> bool:
    """False where another run told this person meanwhile."""
    registration = Registration.objects.select_related("meeting", "user").get(pk=key)
    known = _known(registration.meeting)
    told = Registration.objects.filter(pk=key, told_sequence=sequence).update(
        told_version=known.newest.number if known.newest else 0,
        told_sequence=calendar_files.sequence(registration.meeting, known),
        changes_told_at=now,
    )
    if told:
        context = {"registration": registration, "version": version, "sequence": sequence}
        outbox.post(CHANGED, registration.user.email, context)
    return bool(told)


# What stands in them when they leave


def _requests(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    return {mail.pk: _request(mail, now) for mail in mails}


def _cancels(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    return {mail.pk: _cancel(mail, now) for mail in mails}


def _changes(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    return {mail.pk: _change(mail, now) for mail in mails}


def _request(mail: OutgoingMail, now: datetime) -> Letter | Skip:
    registration = _of(mail)
    if registration is None or not _is_confirmed(registration):
        return Skip("The seat is not confirmed any more.")
    if not registration.user.is_active:
        return Skip("The account is blocked.")
    if registration.meeting.status == Meeting.Status.CANCELLED:
        return Skip("The meeting is cancelled.")
    return _letter(registration, "REQUEST", now)


def _cancel(mail: OutgoingMail, now: datetime) -> Letter | Skip:
    registration = _of(mail)
    if registration is None:
        return Skip("The registration is gone.")
    if not registration.user.is_active:
        return Skip("The account is blocked.")
    meeting = registration.meeting
    is_cancelled = meeting.status == Meeting.Status.CANCELLED
    if not is_cancelled and registration.told_sequence > NOT_YET:
        return Skip("The seat is confirmed again.")
    more = {"is_cancelled": is_cancelled, "reason": meeting.status_reason}
    return _letter(registration, "CANCEL", now, **more)


def _change(mail: OutgoingMail, now: datetime) -> Letter | Skip:
    """All that changed since the person was told last, also after the mail was promised."""
    letter = _request(mail, now)
    if isinstance(letter, Skip):
        return letter
    meeting = letter.context["meeting"]
    number, sequence = mail.context["version"], mail.context["sequence"]
    versions = list(meeting.versions.order_by("number").defer("content"))
    told_of = sum(one.is_telling and one.number <= number for one in versions)
    lines = [one.changes.splitlines() for one in versions if one.number > number]
    letter.context |= {
        "changes": [line.strip() for part in lines for line in part if line.strip()],
        "is_moved": meeting.sequence > sequence - told_of,
    }
    return letter


def _of(mail: OutgoingMail) -> Registration | None:
    found = Registration.objects.select_related("meeting__country", "user")
    return found.filter(pk=mail.context["registration"]["pk"]).first()


def _is_confirmed(registration: Registration) -> bool:
    return Registration.objects.taking_part().filter(pk=registration.pk).exists()


def way_of(registration: Registration) -> Part | None:
    """On site or online, where a seat is confirmed."""
    confirmed = registration.bookings.filter(
        status=Booking.Status.CONFIRMED, part__kind__in=Part.WAYS
    )
    booking = confirmed.select_related("part").first()
    return booking.part if booking else None


def _letter(registration: Registration, method: str, now: datetime, **more) -> Letter:
    meeting, user = registration.meeting, registration.user
    known, is_request = _known(meeting), method == "REQUEST"
    event = calendar_files.of_meeting(
        meeting, known, now, registration=registration, tells_address=is_request
    )
    context = {
        "meeting": meeting,
        "part": way_of(registration),
        "name": registration.name,
        "when": _when(meeting, known),
        "where": meeting.where,
        "online": meeting.online_address if is_request else "",
    }
    calendar = calendar_files.message(method, event, registration.name, user.email)
    return Letter(context | more, to=user.email, calendar=calendar, method=method)


def _when(meeting: Meeting, known: Published) -> str:
    """Days, and when it begins with the zone by its name, as far as an agenda is published."""
    sessions = agenda.shown(known.newest, meeting) if known.newest else []
    begins = [one.begins for one in sessions if one.begins]
    if not begins:
        return meeting.when
    first = min(begins, key=datetime.timestamp)
    moment = f"{date_format(first, 'j F Y, H:i')} {zones.named(first)}"
    return _("%(days)s. It begins on %(moment)s.") % {"days": meeting.when, "moment": moment}
