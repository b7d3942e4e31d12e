"""Invented people who come to the next meeting; its site visit is full, and two wait for it."""

from datetime import datetime, timedelta

from meetings import desks, registering
from meetings.models import FormQuestion, Meeting, Part, Registration
from partners import demonstration as people
from partners.models import Organisation, User

Appearance = Registration.Appearance
#: Sign-in address, country, way, whether the costs must be paid, diet, access needs, who sees it
COMING = (
    ("expert11@example.org", "KE", "on_site", True, "vegetarian", "", "everyone"),
    ("expert02@example.org", "PH", "on_site", True, "", "", "participants"),
    ("expert03@example.org", "JP", "on_site", False, "", "step-free way", "everyone"),
    ("expert04@example.org", "BR", "online", False, "", "", "nobody"),
    ("expert05@example.org", "DE", "on_site", False, "no nuts", "", "participants"),
    (people.PARTNER, "UY", "on_site", False, "", "", "participants"),
    ("expert06@example.org", "GH", "on_site", True, "halal", "", "everyone"),
    ("expert07@example.org", "SE", "online", False, "", "captions", "participants"),
    ("expert08@example.org", "ID", "on_site", False, "", "", "nobody"),
    ("expert09@example.org", "CO", "on_site", True, "", "", "everyone"),
    ("expert10@example.org", "VN", "online", False, "", "", "participants"),
    (people.CO_LEAD, "JP", "on_site", False, "", "", "everyone"),
)
#: In this order; the last two wait
VISITORS = (
    "expert11@example.org",
    "expert03@example.org",
    "expert05@example.org",
    people.PARTNER,
    "expert08@example.org",
)


def load(meeting: Meeting, now: datetime):
    """In the caller's transaction, by the steps that people take."""
    parts = {part.kind: part for part in meeting.parts.all()}
    dinner = desks.add_question(
        meeting,
        None,
        {
            "text": "Do you come to the dinner on the first evening? (example)",
            "kind": FormQuestion.Kind.YES_NO,
        },
    )
    shoes = desks.add_question(
        meeting,
        parts[Part.Kind.VISIT],
        {
            "text": "Which size of safety shoes do you need? (example)",
            "kind": FormQuestion.Kind.TEXT,
            "is_required": True,
            "is_sensitive": True,
        },
    )
    users = {user.email: user for user in User.objects.filter(email__in=[row[0] for row in COMING])}
    houses = {
        one.contact.email: one
        for one in Organisation.objects.filter(contact__in=users.values()).select_related("contact")
    }
    for number, (address, country, way, funded, diet, access, seen) in enumerate(COMING):
        if address not in users:
            continue
        values = {
            "name": str(users[address]),
            "organisation": houses.get(address),
            "organisation_name": "" if address in houses else f"Institute {number + 1} (example)",
            "country_id": country,
            "is_funded": funded,
            "diet": diet,
            "access": access,
            "wants_letter": way == Part.Kind.ON_SITE and funded,
            "appearance": Appearance(seen),
            "fictitious": True,
        }
        at = now - timedelta(days=9, hours=-number)
        answers = {dinner: "yes" if number % 3 else "no"}
        registering.register(meeting.pk, users[address], parts[way].pk, values, answers, at)
    for number, address in enumerate(VISITORS):
        registration = Registration.objects.filter(meeting=meeting, user__email=address).first()
        if registration:
            at = now - timedelta(days=5, hours=-number)
            visit = parts[Part.Kind.VISIT]
            registering.join_visit(registration, visit.pk, {shoes: str(38 + number)}, at)
