"""What falls due by itself on the floor, for wmaportal/housekeeping.py; may run twice or late."""

from datetime import datetime

from meetings import carrying


def due(now: datetime) -> dict[str, int]:
    """Do what is due at this moment; returns how many of each were done."""
    return {"agendas with open actions": carrying.sweep(now)}
