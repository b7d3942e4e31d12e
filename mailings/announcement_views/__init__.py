"""Pages of announcements, one file a subject."""
