"""LogService: the owner of a log, as brokers in other processes reach it.

A call has one reader and one writer. What a broker sends goes to the log's writer in its order; what is
durable is answered in whatever order it became so, many results in a message. A call ends, instead of
telling of a log that stopped: whether an operation was written is then for the next call to find out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Final, NoReturn

import grpc
from hjemmel.audit.v1 import log_service_pb2 as pb
from hjemmel.audit.v1.log_service_pb2_grpc import LogServiceServicer

from audit.errors import FormatError, LogBusy, LogError, LogStopped
from audit.writing.operations import Append, Appended, Intend, Interrupt, Operation, Result, claim
from audit.writing.sequencer import Sequencer
from exchange.edge.callers import certificate_of
from exchange.edge.status import Context
from exchange.log_service import messages
from exchange.log_service.admission import Admission
from exchange.log_service.sessions import Sessions

_SESSION_SIZE = 16  # bytes of a name that nobody guesses
_IN_ONE_MESSAGE = 1024  # results, of a kilobyte each at most
_SWEEP = 0.25  # seconds between looks for intentions that nobody holds
_SIGN_OF_LIFE = 1.0  # seconds between two messages, at most
_UNIX = "unix:"
STANDBY: Final = "this process does not own the log: another one does"
DRAINING: Final = "this process shuts down"


class LogEdge(LogServiceServicer):
    """Implements `hjemmel.audit.v1.LogService`. Refuses everybody until it is given a log."""

    def __init__(self, log_vkey: str, admission: Admission, grace: float) -> None:
        """Takes the log's public key, who may write from elsewhere, and how long intentions stand alone."""
        self._vkey = log_vkey
        self._admission = admission
        self._grace = grace
        self._writer: Sequencer | None = None
        self._sessions = Sessions(grace)
        self._calls: set[_Call] = set()
        self._why_not = STANDBY

    @property
    def brokers(self) -> int:
        """How many are attached."""
        return len(self._calls)

    def own(self, writer: Sequencer) -> None:
        """Begins to serve a log."""
        self._sessions = Sessions(self._grace)
        self._writer = writer

    async def disown(self, why: str, last_words: float = 0.0) -> None:
        """Ends every call, and refuses new ones; what is under way may be answered for a time (seconds)."""
        self._writer, self._why_not = None, why
        for call in self._calls:
            call.end(why)
        if last_words and self._calls:
            await asyncio.wait([call.answered for call in self._calls], timeout=last_words)

    async def sweep(self) -> None:
        """Has intentions recorded as interrupted that nobody holds, until it is cancelled."""
        asked: set[str] = set()
        while True:
            await asyncio.sleep(_SWEEP)
            writer = self._writer
            if writer is None or writer.problem:
                continue
            given_up = self._sessions.given_up(writer.open_requests)
            for request_id in set(given_up) - asked:
                with suppress(LogError):
                    writer.submit(Interrupt(request_id)).add_done_callback(_seen)
            asked = set(given_up)

    async def Attach(  # noqa: N802  # gRPC gives methods their names
        self, requests: AsyncIterator[pb.AttachRequest], context: Context
    ) -> None:
        """Attaches a broker."""
        if not context.peer().startswith(_UNIX) and not self._admission.admits(certificate_of(context)):
            await context.abort(
                grpc.StatusCode.PERMISSION_DENIED, "the certificate is not on the list of log_service.brokers"
            )
        hello = await self._greeted(requests, context)
        writer = self._writer
        if writer is None or writer.problem:
            await context.abort(grpc.StatusCode.UNAVAILABLE, (writer and writer.problem) or self._why_not)
            raise AssertionError("abort does not return")
        call = _Call(writer, self._sessions, hello.session_id)
        self._calls.add(call)
        self._sessions.begin(hello.session_id, call, hello.open_request_ids)
        try:
            welcome = pb.Welcome(log_vkey=self._vkey, size=writer.size, grace=messages.duration(self._grace))
            await context.write(pb.AttachResponse(welcome=welcome))
            await call.carry(requests, context)
        finally:
            self._sessions.end(hello.session_id, call)
            self._calls.discard(call)

    async def _greeted(self, requests: AsyncIterator[pb.AttachRequest], context: Context) -> pb.Hello:
        first = await anext(aiter(requests), pb.AttachRequest())
        hello = first.hello
        if len(hello.session_id) != _SESSION_SIZE:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a broker says hello first")
        if hello.log_vkey != self._vkey:
            await context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"this is the log {self._vkey}: the broker takes it for another one",
            )
        return hello


class _Call:
    """One broker's call."""

    def __init__(self, writer: Sequencer, sessions: Sessions, session: bytes) -> None:
        self._writer = writer
        self._sessions = sessions
        self._session = session
        self._pending = 0
        self._results: list[tuple[int, Result]] = []
        self._news = asyncio.Event()
        self._why: str | None = None
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self, why: str) -> None:
        """Reads no more; the call ends once all that was read is answered."""
        self._why = self._why or why
        self._news.set()

    async def carry(self, requests: AsyncIterator[pb.AttachRequest], context: Context) -> NoReturn:
        reading = asyncio.create_task(self._read(requests))
        try:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), _SIGN_OF_LIFE)
                await self._write(context, anyway=not self._news.is_set())
                self._news.clear()
                if self._why is not None:
                    reading.cancel()
                    if not self._pending:
                        await context.abort(grpc.StatusCode.UNAVAILABLE, self._why)
        finally:
            reading.cancel()
            if not self.answered.done():
                self.answered.set_result(None)

    async def _read(self, requests: AsyncIterator[pb.AttachRequest]) -> None:
        try:
            async for message in requests:
                for operation in message.operations.operations:
                    self._hand_over(operation)
        finally:
            self.end("the broker hung up")

    def _hand_over(self, message: pb.Operation) -> None:
        if self._why is not None:
            return  # it is sent again, elsewhere
        try:
            operation = messages.read_operation(message)
            future = self._writer.submit(operation, messages.timeout_of(message))
        except (LogBusy, FormatError) as refused:
            self._tell(message.id, refused)
        except LogStopped as stopped:
            self.end(str(stopped))
        else:
            self._pending += 1
            future.add_done_callback(partial(self._done, message.id, operation))

    def _done(self, number: int, operation: Operation, future: asyncio.Future[Appended | None]) -> None:
        self._pending -= 1
        error = future.exception()
        if isinstance(error, LogStopped) or not isinstance(error, LogError | None):
            self.end(str(error))
            return
        self._account(operation, error)
        self._tell(number, error or future.result())

    def _account(self, operation: Operation, error: LogError | None) -> None:
        if isinstance(operation, Intend):
            if error is None:
                self._sessions.took(self._session, self, claim(operation) or "")
        elif isinstance(operation, Interrupt):
            self._sessions.closed(self._session, operation.request_id)
        elif isinstance(operation, Append) and (operation.closes_intention or operation.doubtful):
            self._sessions.closed(self._session, claim(operation) or "")

    def _tell(self, number: int, result: Result) -> None:
        self._results.append((number, result))
        self._news.set()

    async def _write(self, context: Context, *, anyway: bool) -> None:
        while self._results or anyway:
            anyway = False
            some, self._results = self._results[:_IN_ONE_MESSAGE], self._results[_IN_ONE_MESSAGE:]
            await context.write(pb.AttachResponse(results=messages.write_results(some)))


def _seen(done: asyncio.Future[Appended | None]) -> None:
    if not done.cancelled():
        done.exception()  # the log stopped: the next owner asks again
