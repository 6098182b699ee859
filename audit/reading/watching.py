"""Watching the log: parts of an authority's side, those that stand first, then live as they are committed.

However many watch, one look at the head a time serves them all, one thread reads for them one after the
other, and it rests after each turn: an exchange goes before whoever catches up. Works beside a writer in
another process as well. What a watcher has not taken yet is one part, made when it asks for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from audit.errors import FormatError, LogBusy, LogError, LogStopped, NotFound
from audit.formats.side import Part
from audit.reading.sides import Draft, SideReader
from audit.storage.store import Head

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How the log is watched.

    Attributes:
        poll: seconds between two looks at the head, while anybody watches.
        heartbeat: seconds after which a watcher is told that there was nothing for it.
        most: streams that one authority may have at once.
        rest: how long the reader rests after a turn, as a multiple of what the turn took.
    """

    poll: float = 0.2
    heartbeat: float = 10.0
    most: int = 4
    rest: float = 1.0


class Watching:
    """Serves all who watch a log, on one event loop."""

    def __init__(self, engine: sa.Engine, settings: WatchSettings | None = None) -> None:
        """Takes the log's database."""
        self._reader = SideReader(engine)
        self._settings = settings or WatchSettings()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-watch")
        self._turn = asyncio.Lock()
        self._rested = 0.0  # when the next turn may begin
        self._watchers: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._seen: Head | LogError | None = None
        self._moved = asyncio.Event()
        self._ended = False

    async def parts(self, authority: str, first: int) -> AsyncGenerator[Part, None]:
        """Gives an authority's side from an index on, without end, until `end` is called.

        The first part comes at once, also where there is nothing yet. A part that holds nothing says so of
        all that it covers; with nothing for the authority, one comes every heartbeat.

        Raises:
            NotFound: the log has not grown to that index.
            LogBusy: the authority watches too often at once.
            LogStopped: the log cannot be read.
        """
        with self._counted(authority):
            head = await self._read(self._reader.head)
            self._saw(head)
            if first > head.size:
                raise NotFound(f"the log has {head.size} entries")
            draft, due, now = Draft(authority, first), 0.0, asyncio.get_running_loop().time
            while not self._ended:
                head = self._newest(head)
                part = await self._read(partial(self._reader.part, draft, head, at_once=now() >= due))
                if part is not None:
                    yield part
                    draft, due = Draft(authority, part.end), now() + self._settings.heartbeat
                elif draft.end >= head.size:
                    await self._moved_from(head, due - now())

    def end(self) -> None:
        """Ends all streams, each after the part that it is at."""
        self._ended = True
        self._wake()

    async def close(self) -> None:
        """Lets go of what is held, once all streams have ended."""
        self.end()
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        self._thread.shutdown()

    @contextmanager
    def _counted(self, authority: str) -> Iterator[None]:
        if self._watchers[authority] >= self._settings.most:
            raise LogBusy(f"{authority} watches {self._settings.most} times already")
        self._watchers[authority] += 1
        try:
            yield
        finally:
            self._watchers -= Counter((authority,))  # drops who watches no more

    async def _read(self, read: Callable[[], T]) -> T:
        """Has something read when it is this watcher's turn.

        Raises:
            LogStopped: the log cannot be read.
        """
        loop = asyncio.get_running_loop()
        async with self._turn:
            await asyncio.sleep(self._rested - loop.time())
            begun = loop.time()
            try:
                return await loop.run_in_executor(self._thread, read)
            except (sa.exc.SQLAlchemyError, FormatError) as error:
                raise LogStopped(f"the log cannot be read: {type(error).__name__}") from error
            finally:
                self._rested = loop.time() + self._settings.rest * (loop.time() - begun)

    # The one look at the head

    def _newest(self, head: Head) -> Head:
        if isinstance(self._seen, LogError):
            raise LogStopped(str(self._seen)) from self._seen
        return self._seen if self._seen and self._seen.size > head.size else head

    def _saw(self, seen: Head | LogError) -> None:
        before, self._seen = self._seen, seen
        if seen != before:
            self._wake()

    async def _moved_from(self, head: Head, timeout: float) -> None:
        """Waits until the log has grown, or cannot be read, or a time (seconds) has passed."""
        if self._looking is None or self._looking.done():
            self._saw(head)
            self._looking = asyncio.create_task(self._look())
        moved = self._moved
        if self._newest(head) is head and not self._ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(moved.wait(), timeout)

    async def _look(self) -> None:
        """Looks at the head for as long as anybody watches."""
        try:
            while self._watchers:
                await asyncio.sleep(self._settings.poll)
                try:
                    self._saw(await self._read(self._reader.head))
                except LogError as error:
                    self._saw(error)
        finally:
            self._seen = None  # who watches next begins with a look of its own

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
