"""What waits for a person, as “My page” shows it; every app says it in this way."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """One thing that waits; `kind` is the colour of the badge with the `state`."""

    title: str
    url: str
    text: str = ""
    state: str = ""
    kind: str = "info"
