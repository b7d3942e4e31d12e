"""Pages: use."""
