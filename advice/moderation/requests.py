"""What waits for the Lead: requests."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
