"""A broker's way to the log that another process owns: a desk (`audit.writing.operations.Desk`).

It attaches to whichever of the addresses owns the log, one after the other, until one welcomes it. A
connection that is lost tells nothing of what was sent on it: everything unanswered is sent again, and the
log knows it again. While nobody owns the log nothing new is taken, so that brokers do not gather what
they cannot record.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import grpc
from hjemmel.audit.v1 import log_service_pb2 as pb
from hjemmel.audit.v1.log_service_pb2_grpc import LogServiceStub

from audit.errors import LogError, LogStopped
from audit.writing.operations import Appended, Interrupt, Operation, closes
from audit.writing.waiting import Bounds
from exchange.log_service.addresses import Identity, channel
from exchange.log_service.outstanding import Outstanding

_log = logging.getLogger(__name__)
T = TypeVar("T")
_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.use_local_subchannel_pool", 1),  # another connection is another connection
)
_MOST, _MOST_BYTES = 512, 1 << 20  # operations in one message
_PAUSE = 0.1  # seconds between two rounds of all addresses
_PATIENCE = 3.0  # seconds for a welcome
_SILENCE = 3.0  # seconds without a message: an owner that is paused keeps its connections
_INTERRUPTS = 60.0  # seconds for which it is worth telling that an intention was given up
_FINAL = frozenset(
    {
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)


@dataclass(frozen=True, slots=True)
class Way:
    """How the log is reached.

    Attributes:
        addresses: of the owner and of those who stand by, as `unix:<path>` or `<host>:<port>`.
        identity: certificate and key for addresses on other hosts.
        log_vkey: the public key of the log that must be there.
        bounds: how much may be outstanding.
        timeout: seconds that what has no time of its own is waited for.
    """

    addresses: tuple[str, ...]
    identity: Identity
    log_vkey: str
    bounds: Bounds
    timeout: float = 10.0
    session: bytes = field(default_factory=lambda: os.urandom(16))


class RemoteLog:
    """Implements `audit.writing.operations.Desk`. For one event loop."""

    def __init__(self, way: Way) -> None:
        """Takes how the log is reached."""
        self._way: Final = way
        self._outstanding = Outstanding(way.bounds)
        self._news = asyncio.Event()
        self._attached = asyncio.Event()
        self._problem: str | None = "no owner of the log was reached yet"
        self._wrong: str | None = None  # what waiting does not mend
        self._running: asyncio.Task[None] | None = None
        self._round_ended = asyncio.Event()

    @property
    def problem(self) -> str | None:
        """See `audit.writing.operations.Desk`."""
        return self._problem

    async def start(self, patience: float) -> None:
        """Attaches to the log.

        Raises:
            LogStopped: nobody who owns it was reached within the time (seconds), or everybody refused.
        """
        self._running = asyncio.create_task(self._run())
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self._attached.is_set() and self._wrong is None:
                    self._round_ended.clear()
                    waits = [asyncio.create_task(e.wait()) for e in (self._attached, self._round_ended)]
                    try:
                        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        for task in waits:
                            task.cancel()
        if not self._attached.is_set():
            why = self._wrong or f"no owner of the log answers: {self._problem}"
            await self.stop()
            raise LogStopped(why)

    async def stop(self) -> None:
        """Detaches. What is still outstanding fails."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        self._attached.clear()
        self._problem = "the log was closed"
        self._outstanding.fail(LogStopped(self._problem))

    def submit(self, operation: Operation, timeout: float | None = None) -> asyncio.Future[Appended | None]:
        """See `audit.writing.operations.Desk`. While the log is away, only what closes waits for it."""
        if self._problem is not None and (not closes(operation) or self._running is None):
            raise LogStopped(self._problem)
        if timeout is None:
            timeout = _INTERRUPTS if isinstance(operation, Interrupt) else self._way.timeout
        future = self._outstanding.add(operation, timeout)
        self._news.set()
        return future

    async def _run(self) -> None:
        while True:
            wrong = []
            for address in self._way.addresses:
                problem, final = await self._attach(address)
                wrong += [f"{address}: {problem}"] if final else []
                self._tell(f"{address}: {problem}")
            self._wrong = "; ".join(wrong) if len(wrong) == len(self._way.addresses) else None
            self._round_ended.set()
            await asyncio.sleep(_PAUSE)

    async def _attach(self, address: str) -> tuple[str, bool]:
        """Works at an address for as long as it lasts; tells why it ended, and whether for good."""
        problem, final = "the connection was lost", False
        try:
            async with channel(address, self._way.identity, _OPTIONS) as connection:
                stub: Any = LogServiceStub(connection)  # its methods have no types
                await self._work(stub.Attach(), address)
        except grpc.aio.AioRpcError as error:
            problem, final = error.details() or error.code().name, error.code() in _FINAL
        except LogError as error:
            problem, final = str(error), not isinstance(error, LogStopped)
        except OSError as error:  # a timeout is one, too
            problem = f"{error.filename}: {error.strerror}" if error.filename else "gives no sign of life"
            final = bool(error.filename)
        except asyncio.InvalidStateError:  # a message was written to a call that had ended
            pass
        self._attached.clear()
        return problem, final

    async def _work(self, call: Any, address: str) -> None:
        out = self._outstanding
        try:
            hello = pb.Hello(
                session_id=self._way.session,
                log_vkey=self._way.log_vkey,
                open_request_ids=sorted(out.held),
            )
            await _within(_PATIENCE, call.write(pb.AttachRequest(hello=hello)))
            first = await _within(_PATIENCE, call.read())
            await self._welcomed(call, first, address)
            sending = asyncio.create_task(self._send(call))
            try:
                while (message := await _within(_SILENCE, call.read())) is not grpc.aio.EOF:
                    out.settle(message.results)
            finally:
                sending.cancel()
                with suppress(asyncio.CancelledError, grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    await sending
            await self._why(call)
        finally:
            call.cancel()

    async def _welcomed(self, call: Any, first: Any, address: str) -> None:
        if first is grpc.aio.EOF:
            await self._why(call)
        if first.welcome.log_vkey != self._way.log_vkey:
            raise LogError(f"serves the log {first.welcome.log_vkey}, which is another one")
        out = self._outstanding
        out.size = max(out.size, first.welcome.size)
        out.start_over()
        self._attached.set()
        self._news.set()
        _log.info("log_attached", extra={"address": address})
        self._problem = None

    @staticmethod
    async def _why(call: Any) -> None:
        """Raises what a call ended with.

        Raises:
            LogStopped: it may go on elsewhere, or later.
            LogError: it may not.
        """
        code = await call.code()
        details = await call.details() or code.name
        raise LogError(details) if code in _FINAL else LogStopped(details)

    async def _send(self, call: Any) -> None:
        out = self._outstanding
        while True:
            await self._news.wait()
            self._news.clear()
            while out.waits:
                operations = out.take(_MOST, _MOST_BYTES)
                if operations.operations:
                    await call.write(pb.AttachRequest(operations=operations))

    def _tell(self, problem: str) -> None:
        if self._problem is None:
            _log.warning("log_detached", extra={"problem": problem})
        self._problem = problem


async def _within(seconds: float, waiting: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await waiting
