"""What of the meetings can be announced (mailings/drafts.py)."""

from mailings.drafts import Announceable, Draft
from meetings.models import Meeting
from partners.audience import Audience


def of_meeting(key: int, user) -> Draft | None:
    """A meeting that is announced itself."""
    found = Meeting.objects.visible_to(user).filter(status=Meeting.Status.ANNOUNCED)
    meeting = found.select_related("country").filter(pk=key).first()
    if meeting is None:
        return None
    facts = ". ".join(filter(None, (meeting.when, meeting.where)))
    return Draft(
        topic="events",
        title=meeting.title,
        text="\n\n".join(filter(None, (f"{facts}.", meeting.summary))),
        path=meeting.get_absolute_url(),
        audience=Audience(meeting.audience),
        begins_on=meeting.starts_on,
        ends_on=meeting.ends_on,
        countries=(meeting.country_id,) if meeting.country_id else (),
    )


THINGS: Announceable = {"meeting": of_meeting}
