"""Demonstration data of the mailings.

Called by `manage.py loaddemo` alone, after those of all other apps: their people choose here.
"""

from datetime import datetime, timedelta

from mailings import subscribing
from mailings.models import AnnouncementTopic, Frequency
from partners import demonstration as people
from partners.models import User

_ALL = {"language": "en", "time_zone": "UTC"} | dict.fromkeys(
    ("regions", "countries", "terms", "languages"), ()
)
#: Who chose what: for all topics, for some of them another answer, and what narrows them. Other
#: partners have not chosen yet.
_CHOICES = [
    (people.PARTNER, Frequency.AT_ONCE, {"events": "weekly"}, {"time_zone": "America/Montevideo"}),
    (people.LEAD, Frequency.AT_ONCE, {}, {"time_zone": "Asia/Tokyo"}),
    (
        "chile@example.org",
        Frequency.DAILY,
        {"business": "never"},
        {"language": "es", "time_zone": "America/Santiago"},
    ),
    ("labs@example.org", Frequency.WEEKLY, {"finance": "at_once"}, {"time_zone": "Europe/Zurich"}),
    ("official01@example.org", Frequency.AT_ONCE, {}, {"regions": ["africa"], "language": "fr"}),
    ("official02@example.org", Frequency.WEEKLY, {}, {"languages": ["en", "es"]}),
]
#: Had it once a day, and stopped everything
_STOPPED = "lamps@example.org"


def load_subscriptions(now: datetime):
    """What some partners want to get; in the caller's transaction."""
    topics = dict(AnnouncementTopic.objects.values_list("code", "pk"))
    month_ago = now - timedelta(days=30)
    for email, usual, others, narrowed in _CHOICES:
        frequencies = dict.fromkeys(topics.values(), usual)
        frequencies |= {topics[code]: frequency for code, frequency in others.items()}
        subscribing.choose(_key(email), frequencies, _ALL | narrowed, month_ago)
    stopped = _key(_STOPPED)
    for frequency, at in ((Frequency.DAILY, month_ago), (Frequency.NEVER, now)):
        subscribing.choose(stopped, dict.fromkeys(topics.values(), frequency), _ALL, at)


def _key(email: str) -> int:
    return User.objects.get(email=email).pk
