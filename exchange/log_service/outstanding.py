"""What a broker handed to the log and was not told the outcome of: sent again on the next connection.

Bounded like what waits for the log's writer: whoever comes when too much is outstanding, or when the
oldest has been for too long, is refused at once. What closes an intention is always let in.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import count

from hjemmel.audit.v1 import log_service_pb2 as pb

from audit.errors import LogBusy, LogError, LogStopped, OutcomeUnknown
from audit.formats.entry import Leaf
from audit.writing.operations import (
    Append,
    Appended,
    Intend,
    Interrupt,
    Operation,
    Result,
    claim,
    closes,
    weight,
)
from audit.writing.waiting import Bounds
from exchange.log_service import messages


@dataclass(slots=True)
class Sent:
    """An operation that was handed over.

    Attributes:
        future: done when its outcome is known, or its time is over.
        since: when it came (monotonic).
        until: when its caller waits no longer.
        timer: ends the waiting.
        sent_at: the log's size when it was sent first; absent until it was.
    """

    operation: Operation
    future: asyncio.Future[Appended | None]
    since: float
    until: float | None
    timer: asyncio.TimerHandle | None = None
    sent_at: int | None = None

    @property
    def leaf(self) -> Leaf | None:
        """What is to be appended, where something is."""
        return self.operation.leaf if isinstance(self.operation, Append) else None


class Outstanding:
    """Operations by number, in the order in which they came. For one event loop."""

    def __init__(self, bounds: Bounds) -> None:
        """Takes how much may be outstanding."""
        self._bounds = bounds
        self._numbers = count(1)
        self._all: dict[int, Sent] = {}
        self._unsent: list[int] = []
        self._bytes = 0
        self.held: set[str] = set()  # request ids of intentions that are open
        self.size = 0  # of the log, as far as it is known

    def add(self, operation: Operation, timeout: float | None) -> asyncio.Future[Appended | None]:
        """Takes an operation.

        Raises:
            LogBusy: too much is outstanding.
            LogStopped: its time is over already.
        """
        loop, now = asyncio.get_running_loop(), time.monotonic()
        if timeout is not None and timeout <= 0:
            raise LogStopped("there is no time left to record it")
        if not closes(operation):
            self._check(operation, now, timeout)
        number = next(self._numbers)
        sent = Sent(operation, loop.create_future(), now, None if timeout is None else now + timeout)
        if timeout is not None:
            sent.timer = loop.call_later(timeout, self._expire, number)
        self._all[number] = sent
        self._unsent.append(number)
        self._bytes += weight(operation)
        return sent.future

    def _check(self, operation: Operation, now: float, timeout: float | None) -> None:
        bounds = self._bounds
        if len(self._all) >= bounds.number or self._bytes + weight(operation) > bounds.bytes:
            raise LogBusy("the log is behind")
        patience = bounds.age if timeout is None else min(bounds.age, timeout)
        oldest = next(iter(self._all.values()), None)
        if oldest is not None and now - oldest.since >= patience:
            raise LogBusy("the log is slow")

    @property
    def waits(self) -> bool:
        """Whether something is to be sent."""
        return bool(self._unsent)

    def start_over(self) -> None:
        """Has everything sent again: the connection that it was sent on is gone."""
        self._unsent = list(self._all)

    def take(self, most: int, most_bytes: int) -> pb.Operations:
        """Gives what is to be sent next, in one message."""
        message, size, taken = pb.Operations(), 0, 0
        for number in self._unsent[:most]:
            sent = self._all.get(number)
            taken += 1
            if sent is None:
                continue
            message.operations.append(
                messages.write_operation(number, sent.operation, sent.until, sent.sent_at)
            )
            if sent.sent_at is None:
                sent.sent_at = self.size
            size += weight(sent.operation)
            if size >= most_bytes:
                break
        del self._unsent[:taken]
        return message

    def settle(self, results: pb.Results) -> None:
        """Takes results, and tells those who wait.

        Raises:
            FormatError: they are not results of what was sent.
        """
        for message in results.results:
            sent = self._all.get(message.id)
            if sent is None:  # its time was over
                continue
            result = messages.read_result(message, results.checkpoints, sent.leaf)
            self._remove(message.id)
            self._account(sent.operation, result)
            _resolve(sent.future, result)

    def fail(self, error: LogStopped) -> None:
        """Ends all waiting."""
        for number, sent in list(self._all.items()):
            self._remove(number)
            _resolve(sent.future, error if sent.sent_at is None else OutcomeUnknown(str(error)))

    def _expire(self, number: int) -> None:
        sent = self._all[number]
        self._remove(number)
        if sent.sent_at is None:
            _resolve(sent.future, LogStopped("no owner of the log could be reached in time"))
        else:
            _resolve(sent.future, OutcomeUnknown("the log did not answer in time"))

    def _remove(self, number: int) -> None:
        sent = self._all.pop(number)
        self._bytes -= weight(sent.operation)
        if sent.timer is not None:
            sent.timer.cancel()

    def _account(self, operation: Operation, result: Result) -> None:
        if isinstance(result, Appended):
            self.size = max(self.size, result.index + 1)
        if isinstance(operation, Intend) and result is None:
            self.held.add(claim(operation) or "")
        elif isinstance(operation, Interrupt):
            self.held.discard(operation.request_id)
        elif isinstance(operation, Append) and closes(operation):
            self.held.discard(claim(operation) or "")


def _resolve(future: asyncio.Future[Appended | None], result: Result) -> None:
    if future.done():  # its caller gave up waiting
        return
    if isinstance(result, LogError):
        future.set_exception(result)
    else:
        future.set_result(result)
