"""What waits for the Lead: needs."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
