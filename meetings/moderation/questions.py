"""What waits for the Lead: questions of meetings."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
