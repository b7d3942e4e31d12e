"""Demonstration data: missions. Called by `manage.py loaddemo` alone.

The true ones stand in data/missions.json with their source; who was sent and when is not told
there, so it is not stated here. The others are invented and say so.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

from advice import missions
from advice.models import Mission, MissionPerson, MissionPlace, Need
from experts.models import Expert
from partners.models import PartnershipArea, Term

DATA = Path(__file__).parent.parent / "data" / "missions.json"
WENT = "expert03@example.org"


def load(now: datetime):
    """In the caller's transaction."""
    terms = {term.code: term for term in Term.objects.defer("words")}
    for row in json.loads(DATA.read_text(encoding="utf-8")):
        _load_true(row, terms, now)
    _load_done(terms, now)
    _load_draft(terms, now)


def _load_true(row: dict, terms: dict[str, Term], now: datetime):
    mission = Mission.objects.create(
        title=row["title"],
        country_id=row["country"],
        need=Need.objects.filter(country=row["country"], title=row["need"]).first(),
        summary=row["summary"],
        year=row["year"],
        financing_wanted=True,
        financing=row["financing"],
        source_text=row["source"],
        status=row["status"],
        created_at=now,
    )
    mission.areas.set(PartnershipArea.objects.filter(slug__in=row["areas"]))
    for number, place in enumerate(row["places"], 1):
        _place(mission, number, terms[place["term"]], place["wanted"])


def _load_done(terms: dict[str, Term], now: datetime):
    """Invented: somebody of the list went, beside somebody who is not on it."""
    began = now.date() - timedelta(days=400)
    mission = _invented(
        "Advice on a first store for spent lamps (example)",
        "VN",
        Mission.Status.DONE,
        now,
        summary="Two people looked at three collection points and wrote down what a store needs.",
        starts_on=began,
        ends_on=began + timedelta(days=4),
        year=began.year,
        costs="Travel by the host ministry; time by the experts' own institutes (example)",
        result="The ministry chose one of three places and began to collect lamps (example).",
    )
    lamps = _place(mission, 1, terms["products-lamps"])
    expert = Expert.objects.get(email=WENT)
    MissionPerson.objects.create(
        mission=mission, place=lamps, expert=expert, as_what="Adviser on lamps", is_sent=True
    )
    MissionPerson.objects.create(
        mission=mission, name="Engineer 01 (example)", as_what="Engineer of stores", is_sent=True
    )


def _load_draft(terms: dict[str, Term], now: datetime):
    """Invented: what the Lead has after one click on a need."""
    mission = _invented(
        "Plans for mercury wastes of a chlorine plant (example)",
        "MX",
        Mission.Status.DRAFT,
        now,
        summary="A team is sought that helps to plan how the cells are taken down (example).",
        year=now.year,
    )
    for number, code in enumerate(
        ("industry-chlor-alkali-decommissioning", "treatment-stabilization"), 1
    ):
        term = terms[code]
        place = _place(mission, number, term)
        found = missions.people_for(term, mission.summary, mission.country_id, [], now)
        MissionPerson.objects.bulk_create(
            MissionPerson(
                mission=mission,
                place=place,
                expert=one.expert,
                as_what=term.label,
                why=missions.in_lines(one.reasons),
            )
            for one in found
        )


def _invented(title: str, country: str, status: str, now: datetime, **facts) -> Mission:
    mission = Mission.objects.create(
        title=title,
        country_id=country,
        status=status,
        source_text="Written for the demonstration",
        created_at=now,
        fictitious=True,
        **facts,
    )
    mission.areas.set(PartnershipArea.objects.filter(slug="waste"))
    return mission


def _place(mission: Mission, number: int, term: Term, wanted: str = "") -> MissionPlace:
    return MissionPlace.objects.create(mission=mission, number=number, term=term, wanted=wanted)
