"""The bounds of subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """How changes are followed.

    Attributes:
        poll: seconds between two looks at a register's feed, while anybody subscribes.
        heartbeat: seconds after which a subscriber is told that there was nothing for it.
        recheck: seconds after which it is decided anew whether those who wait may be told anything.
        streams: most subscriptions of one authority at once.
        subjects: most subjects of one subscription.
        unacknowledged: most deliveries that a subscriber may not have acknowledged.
        longest: how far off a subscription's end may be.
        oldest: how old a cursor may be.
    """

    poll: float = 1.0
    heartbeat: float = 10.0
    recheck: float = 60.0
    streams: int = 4
    subjects: int = 10_000
    unacknowledged: int = 256
    longest: timedelta = timedelta(days=7)
    oldest: timedelta = timedelta(days=7)
