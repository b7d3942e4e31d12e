"""A moment in words, by the clock of a meeting's place."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

if TYPE_CHECKING:  # the models write moments in words, too
    from meetings.models import Meeting


def in_words(moment: datetime, meeting: "Meeting") -> str:
    """ "4 December 2026, 23:59 Bangkok (UTC+7)"."""
    from meetings import zones  # which needs the models

    there = moment.astimezone(meeting.zone)
    return _("%(day)s, %(time)s %(zone)s") % {
        "day": date_format(there, "j F Y"),
        "time": date_format(there, "H:i"),
        "zone": zones.named(there),
    }
