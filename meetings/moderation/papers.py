"""What waits for the Lead: papers of meetings."""

from partners.moderation import Kind

KINDS: tuple[Kind, ...] = ()
