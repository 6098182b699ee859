"""What waits for a log's writer: bounded in number, in bytes and in time.

Whoever comes when the bound is reached is refused at once; waiting longer than one's caller would helps
nobody. What closes an intention is always let in: its place was given when the intention was taken.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.errors import LogBusy
from audit.writing.operations import Appended, Intend, Operation, closes, weight


@dataclass(frozen=True, slots=True)
class Ticket:
    """An operation that waits, and who waits for it.

    Attributes:
        since: when it came (seconds, monotonic).
        until: when its caller waits no longer; absent where it waits for ever.
    """

    operation: Operation
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Appended | None]
    since: float
    until: float | None
    bytes: int

    @property
    def is_late(self) -> bool:
        """Whether nobody waits for this any more, and nothing needs it."""
        return isinstance(self.operation, Intend) and self.until is not None and self.until < time.monotonic()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait: operations, bytes of them, and seconds that the oldest has waited."""

    number: int
    bytes: int
    age: float


class Waiting:
    """A queue with one reader. `put` may be called from any thread."""

    def __init__(self, bounds: Bounds) -> None:
        """Takes how much may wait."""
        self._bounds: Final = bounds
        self._queue: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._bytes = 0  # of what was put and is not done yet
        self._oldest: float | None = None  # when the oldest came that the reader has at work

    def put(self, operation: Operation, timeout: float | None) -> asyncio.Future[Appended | None]:
        """Lets an operation wait, for the running event loop.

        Raises:
            LogBusy: too much waits already.
        """
        now, size = time.monotonic(), weight(operation)
        loop = asyncio.get_running_loop()
        with self._gate:
            if not closes(operation):
                self._check(now, size, timeout)
            self._bytes += size
            future: asyncio.Future[Appended | None] = loop.create_future()
            until = None if timeout is None else now + timeout
            self._queue.put(Ticket(operation, loop, future, now, until, size))
        return future

    def _check(self, now: float, size: int, timeout: float | None) -> None:
        bounds = self._bounds
        if self._queue.qsize() >= bounds.number or self._bytes + size > bounds.bytes:
            raise LogBusy("the log is behind")
        patience = bounds.age if timeout is None else min(bounds.age, timeout)
        if self._oldest is not None and now - self._oldest >= patience:
            raise LogBusy("the log is slow")

    def end(self) -> None:
        """Lets the reader see the end."""
        self._queue.put(None)

    def first(self, timeout: float) -> Ticket | None:
        """Waits for an operation; nothing is the end.

        Raises:
            queue.Empty: none came within the time (seconds).
        """
        ticket = self._queue.get(timeout=timeout)
        if ticket is not None:
            self._oldest = ticket.since
        return ticket

    def next(self) -> Ticket | None:
        """Gives what waits already; nothing is the end.

        Raises:
            queue.Empty: nothing waits.
        """
        return self._queue.get_nowait()

    def busy(self) -> None:
        """Tells that the reader turns to something else, for which what comes has to wait."""
        self._oldest = time.monotonic()

    def done(self, tickets: Sequence[Ticket]) -> None:
        """Tells that these wait no longer, and that the reader has nothing at work."""
        with self._gate:
            self._bytes -= sum(t.bytes for t in tickets)
            self._oldest = None
