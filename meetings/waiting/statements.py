"""What waits for one person of statements of meetings, for “My page”."""

from datetime import datetime

from documents.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    return []
