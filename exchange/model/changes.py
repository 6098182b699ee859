"""What a register tells of changes: about whom and when, and nothing of what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A record came, changed or ended, by registration or because its effect began or ended.

    Attributes:
        value: of the key that the record is found by: personal data.
        recorded: since when the register answers differently.
        position: in the feed; a whole number above that of everything told before in the same answer, or
            the same where the order does not matter.
    """

    value: str
    recorded: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Changes:
    """A part of a feed.

    Attributes:
        changes: in the order of their positions.
        position: where reading goes on.
        settled: before which nothing can appear any more; whoever comes back later goes on from here. It lies
            before `position` where a register's transactions may commit in another order than their times.
        more: whether there is more at present.
    """

    changes: Sequence[Change]
    position: int
    settled: int
    more: bool
