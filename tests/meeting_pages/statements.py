"""Addresses of meetings: statements. The letters and roles are those of tests/pages.py.

The role "partner" belongs to an organisation of Uruguay, whose statement is a draft.
"""

from datetime import datetime

from meetings import stating
from meetings.demonstration import NEXT
from meetings.models import Meeting
from partners.models import Country, Organisation, User

OURS = """
#                          GET        POST       PUT        DELETE
statement_list             2222222222 XXXXXXXXXX XXXXXXXXXX
statement_list_csv         SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
statement_list_xlsx        SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
statement_detail@sent      2222222222 XXXXXXXXXX XXXXXXXXXX
statement_detail@draft     S-2-----22 XXXXXXXXXX XXXXXXXXXX
statement_edit@draft       SF2FFFFFFF SF2FFFFFFF SXXXXXXXXX
statement_edit@sent        SFFFFFFFFF SFFFFFFFFF SXXXXXXXXX
statement_send@draft       SXXXXXXXXX S-3-----FF SXXXXXXXXX
statement_take_back@draft  SXXXXXXXXX S-3-----FF SXXXXXXXXX
statement_take_back@sent   SXXXXXXXXX SFFFFFFFFF SXXXXXXXXX
stated_need_register       SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = {"statement_list_csv", "statement_list_xlsx"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {
    "statement_list@region": ("statement_list", "?region=africa"),
    "statement_list@nothing": ("statement_list", "?region=oceania"),
    "statement_list@unknown": ("statement_list", "?region=mars"),
}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A draft."""
    meeting, country = Meeting.objects.get(code=NEXT), Country.objects.get(pk="UY")
    values = {
        "situation": "Three plants have closed (example).",
        "priorities": "",
        "organisation": Organisation.objects.of(partner, now.date()).get(country=country),
    }
    needs = [stating.Row(None, "A store for closed plants (example)")]
    stating.save(meeting.pk, country, values, needs, 0, partner, now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found = {name: [NEXT] for name in ("statement_list", *FILES)}
    for state, country in (("sent", "ph"), ("draft", "uy")):
        for name in ("detail", "edit", "send", "take_back"):
            found[f"statement_{name}@{state}"] = [NEXT, country]
    return found | {"stated_need_register": [NEXT, "ph", 2]}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
