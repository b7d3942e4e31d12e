"""Demonstration data of the floor: true needs and missions, invented requests.

Called by `manage.py loaddemo` alone. Who asks and who answers is invented and says so.
"""

from datetime import datetime

from advice.demonstration import missions, needs, requests, survey


def load(now: datetime):
    """In the caller's transaction, in the order in which one points at the other."""
    needs.load(now)
    requests.load(now)
    missions.load(now)
    survey.load(now)
