"""What waits for the Lead: missions."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
