"""What leaves as mail: the outbox, what was reminded of, who must not be written to; what partners
announce, and who wants to hear of it.
"""

from mailings.models.announcements import (
    Announcement,
    AnnouncementAnswer,
    AnnouncementEdit,
    AnnouncementFile,
    AnnouncementTerm,
    ListRules,
    MailingPolicy,
    RulesAcceptance,
    TrustedAuthor,
)
from mailings.models.bounces import Bounce, Suppression
from mailings.models.campaigns import Campaign
from mailings.models.digests import Digest, DigestEntry
from mailings.models.following import DigestNews, Follow
from mailings.models.incoming import IncomingCount
from mailings.models.links import MailLink
from mailings.models.outgoing import OutgoingMail
from mailings.models.posting import PostedMail
from mailings.models.relay import RelayAddress, RelayedReply
from mailings.models.reminders import Reminder, StopLink
from mailings.models.subscriptions import (
    AnnouncementTopic,
    Frequency,
    Preferences,
    PreferencesTerm,
    Subscription,
)
from mailings.models.throttle import Throttle

__all__ = [
    "Announcement",
    "AnnouncementAnswer",
    "AnnouncementEdit",
    "AnnouncementFile",
    "AnnouncementTerm",
    "AnnouncementTopic",
    "Bounce",
    "Campaign",
    "Digest",
    "DigestEntry",
    "DigestNews",
    "Follow",
    "Frequency",
    "IncomingCount",
    "ListRules",
    "MailLink",
    "MailingPolicy",
    "OutgoingMail",
    "PostedMail",
    "Preferences",
    "PreferencesTerm",
    "RelayAddress",
    "RelayedReply",
    "Reminder",
    "RulesAcceptance",
    "StopLink",
    "Subscription",
    "Suppression",
    "Throttle",
    "TrustedAuthor",
]
