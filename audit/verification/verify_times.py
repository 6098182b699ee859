"""Holding the times that entries state to the timestamps before and after them.

Between two timestamps an entry was recorded after the one and before the other. One that states a time
outside was given a false one, or the broker's clock was wrong. Which of the two nobody can tell from the
log, so that it is counted and shown, and is not a log that does not hold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime, timedelta

from audit.timestamps.timestamp import rfc3339

#: How far a time may lie outside: an exchange begins before it is recorded, a checkpoint is signed before
#: it is stamped, and clocks differ.
LEEWAY = timedelta(minutes=15)


class StatedTimes:
    """Tells which entries state times that cannot be.

    Attributes:
        wrong: how many do.
        first: the first of them, what it states, and when it was recorded; empty where none does.
    """

    def __init__(self, stamped: Mapping[int, datetime]) -> None:
        """Takes when the log was stamped, by its size then."""
        self._sizes = sorted(stamped)
        self._times = [stamped[size] for size in self._sizes]
        self.wrong = 0
        self.first = ""

    def hold(self, index: int, stated: str, outcome: str) -> None:
        """Holds what an entry states to the timestamps around its index."""
        if not self._sizes:
            return
        after = bisect_right(self._sizes, index)
        # One that a crash interrupted is recorded when the log is next opened, with the time it began at.
        waited = outcome == "interrupted"
        begin = self._times[after - 1] if after and not waited else None
        end = self._times[after] if after < len(self._times) else None
        if _lies_between(stated, begin, end):
            return
        self.wrong += 1
        if not self.first:
            since = f" after {rfc3339(begin)}" if begin else ""
            until = f" before {rfc3339(end)}" if end else ""
            self.first = f"entry {index} states {stated}, recorded{since}{until}"


def _lies_between(stated: str, begin: datetime | None, end: datetime | None) -> bool:
    try:
        time = datetime.fromisoformat(stated)
        return (begin is None or begin - LEEWAY <= time) and (end is None or time <= end + LEEWAY)
    except (ValueError, TypeError):  # no time, or one without a zone
        return False
