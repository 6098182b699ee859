"""Leaving a register alone that failed many times in a row: it recovers sooner, and callers learn at once."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Counts failures in a row. After too many it lets nothing through for a while, then one call to try."""

    def __init__(self, failures: int, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes how many failures open it, and for how long (seconds)."""
        self._failures = failures
        self._pause = pause
        self._clock = clock
        self._in_a_row = 0
        self._closed_again = 0.0  # when the next trial is let through

    @property
    def is_open(self) -> bool:
        """Whether the register is left alone at present."""
        return self._in_a_row >= self._failures

    def lets_through(self) -> bool:
        """Tells whether a call may be made; of many that ask while it is open, one trial per pause."""
        if not self.is_open:
            return True
        now = self._clock()
        if now < self._closed_again:
            return False
        self._closed_again = now + self._pause
        return True

    def succeeded(self) -> None:
        """The register answered, whatever it said."""
        self._in_a_row = 0

    def failed(self) -> None:
        """The register did not answer."""
        self._in_a_row += 1
        if self.is_open:
            self._closed_again = self._clock() + self._pause
