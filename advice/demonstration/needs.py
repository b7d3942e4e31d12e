"""Demonstration data: needs. Called by `manage.py loaddemo` alone."""

from datetime import datetime


def load(now: datetime):
    """In the caller's transaction."""
