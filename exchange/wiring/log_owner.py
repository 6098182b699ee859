"""Puts together the process that owns a log for brokers in other processes, or stands by to.

    stand by ─► take over ─► serve ─┬─► told to stop: answer what is under way, let go
        ▲                           │
        └───────────────────────────┴─► turn or log lost: end every call

What needs the owner's process runs while it owns: the log's writer with its erasures, witnesses,
timestamps, the record of policy changes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa

from audit.errors import LogError, LogStopped, NotFound
from audit.files import read_private
from audit.log import AuditLog, load_signer
from audit.reading.reader import LogReader
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.writing.sequencer import Sequencer
from audit.writing.turns import Turn, turn_of
from exchange.config import Settings
from exchange.log_service.addresses import Identity
from exchange.log_service.admission import Admission
from exchange.log_service.server import LogServer, Places
from exchange.log_service.service import DRAINING, STANDBY, LogEdge
from exchange.policy.events import keep_recording
from exchange.wiring.logs import log_settings, watch_over

_log = logging.getLogger("hjemmel")
_LOOKS = 10  # at the turn, in the time of a lease
_LOOK = 0.1  # seconds between looks at whether the log was lost
_IGNORED = (
    "the log was taken over by a process that takes no turns: does a broker without log.service run on it?"
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a process serves, and whether it owned the log from the beginning.

    Attributes:
        owns: whether it does; else it stands by.
        port: of its address, where it has one.
        probe_port: of its health checks, likewise.
    """

    owns: bool
    port: int | None
    probe_port: int | None


Ready = Callable[[Listening], None]


class TurnsIgnoredError(LogStopped):
    """Another process writes to the log although it was not its turn."""


class LogOwner:
    """Owns a log whenever it is its turn."""

    def __init__(self, settings: Settings) -> None:
        """Takes the configuration. Within the event loop that it runs in: gRPC's servers belong to one."""
        service = settings.log_service
        self._settings: Final = settings
        self._signer = load_signer(settings.log.origin, settings.log.signing_key)
        self._edge = LogEdge(self._signer.verifier.vkey, Admission(service.brokers), service.grace)
        places = Places(
            socket=service.socket if isinstance(service.socket, Path) else None,
            address=service.address,
            probe=service.probe_address,
            identity=Identity(service.certificate, service.key, service.ca),
        )
        self._server = LogServer(self._edge, places)
        self._turn: Turn = turn_of(settings.log.url, settings.log.origin, service.lease)
        self._turns = ThreadPoolExecutor(1, "log-turn")  # a turn is for one thread at a time
        self._pause = service.lease / _LOOKS
        self._is_ours = False

    @property
    def log_vkey(self) -> str:
        """The log's public key."""
        return self._signer.verifier.vkey

    async def run(self, stop: asyncio.Event, ready: Ready) -> None:
        """Serves until told to stop.

        Args:
            stop: set to end.
            ready: told once, when brokers are served or this process stands by to.

        Raises:
            LogError: the log is another one, cannot be owned, or is written by a process that takes no turns.
            OSError: an address cannot be listened on.
        """
        await asyncio.to_thread(check, self._settings)
        ports = await self._server.start()
        try:
            if await self._try():
                await self._own(stop, lambda: ready(Listening(owns=True, port=ports[0], probe_port=ports[1])))
            else:
                _log.info("log_standing_by")
                ready(Listening(owns=False, port=ports[0], probe_port=ports[1]))
            while not await _either(stop, self._pause):
                if await self._try():
                    await self._own_again(stop)
        finally:
            await self._at_turn(self._turn.leave)
            await self._server.stop()

    async def _try(self) -> bool:
        try:
            return await self._at_turn(self._turn.take)
        except LogStopped as error:
            _log.warning("log_turn_unknown", extra={"problem": str(error)})
            return False

    async def _own_again(self, stop: asyncio.Event) -> None:
        """Owns the log later than at the start: what fails then is tried again, here or elsewhere."""
        try:
            await self._own(stop, lambda: None)
        except TurnsIgnoredError:
            raise
        except (LogError, sa.exc.SQLAlchemyError) as error:
            problem = str(error) if isinstance(error, LogError) else type(error).__name__
            _log.exception("log_take_over_failed", extra={"problem": problem})

    async def _at_turn(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._turns, act)

    async def _own(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Owns the log until it is told to stop, or the log or the turn is lost."""
        begun = time.monotonic()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._at_turn, self._turn.leave)  # last: what was done is done
            self._is_ours = True
            stack.push_async_callback(_ended, asyncio.create_task(self._keep_turn()))
            log = await asyncio.to_thread(AuditLog.open, log_settings(self._settings), keeps_open=True)
            stack.push_async_callback(asyncio.to_thread, log.close)
            if log.writer is None:
                raise AssertionError("who opens a log writes it")
            await watch_over(self._settings, log, stack)
            stack.push_async_callback(_ended, asyncio.create_task(keep_recording(log)))
            self._edge.own(log.writer)
            stack.push_async_callback(_ended, asyncio.create_task(self._edge.sweep()))
            took = {"seconds": round(time.monotonic() - begun, 3), "size": log.writer.size}
            _log.info("log_owned", extra=took)
            await self._server.set_owning(owning=True)
            ready()
            await self._while_ours(stop, log, log.writer)
            await self._server.set_owning(owning=False)
            drains = stop.is_set()
            await self._edge.disown(
                DRAINING if drains else STANDBY, self._settings.log_service.drain if drains else 0.0
            )
            if log.writer.is_lost and await self._at_turn(self._turn.keep):
                raise TurnsIgnoredError(_IGNORED)
        _log.warning("log_let_go", extra={"told_to": stop.is_set()})

    async def _while_ours(self, stop: asyncio.Event, log: AuditLog, writer: Sequencer) -> None:
        problem: str | None = None
        while self._is_ours and not writer.is_lost:
            if log.problem != problem:
                problem = log.problem
                await self._server.set_owning(owning=problem is None)
                _log.warning("health_changed", extra={"serving": problem is None, "problem": problem})
            if await _either(stop, _LOOK):
                return

    async def _keep_turn(self) -> None:
        while self._is_ours:
            await asyncio.sleep(self._pause)
            self._is_ours = await self._at_turn(self._turn.keep)


def check(settings: Settings) -> None:
    """Makes sure, before its turn comes, that a process could own the log: it has the right keys.

    Raises:
        LogError: it has not; the message says which.
    """
    master = MasterKey(read_private(settings.vault.master_key))
    verifier = load_signer(settings.log.origin, settings.log.signing_key).verifier
    log, keys = database.connect(settings.log.url), database.connect(settings.vault.url)
    try:
        with suppress(NotFound):
            LogReader(log, verifier, SubjectKeys(keys, master)).checkpoint()
            SubjectKeys(keys, master).check()
    except (sa.exc.OperationalError, sa.exc.ProgrammingError):
        pass  # it was never owned, or is not there at present
    finally:
        log.dispose()
        keys.dispose()


async def _either(stop: asyncio.Event, seconds: float) -> bool:
    """Waits for a time, or for the end; tells whether that came."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
