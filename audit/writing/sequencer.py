"""The one writer of a log: a thread that gathers operations into batches and has them committed.

A commit that failed is fatal for this state of memory: whether it reached the disk is unknown. The
writer stops, fails whoever waits, and starts over from what is on disk. One whose log was taken over by
another process stays stopped.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

import sqlalchemy as sa

from audit.completeness.closing import Closer
from audit.errors import (
    FormatError,
    LogBusy,
    LogError,
    LogStopped,
    VerificationError,
)
from audit.formats.note import NoteSigner
from audit.vault.subject_keys import SubjectKeys
from audit.writing.operations import Appended, Operation, Result
from audit.writing.owner import Owner, OwnershipLost
from audit.writing.waiting import Bounds, Ticket, Waiting

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How batches are made: the most in one, the shortest time between two, what may wait."""

    max_batch: int = 512
    interval: float = 0.01  # seconds that a crowd is gathered for, at most
    max_pending: int = 10_000
    max_bytes: int = 64 << 20  # of what is waiting
    max_age: float = 2.0  # seconds that the oldest may have waited when another comes
    retry: float = 1.0  # seconds between attempts to start over
    look: float = 0.5  # seconds between looks for what is to be erased or closed


class Sequencer:
    """Owns a log from `start` to `stop`. `submit` may be called from any event loop."""

    def __init__(
        self,
        log: sa.Engine,
        keys: SubjectKeys,
        signer: NoteSigner,
        pace: Pace | None = None,
        closer: Closer | None = None,
        *,
        keeps_open: bool = False,
    ) -> None:
        """Takes the log's database, the keys of subjects, the log's own key, and who closes periods.

        `keeps_open`: see `Owner`.
        """
        self._pace: Final = pace or Pace()
        self._closer = closer
        self._owner = Owner(log, keys, signer, self._pace.max_batch, keeps_open=keeps_open)
        self._waiting = Waiting(Bounds(self._pace.max_pending, self._pace.max_bytes, self._pace.max_age))
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._gate = threading.Lock()  # nothing is taken after the end was announced
        self._closing = threading.Event()
        self._crowd = threading.Event()  # as many came since the last batch as it answered
        self._missing = 0
        self._stopped: str | None = "the log was not started"
        self._lost = False

    @property
    def problem(self) -> str | None:
        """Why the log takes nothing at present, or nothing where it does."""
        return self._stopped

    @property
    def is_lost(self) -> bool:
        """Whether another owner has the log, so that this one stays stopped."""
        return self._lost

    @property
    def open_requests(self) -> set[str]:
        """Request ids of open intentions."""
        return self._owner.open_requests

    @property
    def size(self) -> int:
        """How many entries are acknowledged."""
        return self._owner.head.size

    def start(self) -> None:
        """Takes the log over, turns open intentions into `interrupted` entries, begins to write.

        Raises:
            LogStopped: the log is of another key, does not add up, or cannot be reached.
        """
        try:
            self._owner.take_over()
        except sa.exc.SQLAlchemyError as error:
            raise LogStopped(f"the log's database failed: {type(error).__name__}") from error
        except (FormatError, VerificationError, OwnershipLost) as error:
            raise LogStopped(str(error)) from error
        self._stopped = None
        self._thread.start()

    def stop(self) -> None:
        """Writes what is waiting, then ends."""
        with self._gate:
            self._closing.set()
            self._waiting.end()
        if self._thread.is_alive():
            self._thread.join()
        self._stopped = "the log was closed"

    def submit(self, operation: Operation, timeout: float | None = None) -> asyncio.Future[Appended | None]:
        """See `audit.writing.operations.Desk`."""
        with self._gate:
            if self._closing.is_set():
                raise LogStopped("the log was closed")
            if self._stopped:
                raise LogStopped(self._stopped)
            future = self._waiting.put(operation, timeout)
            self._missing -= 1
            if self._missing == 0:
                self._crowd.set()
            return future

    # The writer's thread

    def _run(self) -> None:
        gather, next_look = 0.0, 0.0
        while True:
            if time.monotonic() >= next_look and not self._stopped:
                self._waiting.busy()
                self._guarded(self._do_asked)
                self._waiting.done(())
                next_look = time.monotonic() + self._pace.look
            batch, ending = self._collect(gather)
            begun = time.monotonic()
            if batch:
                results = self._attempt(batch)
                with self._gate:
                    self._missing = len(batch)
                    self._crowd.clear()
                self._answer(batch, results)
            # A lone caller is served at once. A crowd is gathered for as long as two commits take, so
            # that the writer leaves most of the processor to those who make the work; or until as many
            # came as were answered, when nobody is left to wait for.
            crowded = len(batch) > 1
            gather = min(self._pace.interval, 2 * (time.monotonic() - begun)) if crowded else 0.0
            if ending:
                break
            if self._stopped:
                self._start_over()
        if self._closer:
            self._closer.abandon()

    def _do_asked(self) -> None:
        """Does what was asked for beside the exchanges."""
        self._owner.erase_asked()
        if self._closer:
            self._closer.step(self._owner)

    def _collect(self, gather: float) -> tuple[list[Ticket], bool]:
        """Waits for an operation, then for others to join it (seconds)."""
        try:
            first = self._waiting.first(self._pace.look)
        except queue.Empty:
            return [], False
        if first is None:
            return [], True
        if gather:
            self._crowd.wait(gather)
        batch = [first]
        while len(batch) < self._pace.max_batch:
            try:
                ticket = self._waiting.next()
            except queue.Empty:
                break
            if ticket is None:
                return batch, True
            batch.append(ticket)
        return batch, False

    def _attempt(self, batch: Sequence[Ticket]) -> list[Result]:
        late = [ticket.is_late for ticket in batch]
        wanted = [ticket for ticket, is_late in zip(batch, late, strict=True) if not is_late]
        results: list[Result] | None = None
        if not self._stopped:
            results = self._guarded(lambda: self._owner.commit([ticket.operation for ticket in wanted]))
        if results is None:
            return self._refusals(batch)
        answers = iter(results)
        return [LogBusy("nobody waits for it any more") if is_late else next(answers) for is_late in late]

    def _guarded(self, write: Callable[[], _T]) -> _T | None:
        try:
            return write()
        except Exception as error:  # noqa: BLE001  # whatever failed, the state of the disk is unknown now
            _log.exception("log_commit_failed")
            self._lost = isinstance(error, OwnershipLost)
            self._stopped = str(error) if self._lost else f"a commit failed: {type(error).__name__}"
            return None

    def _start_over(self) -> None:
        """Recovers from disk after a failure, unless another owner has the log now."""
        while self._stopped and not self._lost:
            self._refuse_waiting()
            if self._closing.wait(self._pace.retry):
                return
            try:
                self._owner.take_over()
                self._stopped = None
            except OwnershipLost as lost:
                self._lost, self._stopped = True, str(lost)
            except Exception:  # noqa: BLE001  # whatever it is, this thread lives on to answer its callers
                _log.exception("log_recovery_failed")

    def _refuse_waiting(self) -> None:
        batch = []
        while True:
            try:
                ticket = self._waiting.next()
            except queue.Empty:
                break
            if ticket is None:
                self._waiting.end()  # the end is seen by the run loop
                break
            batch.append(ticket)
        self._answer(batch, self._refusals(batch))

    def _refusals(self, batch: Sequence[Ticket]) -> list[Result]:
        return [LogStopped(self._stopped or "") for _ in batch]  # one each: callers raise them

    def _answer(self, batch: Sequence[Ticket], results: Sequence[Result]) -> None:
        self._waiting.done(batch)
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Ticket, Result]]] = {}
        for ticket, result in zip(batch, results, strict=True):
            by_loop.setdefault(ticket.loop, []).append((ticket, result))
        for loop, answers in by_loop.items():
            with suppress(RuntimeError):  # the loop closed: nobody waits there any more
                loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Sequence[tuple[Ticket, Result]]) -> None:
    for ticket, result in answers:
        if ticket.future.done():  # its caller gave up waiting
            continue
        if isinstance(result, LogError):
            ticket.future.set_exception(result)
        else:
            ticket.future.set_result(result)
