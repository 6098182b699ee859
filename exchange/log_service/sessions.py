"""Who holds which open intention, and what becomes of those whose holder does not come back.

A session is a broker's process; it ends when its call ends, and goes on when it calls again in time. An
intention that nobody holds for as long as the grace lasts is recorded as interrupted. That is also how an
owner begins that took over from another one: it finds intentions, and waits for those who hold them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection


class Sessions:
    """Keeps account of intentions. For one event loop."""

    def __init__(self, grace: float, now: Callable[[], float] = time.monotonic) -> None:
        """Takes how long (seconds) an intention may stand without a holder."""
        self._grace = grace
        self._now = now
        self._held: dict[bytes, set[str]] = {}
        self._calls: dict[bytes, object] = {}
        self._orphans: dict[str, float] = {}  # with the time when each is given up

    def begin(self, session: bytes, call: object, holds: Collection[str]) -> None:
        """A broker calls, and names what it holds; an earlier call of its own has no more say.

        Of what it held before, it gave up whatever it does not name.
        """
        given_up = self._held.get(session, set()).difference(holds)
        self._calls[session] = call
        self._held[session] = set(holds)
        for request_id in holds:
            self._orphans.pop(request_id, None)
        self._orphan(given_up)

    def end(self, session: bytes, call: object) -> None:
        """A call ended."""
        if self._calls.get(session) is call:
            del self._calls[session]
            self._orphan(self._held.pop(session, set()))

    def took(self, session: bytes, call: object, request_id: str) -> None:
        """An intention became durable. Where its call ended meanwhile, nobody holds it yet."""
        if self._calls.get(session) is call:
            self._held[session].add(request_id)
            self._orphans.pop(request_id, None)
        elif not any(request_id in held for held in self._held.values()):
            self._orphan({request_id})

    def closed(self, session: bytes, request_id: str) -> None:
        """An intention is open no longer."""
        self._held.get(session, set()).discard(request_id)
        self._orphans.pop(request_id, None)

    def given_up(self, open_requests: Collection[str]) -> list[str]:
        """Gives the open intentions whose time is over. Those that nobody named so far get theirs now."""
        held = set().union(*self._held.values())
        self._orphans = {r: until for r, until in self._orphans.items() if r in open_requests}
        self._orphan(set(open_requests) - held - self._orphans.keys())
        now = self._now()
        return sorted(r for r, until in self._orphans.items() if until <= now)

    def _orphan(self, request_ids: Collection[str]) -> None:
        until = self._now() + self._grace
        for request_id in request_ids:
            self._orphans.setdefault(request_id, until)
