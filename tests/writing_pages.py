"""Addresses of writing announcements and deciding on them. Letters and roles: tests/pages.py.

The role "partner" has written all of them, for partners.
"""

from datetime import datetime, timedelta

from mailings import announcing
from mailings.models import Announcement, AnnouncementTopic, ListRules, TrustedAuthor
from partners.models import Country, Term, User

OURS = """
#                                 GET        POST       PUT        DELETE
announcement_rules                2222222222 XXXXXXXXXX XXXXXXXXXX
announcement_write                SF2FFFF222 SF2FFFF222 SXXXXXXXXX
announcement_look                 SXXXXXXXXX SF2FFFF222 SXXXXXXXXX
announcement_edit@draft           S-2------- S-2------- SXXXXXXXXX
announcement_edit@submitted       S-3-----FF S-2-----FF SXXXXXXXXX
announcement_edit@returned        S-2-----FF S-2-----FF SXXXXXXXXX
announcement_preview@draft        S-2------- SXXXXXXXXX SXXXXXXXXX
announcement_preview@submitted    S-2-----22 SXXXXXXXXX SXXXXXXXXX
announcement_preview@edited       S-2-----22 SXXXXXXXXX SXXXXXXXXX
announcement_preview@scheduled    S-2-----22 SXXXXXXXXX SXXXXXXXXX
announcement_preview@published    S-2--F-F22 SXXXXXXXXX SXXXXXXXXX
announcement_preview@withdrawn    S-2-----22 SXXXXXXXXX SXXXXXXXXX
announcement_mail@draft           S-2------- SXXXXXXXXX SXXXXXXXXX
announcement_mail@submitted       S-2-----22 SXXXXXXXXX SXXXXXXXXX
announcement_mail@published       S-2--F-F22 SXXXXXXXXX SXXXXXXXXX
announcement_test@draft           SXXXXXXXXX S-3------- SXXXXXXXXX
announcement_test@submitted       SXXXXXXXXX S-3-----33 SXXXXXXXXX
announcement_submit@draft         SXXXXXXXXX S-3------- SXXXXXXXXX
announcement_submit@submitted     SXXXXXXXXX S-3-----FF SXXXXXXXXX
announcement_drop@draft           S-2------- S-3------- SXXXXXXXXX
announcement_drop@submitted       S-3-----FF S-3-----FF SXXXXXXXXX
announcement_agree@edited         S-2-----FF S-2-----FF SXXXXXXXXX
announcement_agree@submitted      S-3-----FF S-3-----FF SXXXXXXXXX
announcement_rewrite@submitted    SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
announcement_rewrite@published    SFFFFFFF33 SFFFFFFF22 SXXXXXXXXX
announcement_withdraw@published   S-2--F-F22 S-3--F-F22 SXXXXXXXXX
announcement_withdraw@submitted   S-3-----33 S-3-----33 SXXXXXXXXX
"""

MODELS = """
mailings_announcementtopic 222F23 222F23 222F23
mailings_listrules         222F23 222FF3 222F23
mailings_mailingpolicy     3F2F23 3F2F33 3F2F23
mailings_trustedauthor     222223 2222F3 222223
"""

FILES: set[str] = {"announcement_look", "announcement_mail"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {}

_TITLES = {
    "draft": "Lamps of two cities (example)",
    "submitted": "Training on mercury waste in Lima (example)",
    "returned": "A store for closed plants (example)",
    "edited": "Equipment is wanted (example)",
    "scheduled": "A fund for cities (example)",
    "published": "A study of thermometers (example)",
    "withdrawn": "A workshop that was cancelled (example)",
}
_TOPICS = {"submitted": "events", "edited": "business", "scheduled": "finance"}
_TEXT = "Two plants collect **lamps**:\n\n- in the capital\n- in the harbour\n\n# Where\n\nIn Peru."


def furnish(partner: User, other: User, lead: User, now: datetime):
    """One announcement in each state, each with all that its topic asks for."""
    announcing.accept_rules(announcing.current_rules().pk, partner, now)
    TrustedAuthor.objects.create(user=other, by=lead, since=now)
    today = now.date()
    for state, title in _TITLES.items():
        values = {
            "topic": AnnouncementTopic.objects.get(code=_TOPICS.get(state, "projects")),
            "title": title,
            "text": _TEXT,
            "language": "en",
            "audience": "partners",
            "organisation": None,
            "links": ["https://example.org/lamps"],
            "begins_on": today + timedelta(days=40),
            "ends_on": today + timedelta(days=42),
            "closes_on": today + timedelta(days=30),
            "amount": 250_000,
            "currency": "USD",
            "who_may_apply": "Cities of Latin America (example)",
            "countries": Country.objects.filter(pk__in=["PE", "UY"]),
            "terms": Term.objects.filter(parent__isnull=False)[:2],
        }
        pk = announcing.save(None, values, 0, partner, now).pk
        if state == "draft":
            continue
        announcing.submit(pk, partner, now)
        if state == "returned":
            announcing.give_back(pk, lead, "Who pays for it?", now)
        elif state == "edited":
            announcing.edit_for_author(pk, title, f"{_TEXT} Write to us.", lead, now)
        elif state == "scheduled":
            announcing.schedule(pk, lead, now + timedelta(days=5), now)
        elif state in ("published", "withdrawn"):
            announcing.approve(pk, lead, now)
        if state == "withdrawn":
            announcing.withdraw(pk, lead, "It does not take place.", now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    keys = {state: Announcement.objects.get(title=title).pk for state, title in _TITLES.items()}
    names = {line.split()[0] for line in OURS.splitlines() if "@" in line}
    return {name: [keys[name.partition("@")[2]]] for name in names}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {
        "mailings_announcementtopic": AnnouncementTopic.objects.first().pk,
        "mailings_mailingpolicy": 1,
        "mailings_listrules": ListRules.objects.first().pk,
        "mailings_trustedauthor": TrustedAuthor.objects.first().pk,
    }
