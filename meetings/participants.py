"""The list of participants: who stands on it for whom, and what a person is told of that.

Three must agree: the meeting is visible to the reader, the organisers show the list to them, and
the person consented. The page and the preview ask the same functions.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meetings import permissions
from meetings.models import Meeting, Registration
from partners.audience import Audience

Appearance = Registration.Appearance

#: The readers of the preview: words, the audiences whose meetings they see, do they take part
VISITOR = (_("A visitor without a sign-in"), (Audience.PUBLIC,), False)
PARTNER = (_("A partner who does not take part"), (Audience.PUBLIC, Audience.PARTNERS), False)
CORE_MEMBER = (_("A core member who does not take part"), tuple(Audience), False)
PARTICIPANT = (_("A participant"), tuple(Audience), True)


@dataclass(frozen=True)
class Preview:
    """What one sort of reader sees of a person on the page of participants."""

    reader: str | Promise
    is_shown: bool


def listed(meeting: Meeting, user, now: datetime) -> QuerySet[Registration]:
    """The participants that this person may see, who may see the meeting; organisers see all."""
    if permissions.can_organise(user, meeting):
        return meeting.registrations.taking_part()
    return _listed(meeting, permissions.takes_part(user, meeting), now)


def is_shown_to(meeting: Meeting, user, now: datetime) -> bool:
    """Is there a list for this person, be it empty?"""
    if permissions.can_organise(user, meeting):
        return True
    return _is_open(meeting, permissions.takes_part(user, meeting), now)


def preview(registration: Registration, now: datetime) -> list[Preview]:
    """What others see of this registration: a visitor, a partner, for meetings of core
    members one of them, a participant, in this order.

    Organisers see everybody and are not among them.
    """
    meeting = registration.meeting
    is_draft = meeting.status == Meeting.Status.DRAFT
    found = []
    # Elsewhere a core member sees what any partner sees
    core = [CORE_MEMBER] if meeting.audience == Audience.CORE else []
    for reader, audiences, takes_part in (VISITOR, PARTNER, *core, PARTICIPANT):
        own = _listed(meeting, takes_part, now).filter(pk=registration.pk)
        sees_meeting = not is_draft and meeting.audience in audiences
        found.append(Preview(reader, sees_meeting and own.exists()))
    return found


def _is_open(meeting: Meeting, takes_part: bool, now: datetime) -> bool:
    """The organisers show the list, and the meeting is not over at its place or cancelled."""
    desk = getattr(meeting, "desk", None)
    wide_enough = {Appearance.EVERYONE}
    if takes_part:
        wide_enough.add(Appearance.PARTICIPANTS)
    if desk is None or desk.participants_shown_to not in wide_enough:
        return False
    is_cancelled = meeting.status == Meeting.Status.CANCELLED
    return not is_cancelled and meeting.day_at(now) <= meeting.ends_on


def _listed(meeting: Meeting, takes_part: bool, now: datetime) -> QuerySet[Registration]:
    """By consent. Who is blocked could not take it back, so they stand on no list."""
    if not _is_open(meeting, takes_part, now):
        return meeting.registrations.none()
    today = meeting.day_at(now)
    consenting = meeting.registrations.showing_themselves(takes_part, today)
    return consenting.filter(user__is_active=True)
