"""Changes on the wire between a broker and a register's process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.registry.v1 import registry_service_pb2 as pb
from hjemmel.registry.v1.registry_service_pb2_grpc import RegistryServiceStub

from adapters.kinds.grpc.statuses import DETAILS, error_of
from adapters.port import (
    AnswerInvalid,
    Cause,
    Change,
    Changes,
    ChangesGone,
    ChangesNotTold,
    RegisterError,
    SchemaChanged,
)

_LONGEST: Final = 40  # digits of a position


def request(dataset: str, kind: str, after: int | None, limit: int) -> pb.WatchRequest:
    """Asks for the changes after a position."""
    told = "" if after is None else str(after)
    return pb.WatchRequest(dataset=dataset, key_kind=kind, after_position=told, limit=limit)


async def read(stub: RegistryServiceStub, asked: pb.WatchRequest, max_bytes: int, timeout: float) -> Changes:
    """Calls a register, within a time (seconds).

    Raises:
        TimeoutError: it did not answer in time.
        RegisterError: there is no answer, or none that makes sense.
    """
    call = stub.Watch(asked, timeout=timeout)
    changes: list[Change] = []
    last, size = None, 0
    try:
        async for response in call:
            size += response.ByteSize()
            if size > max_bytes:
                raise AnswerInvalid(Cause.TOO_LARGE)
            if len(changes) + len(response.changes) > asked.limit:
                raise AnswerInvalid(Cause.TOO_MANY)
            changes += [Change(c.key, _moment(c.change_time), position(c.position)) for c in response.changes]
            last = response
    except grpc.aio.AioRpcError as error:
        raise _error(error) from None
    finally:
        call.cancel()
    if last is None:
        raise AnswerInvalid(Cause.PARTIAL)
    return Changes(tuple(changes), position(last.position), position(last.settled_position), last.more)


def responses(told: Changes, size: int) -> Iterator[pb.WatchResponse]:
    """Writes an answer, so many changes a message."""
    parts: Sequence[Sequence[Change]] = [
        told.changes[begin : begin + size] for begin in range(0, len(told.changes), size)
    ]
    for part in parts or ((),):
        yield pb.WatchResponse(
            changes=[
                pb.WatchedChange(key=c.value, change_time=_timestamp(c.recorded), position=str(c.position))
                for c in part
            ],
            position=str(told.position),
            settled_position=str(told.settled),
            more=told.more,
        )


def position(text: str) -> int:
    """Reads a position.

    Raises:
        SchemaChanged: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST):
        raise SchemaChanged(Cause.FIELD_TYPE)
    return int(text)


def _error(error: grpc.aio.AioRpcError) -> Exception:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimeoutError()
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return ChangesNotTold()
    if code is grpc.StatusCode.OUT_OF_RANGE:
        return ChangesGone()
    if isinstance(error.__cause__, DecodeError):
        return AnswerInvalid(Cause.NOT_DECODED)
    details = dict(error.trailing_metadata() or ()).get(DETAILS)
    told: RegisterError = error_of(code, details if isinstance(details, bytes) else None, ())
    return told


def _moment(told: Timestamp) -> datetime:
    try:
        return told.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise SchemaChanged(Cause.FIELD_TYPE) from None


def _timestamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made
