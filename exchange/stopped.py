"""One time for what is asked together, so that its look-ups are alike."""

from __future__ import annotations

from datetime import date, datetime

from exchange.ports import Clock


class StoppedClock:
    """Implements `exchange.ports.Clock` with the moment at which it was made."""

    def __init__(self, clock: Clock) -> None:
        """Takes the clock that goes on."""
        self._now = clock.now()
        self._today = clock.today()

    def now(self) -> datetime:
        """See `exchange.ports.Clock`."""
        return self._now

    def today(self) -> date:
        """See `exchange.ports.Clock`."""
        return self._today
