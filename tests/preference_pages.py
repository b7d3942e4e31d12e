"""Addresses of mail preferences. The letters and roles are those of tests/pages.py."""

from datetime import datetime

from mailings import subscribing
from mailings.models import AnnouncementTopic, Frequency, StopLink, Subscription
from partners.models import User

OURS = """
#                                  GET        POST       PUT        DELETE
mail_preferences                   S222222222 S222222222 SXXXXXXXXX
mail_preferences_by_mail@mine      2222222222 2222222222 XXXXXXXXXX
mail_preferences_by_mail@profile   2222222222 2222222222 XXXXXXXXXX
mail_preferences_by_mail@document  GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
mail_preferences_by_mail@unknown   GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
mail_stop@topic                    2222222222 2222222222 XXXXXXXXXX
"""

ALIKE = {"mail_preferences_by_mail@profile", "mail_preferences_by_mail@document"}


def furnish(partner: User, other: User, now: datetime):
    """A link of an announcement's mail, of a reminder, and of mail that is nobody's preferences."""
    topic = AnnouncementTopic.objects.get(code="needs")
    row, _created = Subscription.objects.get_or_create(
        user=partner, topic=topic, defaults={"frequency": Frequency.AT_ONCE, "changed_at": now}
    )
    StopLink.objects.create(topic=subscribing.TOPIC, object_id=row.pk, token="prefer-mine")
    StopLink.objects.create(topic="profile", object_id=other.expert.pk, token="prefer-profile")
    StopLink.objects.create(topic="document", object_id=1, token="prefer-document")


def arguments() -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found = {
        f"mail_preferences_by_mail@{name}": [f"prefer-{name}"]
        for name in ("mine", "profile", "document", "unknown")
    }
    return found | {"mail_stop@topic": ["prefer-mine"]}
