"""Pages of announcements: one module a subject."""
