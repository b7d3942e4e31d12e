"""What runs at a meeting at this moment, and what comes next."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from meetings.agenda import ShownItem, ShownSession


class Phase(StrEnum):
    UNKNOWN = "unknown"  # no time is published
    BEFORE = "before"
    RUNNING = "running"
    PAUSE = "pause"  # between two sessions
    OVER = "over"


@dataclass(frozen=True)
class Slot:
    session: ShownSession
    item: ShownItem


@dataclass(frozen=True)
class NowAndNext:
    """Sessions in different rooms may run at once, so both are lists."""

    phase: Phase
    current: list[Slot] = field(default_factory=list)
    following: list[Slot] = field(default_factory=list)  # all that begin at the next moment


def at(sessions: list[ShownSession], now: datetime) -> NowAndNext:
    """Cancelled items and those without a time are left out."""
    slots = [
        Slot(session, item)
        for session in sessions
        for item in session.items
        if item.begins and not item.is_cancelled
    ]
    if not slots:
        return NowAndNext(Phase.UNKNOWN)
    current = [slot for slot in slots if slot.item.begins <= now < slot.item.ends]
    later = [slot for slot in slots if slot.item.begins > now]
    moment = min((slot.item.begins for slot in later), default=None)
    following = [slot for slot in later if slot.item.begins == moment]
    if current:
        phase = Phase.RUNNING
    elif not later:
        phase = Phase.OVER
    elif len(later) == len(slots):
        phase = Phase.BEFORE
    else:
        phase = Phase.PAUSE
    return NowAndNext(phase, current, following)
