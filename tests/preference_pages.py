"""Addresses of mail preferences. The letters and roles are those of tests/pages.py."""

from datetime import datetime

from experts.models import Expert
from mailings import subscribing
from mailings.models import AnnouncementTopic, Frequency, StopLink, Subscription
from partners.models import User

OURS = """
#                                  GET        POST       PUT        DELETE
mail_preferences                   S222222222 S222222222 SXXXXXXXXX
mail_preferences_by_mail@mine      2222222222 2222222222 XXXXXXXXXX
mail_preferences_by_mail@profile   2222222222 2222222222 XXXXXXXXXX
mail_preferences_by_mail@document  2222222222 2222222222 XXXXXXXXXX
mail_preferences_by_mail@unclaimed 2222222222 2222222222 XXXXXXXXXX
mail_preferences_by_mail@unknown   GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
mail_stop@topic                    2222222222 2222222222 XXXXXXXXXX
"""

ALIKE = {"mail_preferences_by_mail@profile", "mail_preferences_by_mail@document"}


def furnish(partner: User, other: User, now: datetime):
    """A link of an announcement's mail, of reminders, and of mail to who has no sign-in."""
    topic = AnnouncementTopic.objects.get(code="needs")
    row, _created = Subscription.objects.get_or_create(
        user=partner, topic=topic, defaults={"frequency": Frequency.AT_ONCE, "changed_at": now}
    )
    StopLink.objects.create(topic=subscribing.TOPIC, object_id=row.pk, token="prefer-mine")
    StopLink.objects.create(topic="profile", object_id=other.expert.pk, token="prefer-profile")
    StopLink.objects.create(topic="document", object_id=partner.pk, token="prefer-document")
    unclaimed = Expert.objects.listed().filter(user=None).earliest("pk")
    StopLink.objects.create(topic="profile", object_id=unclaimed.pk, token="prefer-unclaimed")


def arguments() -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found = {
        f"mail_preferences_by_mail@{name}": [f"prefer-{name}"]
        for name in ("mine", "profile", "document", "unclaimed", "unknown")
    }
    return found | {"mail_stop@topic": ["prefer-mine"]}
