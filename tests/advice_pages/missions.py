"""Addresses of the floor: missions. The letters and roles are those of tests/pages.py."""

from datetime import datetime

from advice import missions
from advice.models import Mission, MissionPerson, Need
from partners.models import Term, User

OURS = """
#                        GET        POST       PUT        DELETE
mission_list             2222222222 XXXXXXXXXX XXXXXXXXXX
mission_detail@true      2222222222 XXXXXXXXXX XXXXXXXXXX
mission_detail@done      2222222222 XXXXXXXXXX XXXXXXXXXX
mission_detail@planned   2222222222 XXXXXXXXXX XXXXXXXXXX
mission_detail@draft     --------22 XXXXXXXXXX XXXXXXXXXX
mission_move@planned     SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
mission_move@draft       SXXXXXXXXX S-------33 SXXXXXXXXX
mission_cancel@planned   SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
mission_cancel@draft     S-------33 S-------33 SXXXXXXXXX
mission_person@draft     SXXXXXXXXX S-------33 SXXXXXXXXX
mission_draft            SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
"""

MODELS = """
advice_mission             222F23 222F23 222F23
"""

FILES: set[str] = set()
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {
    "mission_list@filtered": ("mission_list", "?q=chlor-alkali&status=done&country=UY"),
    "mission_list@nothing": ("mission_list", "?q=thermometers&region=africa"),
    "mission_list@unknown": ("mission_list", "?status=magic&year=never&country=AQ"),
}
_TITLES = {
    "true": "Joint survey for the conversion of a chlor-alkali plant",
    "done": "Advice on a first store for spent lamps (example)",
    "planned": "Pilot plant for stabilization (example)",
    "draft": "Plans for mercury wastes of a chlorine plant (example)",
}
_NEED = "A mission begins here (example)"


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A need without a draft, and a planned mission."""
    need = Need.objects.create(
        country_id="PE",
        title=_NEED,
        description="Who can help?",
        source=Need.Source.MEETING,
        year=now.year,
        status=Need.Status.OPEN,
        fictitious=True,
    )
    need.terms.add(Term.objects.get(code="treatment-stabilization"))
    planned, _is_new = missions.draft_from_need(need.pk, lead, now)
    planned.title = _TITLES["planned"]
    planned.save()
    missions.move(planned.pk, Mission.Status.PLANNED, lead, now)


def _mission(name: str) -> Mission:
    return Mission.objects.get(title=_TITLES[name])


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found = {f"mission_detail@{name}": [_mission(name).pk] for name in _TITLES}
    for name in ("planned", "draft"):
        found[f"mission_move@{name}"] = found[f"mission_cancel@{name}"] = [_mission(name).pk]
    proposal = MissionPerson.objects.filter(mission=_mission("draft"), is_sent=False).earliest("pk")
    return found | {
        "mission_person@draft": [proposal.mission_id, proposal.pk],
        "mission_draft": [Need.objects.get(title=_NEED).pk],
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {"advice_mission": _mission("done").pk}
