"""Addresses of meetings: agenda. The letters and roles are those of tests/pages.py."""

from datetime import datetime, time

from meetings import publishing_agenda
from meetings.demonstration import NEXT
from meetings.models import Item, Meeting, Session
from partners.models import User

OURS = """
#                        GET        POST       PUT        DELETE
agenda_edit@next         SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
agenda_edit@draft        S----F--22 SXXXXXXXXX SXXXXXXXXX
agenda_edit@empty        SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
agenda_publish@next      SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
agenda_publish@draft     S----F--22 S----F--22 SXXXXXXXXX
agenda_version@next      2222222222 XXXXXXXXXX XXXXXXXXXX
agenda_version@draft     S----2--22 XXXXXXXXXX XXXXXXXXXX
agenda_version@none      S--------- XXXXXXXXXX XXXXXXXXXX
meeting_now@next         2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_now@draft        S----2--22 XXXXXXXXXX XXXXXXXXXX
session_add@next         SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
session_add@draft        S----F--22 S----F--22 SXXXXXXXXX
session_edit@next        SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
session_edit@draft       S----F--22 S----F--22 SXXXXXXXXX
session_edit@elsewhere   SFFFFFFF33 SFFFFFFF33 SXXXXXXXXX
session_remove@next      SFFFFFFF22 SFFFFFFF33 SXXXXXXXXX
session_remove@draft     S----F--22 S----F--33 SXXXXXXXXX
item_add@next            SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
item_add@draft           S----F--22 S----F--22 SXXXXXXXXX
item_edit@next           SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
item_edit@draft          S----F--22 S----F--22 SXXXXXXXXX
item_edit@elsewhere      SFFFFFFF33 SFFFFFFF33 SXXXXXXXXX
item_remove@next         SFFFFFFF22 SFFFFFFF33 SXXXXXXXXX
item_remove@draft        S----F--22 S----F--33 SXXXXXXXXX
item_move@next           SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
item_move@draft          S----F--22 S----F--22 SXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = set()
ALIKE: set[str] = {
    *("session_add@draft", "session_edit@draft", "session_remove@draft", "item_add@draft"),
    *("item_edit@draft", "item_remove@draft", "item_move@draft"),
}
QUERIES: dict[str, tuple[str, str]] = {}

DRAFT, EMPTY = "draft-example", "wma-bilbao-2019"


def furnish(partner: User, other: User, lead: User, now: datetime):
    """The draft meeting has a published agenda, and one item more that is not published yet."""
    meeting = Meeting.objects.get(code=DRAFT)
    session = Session.objects.create(
        meeting=meeting, number=1, title="Only session", day=meeting.starts_on, begins_at=time(9)
    )
    Item.objects.create(session=session, position=1, title="Opening")
    seen = publishing_agenda.draft(meeting).seen
    publishing_agenda.publish(meeting.pk, seen, "", True, lead, now)
    Item.objects.create(session=session, position=2, title="Closing")


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found = {"agenda_edit@empty": [EMPTY], "agenda_version@none": [NEXT, 99]}
    for what, code in (("next", NEXT), ("draft", DRAFT)):
        session = Session.objects.filter(meeting__code=code).earliest("pk")
        item = session.items.earliest("position")
        for name in ("agenda_edit", "agenda_publish", "meeting_now", "session_add"):
            found[f"{name}@{what}"] = [code]
        for name in ("session_edit", "session_remove", "item_add"):
            found[f"{name}@{what}"] = [code, session.pk]
        for name in ("item_edit", "item_remove", "item_move"):
            found[f"{name}@{what}"] = [code, item.pk]
        found[f"agenda_version@{what}"] = [code, 1]
    found["session_edit@elsewhere"] = [NEXT, found["session_edit@draft"][1]]
    found["item_edit@elsewhere"] = [NEXT, found["item_edit@draft"][1]]
    return found


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
