"""The feed of one dataset, read once for all who subscribe to it.

One task reads on while anybody listens. What is told is the value of a key: those who follow it are found in
a table, and everything else is passed over, so that a register that tells of a million changes costs their
reading and no memory. Listeners take a change down and return; none can hold up another.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from exchange.errors import ExchangeError, Failed
from exchange.model.catalogue import Dataset
from exchange.model.changes import Change, Changes
from exchange.ports import ChangeFeeds, Clock
from exchange.watch.cursor import Mark

_log = logging.getLogger(__name__)
_PAGE = 1000
_MOST_COUNTED = 100_000
_LONGEST_PAUSE = 60.0  # seconds between two attempts at a feed that fails
_FATAL = frozenset({"CHANGES_NOT_OFFERED", "CURSOR_TOO_OLD"})


class Listener(Protocol):
    """Who subscribes. Nothing here may wait."""

    def changed(self, change: Change, since: Mark) -> None:
        """Something changed about a followed value; going on from `since` would tell it again."""

    def read(self) -> None:
        """The feed was read to its end."""

    def lost(self, error: ExchangeError) -> None:
        """The feed cannot go on without leaving something out."""


class Feed:
    """Reads one feed. For one event loop."""

    def __init__(
        self, feeds: ChangeFeeds, clock: Clock, dataset: Dataset, kind: str, poll: float, timeout: float
    ) -> None:
        """Takes the port, and how often to look (seconds), with how much time for a look (seconds)."""
        self._feeds = feeds
        self._clock = clock
        self._dataset = dataset
        self._kind = kind
        self._poll = poll
        self._timeout = timeout
        self._mark: Mark | None = None
        self._listeners: dict[Listener, None] = {}
        self._following: dict[str, dict[Listener, None]] = {}
        self._counted: Counter[tuple[str, datetime]] = Counter()
        self._last: dict[tuple[str, datetime], int] = {}
        self._starting = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    @property
    def mark(self) -> Mark:
        """How far all was told. Only after `start`."""
        if self._mark is None:
            raise RuntimeError("the feed was not started")
        return self._mark

    async def start(self) -> None:
        """Finds out where the feed ends, where nobody listens yet.

        Raises:
            Failed: it does not tell.
        """
        async with self._starting:
            if self._mark is None or not self._listeners:
                now = self._clock.now()
                told = await self._changes(None)
                self._mark = Mark(told.settled, now)
                self._counted.clear()

    def join(self, listener: Listener) -> None:
        """Has a listener told of what it follows, until it leaves."""
        self._listeners[listener] = None
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())

    def leave(self, listener: Listener) -> None:
        """Tells a listener nothing more."""
        self._listeners.pop(listener, None)
        if not self._listeners and self._reading is not None:
            self._reading.cancel()

    def follow(self, listener: Listener, value: str) -> None:
        """Has a listener told of a value."""
        self._following.setdefault(value, {})[listener] = None

    def unfollow(self, listener: Listener, value: str) -> None:
        """Tells a listener of a value no more."""
        following = self._following.get(value, {})
        following.pop(listener, None)
        if not following:
            self._following.pop(value, None)

    async def catch_up(self, listener: Listener, mark: Mark) -> None:
        """Tells a listener what it follows and missed since a mark, up to the present.

        Raises:
            Failed: the feed does not tell.
        """
        after = mark.position
        while True:
            told = await self._changes(after)
            for change in told.changes:
                if listener in self._following.get(change.value, ()):
                    listener.changed(change, mark)
            after = told.position
            if not told.more:
                return

    async def close(self) -> None:
        """Ends the reading."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def _read(self) -> None:
        pause = self._poll
        while True:
            try:
                await self._pass()
                pause = self._poll
            except ExchangeError as error:
                code = error.reasons[0].code
                _log.warning("feed_not_read", extra={"dataset": self._dataset.name, "code": code})
                if code in _FATAL:
                    for listener in tuple(self._listeners):
                        listener.lost(error)
                    return
                pause = min(max(pause, self._poll) * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _pass(self) -> None:
        """Reads on to the end. What is not settled yet is read again next time, and told once.

        Changes of one value and one moment are told apart by counting: a late one is one more than before.
        """
        begun, after, counts = self._clock.now(), self.mark.position, Counter[tuple[str, datetime]]()
        while True:
            told = await self._changes(after)
            for change in told.changes:
                following = self._following.get(change.value)
                if following:
                    self._tell(change, counts, tuple(following))
            self._settle(told.settled, self.mark.time)
            after = told.position
            if not told.more:
                break
            await asyncio.sleep(0)
        self._settle(told.settled, begun)
        for listener in tuple(self._listeners):
            listener.read()

    def _tell(
        self, change: Change, counts: Counter[tuple[str, datetime]], following: tuple[Listener, ...]
    ) -> None:
        alike = (change.value, change.recorded)
        counts[alike] += 1
        self._last[alike] = change.position
        if counts[alike] <= self._counted[alike]:
            return
        self._counted[alike] = counts[alike]
        for listener in following:
            listener.changed(change, self.mark)

    def _settle(self, position: int, time: datetime) -> None:
        self._mark = Mark(max(position, self.mark.position), time)
        if len(self._last) > _MOST_COUNTED:  # told twice, where a register never settles
            self._last.clear()
        self._last = {alike: at for alike, at in self._last.items() if at > self._mark.position}
        self._counted = Counter({alike: self._counted[alike] for alike in self._last})

    async def _changes(self, after: int | None) -> Changes:
        try:
            return await self._feeds.changes(self._dataset, self._kind, after, _PAGE, self._timeout)
        except ExchangeError:
            raise
        except Exception as error:  # its words may hold anything
            _log.error("feed_failed", extra={"error": type(error).__name__})
            raise Failed.because("REGISTER_UNAVAILABLE", about=self._dataset.name) from error
