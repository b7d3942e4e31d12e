"""What an announcement about a thing of the portal begins with.

Each app offers in its `announceable.py` what of its things can be announced; wmaportal gathers
them. One click on the page of such a thing makes a draft that the author then finishes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from partners.audience import Audience


@dataclass(frozen=True)
class Draft:
    """The first words of an announcement. `topic` is a code; `countries` and `terms` are keys.

    `audience` is never wider than that of the thing: who may not see it is not told of it.
    """

    topic: str
    title: str
    text: str
    path: str
    audience: Audience = Audience.PUBLIC
    begins_on: date | None = None
    ends_on: date | None = None
    closes_on: date | None = None
    countries: tuple[str, ...] = ()
    terms: tuple[int, ...] = ()


#: Word in an address → (key, user) → draft; None where the person may not see the thing
Announceable = dict[str, Callable[[int, object], Draft | None]]
