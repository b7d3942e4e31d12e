"""Addresses of meetings: calendar. The letters and roles are those of tests/pages.py."""

from datetime import datetime

from meetings.demonstration import NEXT
from meetings.models import CalendarFeed, Item, Meeting
from partners import demonstration as people
from partners.models import User

OURS = """
#                        GET        POST       PUT        DELETE
zone_choose              2222222222 2222222222 XXXXXXXXXX
calendar_all             2222222222 XXXXXXXXXX XXXXXXXXXX
calendar_settings        S222222222 S333333333 SXXXXXXXXX
calendar_feed@on         2222222222 XXXXXXXXXX XXXXXXXXXX
calendar_feed@renewed    ---------- XXXXXXXXXX XXXXXXXXXX
meeting_calendar@next    2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_calendar@month   S--------- XXXXXXXXXX XXXXXXXXXX
meeting_calendar@draft   S----2--22 XXXXXXXXXX XXXXXXXXXX
item_calendar@next       2222222222 XXXXXXXXXX XXXXXXXXXX
item_calendar@draft      S--------- XXXXXXXXXX XXXXXXXXXX
"""

MODELS = """
"""

FILES = {"calendar_all", "calendar_feed", "meeting_calendar", "item_calendar"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """The demonstration lacks nothing."""


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    feed = CalendarFeed.objects.get(user__email=people.PARTNER)
    month = Meeting.objects.filter(precision=Meeting.Precision.MONTH).earliest("pk")
    item = Item.objects.filter(session__meeting__code=NEXT).earliest("pk")
    return {
        "calendar_feed@on": [feed.token],
        "calendar_feed@renewed": ["0" * len(feed.token)],
        "meeting_calendar@next": [NEXT],
        "meeting_calendar@month": [month.code],
        "meeting_calendar@draft": ["draft-example"],
        "item_calendar@next": [NEXT, item.pk],
        "item_calendar@draft": ["draft-example", item.pk],
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
