"""A person's own letter and confirmation of attendance, for each page that shows them."""

from datetime import datetime

from meetings import attendance, letters
from meetings.models import Registration


def of(registration: Registration, now: datetime) -> dict:
    """The context of `meetings/parts/own_letter.html`.

    `has_letters`: there is something to open, or a letter to issue.
    """
    held = registration.letters.filter(withdrawn_at=None)
    letter = held.with_what_it_is_held_against().first()
    standing = letters.standing(letter, now) if letter else None
    why_no_letter = letters.why_not(registration, registration.user, now)
    attended = attendance.days_of(registration)
    return {
        "registration": registration,
        "has_letters": bool(letter or attended or not why_no_letter),
        "letter": letter,
        "standing": standing,
        "why_no_letter": why_no_letter,
        "attended": attended,
    }
