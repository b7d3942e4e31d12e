"""Addresses of mailings, for the table of tests/pages.py. The letters and roles are those there.

One mailing is being sent, one stands still, one is over; nobody delivers them.
"""

from datetime import datetime, timedelta

from mailings import campaigning
from mailings.models import (
    Announcement,
    AnnouncementTopic,
    Frequency,
    OutgoingMail,
    Subscription,
)
from partners.models import User

OURS = """
#                               GET        POST       PUT        DELETE
announcement_campaign@sending   SFFFFFFF22 SFFFFFFF00 SXXXXXXXXX
announcement_campaign@paused    SFFFFFFF22 SFFFFFFF00 SXXXXXXXXX
announcement_campaign@done      SFFFFFFF22 SFFFFFFF00 SXXXXXXXXX
announcement_campaign@none      SFFFFFFF-- SFFFFFFF-- SXXXXXXXXX
announcement_campaign_readers@done SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
announcement_campaign_readers@none SFFFFFFF-- SXXXXXXXXX SXXXXXXXXX
announcement_campaign_csv       SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = {"announcement_campaign_csv"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {}

_TOPIC = "projects"
_TITLES = {name: f"Mailing {name} (example)" for name in ("sending", "paused", "done", "none")}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """Announcements whose mailings stand as `_TITLES` says."""
    topic = AnnouncementTopic.objects.get(code=_TOPIC)
    for user in (partner, lead):
        Subscription.objects.update_or_create(
            user=user, topic=topic, defaults={"frequency": Frequency.AT_ONCE}
        )
    for name, title in _TITLES.items():
        announcement = Announcement.objects.create(
            topic=topic,
            title=title,
            text="Two plants collect **lamps**.",
            author=partner,
            status=Announcement.Status.PUBLISHED,
            submitted_at=now - timedelta(days=1),
            decided_at=now,
            decided_by=lead,
            published_at=now,
            fictitious=True,
        )
        if name == "none":
            continue
        campaign = campaigning.start(announcement.pk, lead, now)
        campaign.mails.update(next_try=now + timedelta(days=400))  # nobody is written to
        if name == "paused":
            campaigning.pause(campaign.pk, lead, now, "The date is wrong.")
        if name == "done":
            campaign.mails.filter(reader=lead).update(
                state=OutgoingMail.State.SKIPPED,
                answer="The reader stopped this topic.",
                finished_at=now,
            )
            campaign.mails.exclude(reader=lead).update(
                state=OutgoingMail.State.SENT, answer="250 Taken", finished_at=now
            )
            campaigning.finish(campaign.pk, now)


def arguments(now: datetime) -> dict[str, list]:
    found = {
        f"announcement_campaign@{name}": [Announcement.objects.get(title=title).pk]
        for name, title in _TITLES.items()
    }
    found |= {
        f"announcement_campaign_readers@{name}": found[f"announcement_campaign@{name}"]
        for name in ("done", "none")
    }
    return found | {"announcement_campaign_csv": found["announcement_campaign@done"]}


def keys() -> dict[str, object]:
    return {}
