"""Pages: missions."""
