"""A person's own letter and confirmation of attendance, for each page that shows them."""

from datetime import datetime

from meetings import attendance, letters
from meetings.models import Registration


def of(registration: Registration, now: datetime) -> dict:
    """The context of `meetings/parts/own_letter.html`."""
    held = registration.letters.filter(withdrawn_at=None)
    letter = held.with_what_it_is_held_against().first()
    return {
        "registration": registration,
        "letter": letter,
        "standing": letters.standing(letter, now) if letter else None,
        "why_no_letter": letters.why_not(registration, registration.user, now),
        "attended": attendance.days_of(registration),
    }


def has_any(registration: Registration, now: datetime) -> bool:
    """Is there something to open, or a letter to issue?"""
    own = of(registration, now)
    return bool(own["letter"] or own["attended"] or not own["why_no_letter"])
