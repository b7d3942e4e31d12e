"""What waits for the Lead: survey."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
