"""Addresses of what is followed, announced with one click, or came by mail. Letters and roles:
tests/pages.py.
"""

from datetime import datetime

from mailings import following
from mailings.models import Follow, PostedMail
from meetings.models import Meeting
from partners.models import Partner, User

OURS = """
#                              GET        POST       PUT        DELETE
follow_list                    S222222222 SXXXXXXXXX SXXXXXXXXX
follow@country                 SXXXXXXXXX S333333333 SXXXXXXXXX
follow@meetings                SXXXXXXXXX S333333333 SXXXXXXXXX
follow@missions                SXXXXXXXXX S333333333 SXXXXXXXXX
follow@needs                   SXXXXXXXXX S333333333 SXXXXXXXXX
follow@unknown                 SXXXXXXXXX S333333333 SXXXXXXXXX
follow_end@mine                SXXXXXXXXX S333333333 SXXXXXXXXX
follow_frequency@mine          SXXXXXXXXX S333333333 SXXXXXXXXX
announce@meeting               SXXXXXXXXX SF3FFFF333 SXXXXXXXXX
announce@unknown               SXXXXXXXXX SF-FFFF--- SXXXXXXXXX
announcement_posted@waiting    2222222222 3333333333 XXXXXXXXXX
announcement_posted@dead       GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
"""

TOKENS = {"waiting": "posted-waiting", "dead": "posted-dead"}


def furnish(partner: User, now: datetime):
    """The partner follows two things, and a mail of another partner waits for an answer."""
    author = User.objects.create_user("posts@example.org", name="Posts by mail (example)")
    Partner.objects.create(person=author, status=Partner.Status.APPROVED)
    following.begin("country", "KE", partner, now)
    Follow.objects.create(user=partner, kind="document", key="gone", name="What is gone")
    PostedMail.objects.create(
        user=author,
        message_hash="0" * 64,
        at=now,
        state=PostedMail.State.ASKED,
        token=TOKENS["waiting"],
        title="Lamps",
        text="Two plants.",
    )


def arguments() -> dict[str, list]:
    """url_name@object → arguments of the address."""
    meeting = Meeting.objects.filter(status=Meeting.Status.ANNOUNCED, audience="public").first()
    mine = [Follow.objects.get(key="gone").pk]
    return {
        "follow@country": ["country"],
        "follow@meetings": ["meeting-search"],
        "follow@missions": ["mission-search"],
        "follow@needs": ["need-search"],
        "follow@unknown": ["planet"],
        "follow_end@mine": mine,
        "follow_frequency@mine": mine,
        "announce@meeting": ["meeting", meeting.pk],
        "announce@unknown": ["planet", 1],
        **{f"announcement_posted@{name}": [token] for name, token in TOKENS.items()},
    }
