"""Demonstration data of announcements: true ones of the past, and invented ones in each state.

Called by `manage.py loaddemo` alone, after the people are there. True announcements stand in
data/announcements.json with their sources; those of which no day is known stand in the archive from
the loading on. Invented ones say so, and their days count from the moment of loading.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile

from mailings import announcing
from mailings.models import (
    Announcement,
    AnnouncementEdit,
    AnnouncementTopic,
)
from partners import demonstration as people
from partners import files
from partners.audience import Audience
from partners.models import Organisation, Term, User

DATA = Path(__file__).parent / "data" / "announcements.json"
_Status = Announcement.Status

GRANTS = "Grants for collection points on islands (example)"
#: State → topic, title, text, and what else is known; days count from the loading
INVENTED = (
    (
        *(_Status.PUBLISHED, "finance", GRANTS),
        "Municipalities on islands can apply for **collection points** for lamps, thermometers "
        "and batteries.\n\n- One application for each municipality\n- Training of staff is "
        "included\n- Transport to the next treatment plant is paid for two years",
        {
            "audience": Audience.PUBLIC,
            "closes_on": 40,
            "amount": 40_000,
            "currency": "EUR",
            "who_may_apply": "Municipalities of small island states",
            "countries": ["FJ", "MU", "WS"],
            "terms": ["handling-interim-storage"],
            "links": ["https://example.org/grants"],
        },
    ),
    (
        *(
            _Status.PUBLISHED,
            "needs",
            "Une ville cherche à trier ses lampes (example)",
        ),
        "La ville collecte des lampes depuis un an et cherche un partenaire qui connaît **le tri "
        "et le stockage**. Les frais de voyage sont pris en charge.",
        {
            "audience": Audience.PUBLIC,
            "language": "fr",
            "closes_on": 70,
            "countries": ["SN"],
        },
    ),
    (
        *(_Status.PUBLISHED, "events", "Training on safe storage, three days (example)"),
        "For staff of ministries and of storage sites. Places are given in the order of "
        "registration.",
        {"audience": Audience.PARTNERS, "begins_on": 45, "ends_on": 47, "countries": ["KE"]},
    ),
    (
        *(_Status.PUBLISHED, "lead", "Draft of the next activity plan, for core members (example)"),
        "Please read it before the next meeting and say what is missing.",
        {"audience": Audience.CORE},
    ),
    (
        *(_Status.DRAFT, "business", "Tender for a lamp crusher (example)"),
        "A crusher for 200 kg of lamps an hour is wanted.",
        {"closes_on": 90},
    ),
    (
        *(_Status.SUBMITTED, "projects", "Inventory of thermometers in hospitals (example)"),
        "Twelve hospitals count what they have. Partners who did this before are asked for their "
        "forms.",
        {"countries": ["UY"]},
    ),
    (
        *(_Status.RETURNED, "business", "Our new filter (example)"),
        "It is the best on the market.",
        {"reason": "This is an advertisement. Say what it does, with figures, and for whom."},
    ),
    (
        *(_Status.EDITED, "needs", "wanted : laboratory, urgent!!! (example)"),
        "we need a laboratory who can measure mercury in soil",
        {"countries": ["UY"]},
    ),
    (
        *(_Status.SCHEDULED, "documents", "New leaflet on dental amalgam (example)"),
        "Four pages for dentists: how to collect, store and hand over amalgam waste.",
        {"audience": Audience.PUBLIC, "publish_at": 4},
    ),
    (
        *(_Status.WITHDRAWN, "events", "Visit of a treatment plant (example)"),
        "The plant shows stabilization and solidification.",
        {
            "audience": Audience.PUBLIC,
            "begins_on": 20,
            "reason": "The plant cannot take visitors in this month.",
        },
    ),
)
#: What the Lead would write instead, of the one that is edited
BETTER = (
    "A laboratory is wanted that measures mercury in soil (example)",
    "We look for a laboratory that can measure mercury in samples of soil within four weeks.",
)


def load(now: datetime):
    """In the caller's transaction."""
    topics = {topic.code: topic for topic in AnnouncementTopic.objects.all()}
    terms = {term.code: term for term in Term.objects.all()}
    lead = User.objects.get(email=people.LEAD)
    for row in json.loads(DATA.read_text(encoding="utf-8")):
        _load_true(row, topics, terms, lead, now)
    partner = User.objects.get(email=people.PARTNER)
    house = Organisation.objects.get(contact=partner)
    for number, (status, topic, title, text, fields) in enumerate(INVENTED):
        by_lead = topics[topic].is_of_lead
        announcement = Announcement(
            topic=topics[topic],
            title=title,
            text=text,
            status=status,
            author=lead if by_lead else partner,
            organisation=None if by_lead else house,
            fictitious=True,
        )
        _load_invented(announcement, dict(fields), lead, terms, number, now)


def _load_true(row: dict, topics: dict, terms: dict, lead: User, now: datetime):
    day = row["published_on"]
    at = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) if day else now
    announcement = Announcement.objects.create(
        topic=topics[row["topic"]],
        title=row["title"],
        text=f"{row['text']}\n\n*Source: {row['source']}*",
        audience=Audience.PUBLIC,
        author=lead,
        status=_Status.PUBLISHED,
        begins_on=_day(row.get("begins_on")),
        closes_on=_day(row.get("closes_on")),
        amount=row.get("amount"),
        currency=row.get("currency", ""),
        who_may_apply=row.get("who_may_apply", ""),
        created_at=at,
        changed_at=at,
        submitted_at=at,
        decided_by=lead,
        decided_at=at,
        published_at=at,
    )
    announcement.countries.set(row.get("countries", []))
    announcement.terms.set([terms[code] for code in row["terms"]])


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _load_invented(
    announcement: Announcement, fields: dict, lead: User, terms: dict, number: int, now: datetime
):
    countries, known = fields.pop("countries", []), fields.pop("terms", [])
    written = now - timedelta(days=12 + number)
    for name, value in fields.items():
        if name.endswith("_on"):
            value = now.date() + timedelta(days=value)
        elif name == "publish_at":
            value = now + timedelta(days=value)
        setattr(announcement, name, value)
    announcement.created_at = announcement.changed_at = written
    if announcement.status != _Status.DRAFT:
        announcement.submitted_at = written + timedelta(hours=1)
    if announcement.status not in (_Status.DRAFT, _Status.SUBMITTED):
        announcement.decided_by, announcement.decided_at = lead, written + timedelta(days=1)
    if announcement.status in (_Status.PUBLISHED, _Status.WITHDRAWN):
        announcement.published_at = written + timedelta(days=1)
    if announcement.status == _Status.WITHDRAWN:
        announcement.withdrawn_at = written + timedelta(days=2)
    announcement.save()
    announcement.countries.set(countries)
    announcement.terms.set([terms[code] for code in known])
    if announcement.status == _Status.EDITED:
        title, text = BETTER
        AnnouncementEdit.objects.create(
            announcement=announcement, title=title, text=text, by=lead, at=written
        )
    if announcement.title == GRANTS:
        _attach(announcement, now)


def _attach(announcement: Announcement, now: datetime):
    words = "Name of the municipality:\nNumber of people:\nWhat is collected today:\n"
    upload = SimpleUploadedFile("application-form-example.txt", words.encode())
    announcing.keep_file(announcement, files.check_document(upload), now)
