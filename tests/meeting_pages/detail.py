"""Addresses of meetings: detail. The letters and roles are those of tests/pages.py."""

from datetime import datetime

from meetings.demonstration import NEXT
from meetings.models import Meeting, Series
from partners.models import User

OURS = """
#                        GET        POST       PUT        DELETE
meeting_list             2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_detail@next      2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_detail@true      2222222222 XXXXXXXXXX XXXXXXXXXX
meeting_detail@draft     S----2--22 XXXXXXXXXX XXXXXXXXXX
meeting_prepare@next     SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
meeting_prepare@draft    S----F--22 SXXXXXXXXX SXXXXXXXXX
"""

MODELS = """
meetings_series          222223 222223 222223
"""

FILES: set[str] = set()
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {}


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
    return found | {f"meeting_prepare@{name}": [codes[name]] for name in ("next", "draft")}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {"meetings_series": Series.objects.earliest("pk").pk}
