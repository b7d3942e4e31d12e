"""What organisers should look at once more before they publish an agenda."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meetings.agenda import ShownSession
from meetings.models import Meeting


def of(sessions: list[ShownSession], meeting: Meeting) -> list[str]:
    """A sentence for each: other days than those of the meeting, two sessions in a room at once."""
    found = []
    for session in sessions:
        if session.day and meeting.days and session.day not in meeting.days:
            said = _("Session %(number)s is on %(day)s, which is no day of the meeting.")
            day = date_format(session.day, "j F Y")
            found.append(said % {"number": session.number, "day": day})
    timed = [session for session in sessions if session.begins]
    for number, one in enumerate(timed):
        for other in timed[number + 1 :]:
            if one.room == other.room and one.begins < other.ends and other.begins < one.ends:
                said = _("Sessions %(one)s and %(other)s are in the same room at the same time.")
                found.append(said % {"one": one.number, "other": other.number})
    return found
