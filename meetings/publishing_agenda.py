"""Publishing an agenda: the draft becomes a version that never changes, and says what changed."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meetings import agenda, agenda_changes
from meetings.agenda_changes import Change
from meetings.agenda_editing import fingerprint, lock
from meetings.models import AgendaVersion, Meeting
from partners.models import User
from partners.refusals import Refused


@dataclass(frozen=True)
class Draft:
    """What publishing would write now."""

    newest: AgendaVersion | None
    content: list[dict]
    changes: list[Change]  # against the newest version; empty for the first

    @property
    def number(self) -> int:
        return self.newest.number + 1 if self.newest else 1

    @property
    def seen(self) -> str:
        """A word for what somebody sees who looks at this draft."""
        return fingerprint([self.number, self.content])

    @property
    def is_empty(self) -> bool:
        """Nothing to publish: no item, or the same as the newest version."""
        if self.newest is None:
            return not any(row["items"] for row in self.content)
        return self.content == self.newest.content

    @property
    def is_noticed(self) -> bool:
        """Registrants should hear of it: a first agenda, or another time, place or status."""
        return self.newest is None or any(change.is_noticed for change in self.changes)

    @property
    def words(self) -> str:
        """A line for each change."""
        return "\n".join(change.words for change in self.changes)


def draft(meeting: Meeting) -> Draft:
    newest = agenda.newest(meeting)
    before = newest.content if newest else None
    content = agenda.content(meeting, before)
    changes = agenda_changes.compare(before, content, meeting) if newest else []
    return Draft(newest, content, changes)


@transaction.atomic
def publish(
    meeting_id: int, seen: str, changes: str, is_telling: bool, by: User, now: datetime
) -> AgendaVersion:
    """Write the next version. `seen` is that of the draft which the organiser looked at.

    `changes` says what is different, a line for each. Raises Refused where the draft or the newest
    version is another one by now, and where there is nothing to publish.
    """
    meeting = lock(meeting_id)
    found = draft(meeting)
    if found.is_empty:
        raise nothing(found)
    if found.seen != seen:
        raise Refused(
            _("Somebody else changed or published the agenda meanwhile. Look at it once more.")
        )
    if found.newest and not changes.strip():
        raise Refused(_("Say what changed: people compare with what they knew."))
    return AgendaVersion.objects.create(
        meeting=meeting,
        number=found.number,
        content=found.content,
        changes=changes.strip() if found.newest else "",
        is_telling=is_telling,
        published_by=by,
        published_at=now,
    )


def nothing(found: Draft) -> Refused:
    """Why there is nothing to publish."""
    if found.newest is None:
        return Refused(_("There is nothing to publish: the agenda has no item yet."))
    said = _("There is nothing to publish: the draft says the same as version %(number)s.")
    return Refused(said % {"number": found.newest.number})
