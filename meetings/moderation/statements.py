"""What waits for the Lead: statements of meetings."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
