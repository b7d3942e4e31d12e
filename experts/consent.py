"""The text that an expert agrees to, and the record of it."""

from datetime import datetime

from experts.models import Consent, Expert
from partners.models import User

#: Names the text in templates/experts/consent/<version>.html. A changed text gets a new version.
TEXT_VERSION = "2026-11"


def agree(
    expert: Expert,
    actor: User | None,
    now: datetime,
    channel: Consent.Channel = Consent.Channel.PORTAL,
) -> Consent:
    """Record that the person agreed to the current text; `actor` is None by a link in a mail."""
    return Consent.objects.create(
        expert=expert,
        text_version=TEXT_VERSION,
        at=now,
        channel=channel,
        actor=actor,
    )


def withdraw(
    expert: Expert,
    actor: User | None,
    now: datetime,
    channel: Consent.Channel = Consent.Channel.PORTAL,
) -> Consent:
    """Record that the person takes the consent back."""
    return Consent.objects.create(
        expert=expert,
        given=False,
        text_version=TEXT_VERSION,
        at=now,
        channel=channel,
        actor=actor,
    )


def has_agreed(expert: Expert) -> bool:
    """The last word on record is yes."""
    last = expert.consents.order_by("at", "pk").last()
    return last is not None and last.given
