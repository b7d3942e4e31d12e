"""What leaves as mail: the outbox, what was reminded of, who must not be written to."""

from mailings.models.bounces import Bounce, Suppression
from mailings.models.links import MailLink
from mailings.models.outgoing import OutgoingMail
from mailings.models.relay import RelayAddress, RelayedReply
from mailings.models.reminders import Reminder, StopLink
from mailings.models.throttle import Throttle

__all__ = [
    "Bounce",
    "MailLink",
    "OutgoingMail",
    "RelayAddress",
    "RelayedReply",
    "Reminder",
    "StopLink",
    "Suppression",
    "Throttle",
]
