"""Measurements of the portal: `make bench`, or `make bench ONLY=directory` for a part."""
