"""What falls due by itself on the floor, for wmaportal/housekeeping.py; may run twice or late."""

from datetime import datetime

from meetings import carrying, erasing, seats


def due(now: datetime) -> dict[str, int]:
    """Do what is due at this moment; returns how many of each were done."""
    return {
        "offers of seats run out": seats.expire_offers(now),
        "sensitive answers of meetings erased": erasing.erase_due(now),
        "agendas with open actions": carrying.sweep(now),
    }
