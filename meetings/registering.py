"""Registering for a meeting: what a person says, and what the organisers must know."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meetings import seats
from meetings.models import (
    Booking,
    FormAnswer,
    FormQuestion,
    Meeting,
    Registration,
)
from meetings.moments import in_words
from partners.models import User
from partners.refusals import Refused

#: Who somebody is and for whom they come: what organisers approve and letters state
IDENTITY = ("name", "organisation", "organisation_name", "country_id")


def why_not(meeting: Meeting, now: datetime, by_hand: bool = False) -> str:
    """Why nobody can register for this meeting now, in a sentence; empty where one can.

    Organisers register people by hand also while the desk is closed, until the meeting is over.
    """
    if meeting.status == Meeting.Status.CANCELLED:
        return _("This meeting is cancelled.")
    desk = getattr(meeting, "desk", None)
    if desk is None:
        return _("This meeting takes no registrations here.")
    if meeting.status == Meeting.Status.DRAFT:
        return _("Registration opens once the meeting is announced.")
    if is_over(meeting, now):
        return _("This meeting is over.")
    if by_hand or desk.is_open(now):
        return ""
    if now < desk.opens_at:
        said = _("Registration opens on %(moment)s.")
        return said % {"moment": in_words(desk.opens_at, meeting)}
    said = _("Registration closed on %(moment)s.")
    return said % {"moment": in_words(desk.closes_at, meeting)}


def is_over(meeting: Meeting, now: datetime) -> bool:
    """By the day at its place."""
    return meeting.is_over(meeting.day_at(now))


@transaction.atomic
def register(
    meeting_id: int,
    user: User,
    part_id: int,
    values: dict,
    answers: dict[FormQuestion, str],
    now: datetime,
    by: User | None = None,
) -> Booking:
    """Somebody wants to take part: the booking says whether there is a seat.

    `values`: fields of Registration that people fill in; `answers`: what was said to the
    organisers' own questions. `by`: the organiser who registers somebody by hand, also before and
    after the desk is open. Who gave everything back may register again. Raises Refused.
    """
    # A button that is pressed twice comes one by one
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    meeting = Meeting.objects.select_related("desk").get(pk=meeting_id)
    if refusal := why_not(meeting, now, by_hand=by is not None):
        raise Refused(refusal)
    own = Registration.objects.filter(meeting=meeting, user=user)
    if own.exists():
        # The parts first, as all steps do, and then the row with what they wrote of its calendar
        # event. Where nothing is there yet the crowd need not come one by one so early.
        seats.locked(meeting_id)
    registration = own.select_for_update(no_key=True).first()
    if registration is None:
        registration = Registration(meeting=meeting, user=user, created_at=now)
    elif registration.bookings.live().of_ways().exists():
        raise Refused(_("You are registered already."))
    _fill_in(registration, values, answers, now)
    return seats.take(registration, part_id, now, by)


@transaction.atomic
def change(
    registration_id: int, values: dict, answers: dict[FormQuestion, str], now: datetime
) -> Registration:
    """Say something else than before.

    Raises Refused when the meeting is over, and for another name, organisation or country once the
    organisers have approved these.
    """
    rows = Registration.objects.filter(pk=registration_id)
    seats.locked(rows.values_list("meeting", flat=True).get())  # nobody approves meanwhile
    registration = (
        rows.select_for_update(no_key=True, of=("self",))
        .select_related("meeting__desk", "user", "organisation")
        .get()
    )
    if is_over(registration.meeting, now):
        raise Refused(_("This meeting is over: nothing can be changed any more."))
    said = [(getattr(registration, name), values.get(name)) for name in IDENTITY if name in values]
    if any(old != new for old, new in said) and is_approved(registration):
        raise Refused(
            _(
                "The organisers have approved your name, organisation and country. "
                "Ask them to change these."
            )
        )
    _fill_in(registration, values, answers, now)
    return registration


def is_approved(registration: Registration) -> bool:
    """Did the organisers let in this person under this name, or put it into the line?"""
    desk = getattr(registration.meeting, "desk", None)
    let_in = registration.bookings.live().of_ways().exclude(status=Booking.Status.APPLIED)
    return desk is not None and desk.needs_approval and let_in.exists()


@transaction.atomic
def correct(registration_id: int, values: dict, now: datetime) -> Registration:
    """The organisers write name, organisation and country (IDENTITY) as they are right.

    Also when the meeting is over: confirmations of attendance state them. A letter that says
    something else does not hold any more.
    """
    rows = Registration.objects.select_for_update(no_key=True)
    registration = rows.get(pk=registration_id)
    for name in IDENTITY:
        setattr(registration, name, values[name])
    registration.changed_at = now
    registration.save(update_fields=[*IDENTITY, "changed_at"])
    return registration


@transaction.atomic
def join_visit(
    registration: Registration, part_id: int, answers: dict[FormQuestion, str], now: datetime
) -> Booking:
    """Sign up for a site visit, with what its host must know. Raises Refused."""
    booking = seats.take(registration, part_id, now)
    _answer(registration, answers)
    return booking


def _fill_in(
    registration: Registration, values: dict, answers: dict[FormQuestion, str], now: datetime
):
    for name, value in values.items():
        setattr(registration, name, value)
    registration.changed_at = now
    registration.save()
    _answer(registration, answers)


def _answer(registration: Registration, answers: dict[FormQuestion, str]):
    for question, text in answers.items():
        FormAnswer.objects.update_or_create(
            registration=registration, question=question, defaults={"text": text}
        )
