"""Statements of countries for the next meeting: invented, and they say so."""

from datetime import datetime, timedelta

from meetings import stating
from meetings.models import Meeting, StatedNeed, Statement
from partners import demonstration as people
from partners.models import Term, User

#: Country, situation, priorities, needs of (title, text, codes of terms)
STATEMENTS = (
    (
        "PH",
        "Lamps are collected in three cities (example). What is collected waits in two stores, "
        "because no plant of the country treats it.",
        "A place for interim storage, and a fee on lamps that pays for it.",
        (
            (
                "A plan for interim storage of lamp waste (example)",
                "Which building, which containers, and for how long.",
                ["handling-interim-storage"],
            ),
            ("Training of inspectors (example)", "Thirty people in three regions.", []),
        ),
    ),
    (
        "KE",
        "Hospitals have replaced most thermometers (example). The old ones stand in cupboards.",
        "Collection from hospitals, then a contract with a plant abroad.",
        (
            (
                "Help with a first export of mercury waste (example)",
                "Papers for the prior informed consent, and what transport costs.",
                [],
            ),
        ),
    ),
    (
        "PE",
        "Small-scale mines leave tailings along rivers (example). A law on retorts is new.",
        "Measuring at ten sites, and a register of miners.",
        (),
    ),
)


def load(meeting: Meeting, now: datetime):
    """In the caller's transaction. One of the needs is in the register already."""
    lead = User.objects.get(email=people.LEAD)
    for country, situation, priorities, needs in STATEMENTS:
        statement = Statement.objects.create(
            meeting=meeting,
            country_id=country,
            author=lead,
            situation=situation,
            priorities=priorities,
            status=Statement.Status.SENT,
            changed_at=now - timedelta(days=3),
            sent_at=now - timedelta(days=3),
            fictitious=True,
        )
        for number, (title, text, terms) in enumerate(needs, 1):
            need = StatedNeed.objects.create(
                statement=statement, number=number, title=title, text=text
            )
            need.terms.set(Term.objects.filter(code__in=terms))
    first = StatedNeed.objects.filter(statement__meeting=meeting).order_by("pk")[0]
    stating.register(first.pk, lead, now)
