"""What of meetings can be followed (mailings/following.py): their list, and searches of it."""

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mailings import following, saved_searches
from meetings.filters import MeetingFilter
from meetings.models import Meeting


def register():
    """Name it to the mailings; called when the app is ready."""
    following.register(
        saved_searches.lists(
            "meeting-search", _("Meetings"), _("Meetings"), "meeting_list", _meetings
        )
    )


def _meetings(params: QueryDict, user) -> MeetingFilter:
    """Without drafts, also for who prepares them."""
    return MeetingFilter(params, Meeting.objects.visible_to(user).announced())
