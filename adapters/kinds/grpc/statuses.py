"""Errors of the port as statuses of gRPC, and back.

What a register knows about an error travels as an ErrorInfo: the cause's name, and the attribute. The status
alone tells what to do where there is none, as from a proxy or a register that says no more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from adapters.port import (
    AccessRefused,
    AnswerInvalid,
    Cause,
    ChangesGone,
    ChangesNotTold,
    NotCovered,
    RegisterError,
    SchemaChanged,
    Throttled,
    Unavailable,
)

DOMAIN: Final = "registry.hjemmel"
DETAILS: Final = "grpc-status-details-bin"
_Code = grpc.StatusCode
_LONGEST_PAUSE: Final = 3600.0
_ACCESS: Final = {Cause.CREDENTIALS_EXPIRED, Cause.CREDENTIALS_REFUSED, Cause.NOT_AUTHORISED}
_CHANGED: Final = {
    *(Cause.FIELD_MISSING, Cause.FIELD_TYPE, Cause.FIELD_VALUE, Cause.FIELD_NULL, Cause.FIELD_UNKNOWN),
    Cause.FIELD_NEW,
}
_PLAIN: Final[Mapping[grpc.StatusCode, Callable[[], RegisterError]]] = {
    _Code.UNAVAILABLE: lambda: Unavailable(Cause.CONNECTION),
    _Code.CANCELLED: lambda: Unavailable(Cause.CONNECTION),
    _Code.UNAUTHENTICATED: lambda: AccessRefused(Cause.CREDENTIALS_REFUSED),
    _Code.PERMISSION_DENIED: lambda: AccessRefused(Cause.NOT_AUTHORISED),
    _Code.RESOURCE_EXHAUSTED: lambda: AnswerInvalid(Cause.TOO_LARGE),  # said here, of a message too large
    _Code.UNIMPLEMENTED: lambda: SchemaChanged(Cause.FIELD_UNKNOWN),
    _Code.NOT_FOUND: lambda: SchemaChanged(Cause.FIELD_UNKNOWN),
    _Code.INVALID_ARGUMENT: lambda: SchemaChanged(Cause.FIELD_UNKNOWN),
    _Code.DATA_LOSS: lambda: AnswerInvalid(Cause.PARTIAL),
}


def error_of(code: grpc.StatusCode, details: bytes | None, attributes: Collection[str]) -> RegisterError:
    """Gives the error of the port that a status is. Its message is not looked at.

    Args:
        code: the status.
        details: the serialised google.rpc.Status beside it, where there is one.
        attributes: those that an error may be about.
    """
    info, pause = _read(details)
    if pause is not None and code in {_Code.RESOURCE_EXHAUSTED, _Code.UNAVAILABLE}:
        return Throttled(pause)
    if info is not None and info.reason in Cause.__members__:
        told = info.metadata.get("attribute", "")
        attribute = told if told in attributes else ""
        return _kind(Cause[info.reason], code)(Cause[info.reason], attribute)
    return _PLAIN.get(code, lambda: Unavailable(Cause.SERVER_ERROR))()


def status_of(error: RegisterError) -> tuple[grpc.StatusCode, bytes]:
    """Gives the status and the details that an error of the port travels as."""
    details = AnyMessage()
    if isinstance(error, Throttled):
        seconds = min(max(error.pause, 0.0), _LONGEST_PAUSE)
        details.Pack(RetryInfo(retry_delay=Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))))
    else:
        metadata = {"attribute": error.attribute} if error.attribute else {}
        details.Pack(ErrorInfo(domain=DOMAIN, reason=error.cause.name, metadata=metadata))
    code = _code(error)
    return code, Status(code=code.value[0], details=[details]).SerializeToString()


def _code(error: RegisterError) -> grpc.StatusCode:
    if isinstance(error, Throttled):
        return _Code.RESOURCE_EXHAUSTED
    if isinstance(error, ChangesNotTold):
        return _Code.UNIMPLEMENTED
    if isinstance(error, ChangesGone):
        return _Code.OUT_OF_RANGE
    if isinstance(error, AccessRefused):  # the register behind does not let its server in
        return _Code.FAILED_PRECONDITION
    return _Code.UNAVAILABLE if isinstance(error, Unavailable) else _Code.INTERNAL


def _kind(cause: Cause, code: grpc.StatusCode) -> type[RegisterError]:
    if cause is Cause.NO_CODE:
        return NotCovered
    if cause in _ACCESS:
        return AccessRefused
    if code is _Code.UNAVAILABLE or cause in {Cause.CONNECTION, Cause.SERVER_ERROR}:
        return Unavailable
    return SchemaChanged if cause in _CHANGED else AnswerInvalid


def _read(details: bytes | None) -> tuple[ErrorInfo | None, float | None]:
    info, pause = None, None
    try:
        status = Status.FromString(details or b"")
        for one in status.details:
            told, retry = ErrorInfo(), RetryInfo()
            if one.Unpack(told) and told.domain == DOMAIN:
                info = told
            elif one.Unpack(retry):
                pause = min(max(retry.retry_delay.ToTimedelta().total_seconds(), 0.0), _LONGEST_PAUSE)
    except (ValueError, OverflowError):  # DecodeError is a ValueError
        return None, None
    return info, pause
