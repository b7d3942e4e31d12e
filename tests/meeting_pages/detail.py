"""Addresses of meetings: detail. The letters and roles are those of tests/pages.py."""

from datetime import datetime

from meetings.demonstration import NEXT
from meetings.models import Meeting, Series
from partners.models import User

OURS = """
#                        GET        POST       PUT        DELETE
meeting_list             2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_month            2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_story            2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_feed             2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_add              SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
meeting_detail@next      2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_detail@true      2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_detail@draft     S----2--22 XXXXXXXXXX XXXXXXXXXX
meeting_prepare@next     SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
meeting_prepare@draft    S----F--22 SXXXXXXXXX SXXXXXXXXX
meeting_edit@next        SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
meeting_edit@draft       S----F--22 S----F--22 SXXXXXXXXX
meeting_move@next        SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
meeting_move@draft       SXXXXXXXXX S----F--33 SXXXXXXXXX
meeting_cancel@next      SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
meeting_cancel@draft     S----F--33 S----F--33 SXXXXXXXXX
"""

MODELS = """
meetings_series          222223 222223 222223
"""

FILES = {"meeting_feed"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {
    "meeting_list@filtered": ("meeting_list", "?q=threshold&kind=core"),
    "meeting_list@nothing": ("meeting_list", "?q=thermometers&year=2009"),
    "meeting_list@unknown": ("meeting_list", "?kind=magic&year=never&series=none"),
}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A draft."""
    Meeting.objects.create(
        code="draft-example",
        title="A meeting in preparation (example)",
        starts_on=now.date(),
        ends_on=now.date(),
        created_by=lead,
        fictitious=True,
    )


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    codes = {"next": NEXT, "true": "wma-bilbao-2019", "draft": "draft-example"}
    found = {f"meeting_detail@{name}": [code] for name, code in codes.items()}
    for page in ("prepare", "edit", "move", "cancel"):
        found |= {f"meeting_{page}@{name}": [codes[name]] for name in ("next", "draft")}
    return found | {"meeting_month": [2013, 12]}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {"meetings_series": Series.objects.earliest("pk").pk}
