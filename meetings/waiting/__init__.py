"""What waits for one person on the floor, for “My page”: one module a subject."""

from datetime import datetime

from meetings.waiting import outcomes, papers, questions, registration, statements
from partners.waiting import Waiting

_SUBJECTS = (registration, papers, statements, questions, outcomes)


def for_person(user, now: datetime) -> list[Waiting]:
    """In the order of urgency: seats that are offered, papers, statements, questions, actions."""
    return [one for subject in _SUBJECTS for one in subject.for_person(user, now)]
