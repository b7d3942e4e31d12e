"""What waits for the Lead: registration of meetings."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
