"""Demonstration data: needs of countries. Called by `manage.py loaddemo` alone.

The needs stand in data/country_needs.json with their sources and are true. Two more are invented
and say so: one that waits for the Lead, one that is being met.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

from advice import calling, registering
from advice.models import Need, NeedChange
from partners import demonstration as people
from partners.models import Term, User

DATA = Path(__file__).parents[1] / "data" / "country_needs.json"

#: Where a need was said; of all others a report or a page on a project tells.
SOURCES = {
    "uy-chlor-alkali-survey": Need.Source.MEETING,
    "jo-sip-lessons": Need.Source.MEETING,
    "am-lamps": Need.Source.STATEMENT,
    "bf-guidelines-experts": Need.Source.STATEMENT,
}
SURVEY = (
    "The Waste Management Area and the US EPA made a joint survey; Japan’s environment ministry "
    "sent three experts."
)
WANTED = ("handling-interim-storage", "")


def load(now: datetime):
    """In the caller's transaction."""
    lead = User.objects.get(email=people.LEAD)
    terms = dict(Term.objects.values_list("code", "pk"))
    for number, row in enumerate(json.loads(DATA.read_text(encoding="utf-8"))):
        is_met = row["status"] == "answered"
        need = Need.objects.create(
            country_id=row["country"],
            title=row["title"],
            description=row["need"],
            source=SOURCES.get(row["slug"], Need.Source.ASSESSMENT),
            source_text=row["source"],
            url=row["url"] or "",
            year=row["year"],
            status=Need.Status.MET if is_met else Need.Status.OPEN,
            status_reason=SURVEY if is_met else "",
            submitted_at=now - timedelta(days=300 - number),
        )
        need.terms.set([terms[code] for code in row["expertise"]])
        if is_met:
            NeedChange.objects.create(
                need=need,
                old=Need.Status.OPEN,
                new=Need.Status.MET,
                at=need.submitted_at + timedelta(days=1),
                actor=lead,
                reason=SURVEY,
            )
    _load_invented(terms, lead, now)
    calling.open_call(terms[WANTED[0]], WANTED[1], lead, now - timedelta(days=5))


def _load_invented(terms: dict[str, int], lead: User, now: datetime):
    partner = User.objects.get(email=people.PARTNER)
    said_at = now - timedelta(days=40)
    begun = Need.objects.create(
        country_id="KE",
        title="A plan for mercury from broken lamps (example)",
        description=(
            "Lamps are collected in two towns, and nobody knows where the mercury goes. The county "
            "wants a plan for storage and treatment."
        ),
        source=Need.Source.STATEMENT,
        source_text="Letter of the county (example)",
        year=said_at.year,
        submitted_by=partner,
        submitted_at=said_at,
        fictitious=True,
    )
    begun.terms.set([terms["products-lamps"], terms["handling-interim-storage"]])
    registering.approve(begun.pk, lead, said_at + timedelta(days=2))
    registering.move(
        begun.pk,
        Need.Status.BEING_MET,
        "An expert of the list has begun to advise the county.",
        lead,
        said_at + timedelta(days=20),
    )
    waits = Need.objects.create(
        country_id="UY",
        title="Training for inspectors of waste sites (example)",
        description=(
            "Twelve inspectors of the ministry have to find mercury waste at sites, take samples "
            "and write reports. Nobody in the country teaches this."
        ),
        source=Need.Source.REQUEST,
        source_text="Request of the ministry (example)",
        year=now.year,
        submitted_by=partner,
        submitted_at=now - timedelta(days=2),
        fictitious=True,
    )
    waits.terms.set([terms["capacity-training"], terms["evidence-analysis"]])
