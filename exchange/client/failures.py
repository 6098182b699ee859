"""Turning a gRPC status into the error that tells a caller what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from hjemmel.exchange.v1.decision_pb2 import Receipt, Refusal

from audit.formats.entry import Entry
from audit.formats.note import NoteVerifier
from exchange.client import wire
from exchange.client.errors import (
    AlreadyRecorded,
    ClientError,
    Failed,
    InvalidRequest,
    NotAuthenticated,
    ReceiptInvalid,
    Refused,
    Unreachable,
)
from exchange.client.protocol import Prepared, verify_receipt
from exchange.client.retry import Attempts
from exchange.errors import FieldViolation
from exchange.model.decision import Reason
from exchange.model.trace import Outcome

_TRAILER = "grpc-status-details-bin"
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_KINDS: dict[grpc.StatusCode, type[ClientError]] = {
    grpc.StatusCode.PERMISSION_DENIED: Refused,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.UNAUTHENTICATED: NotAuthenticated,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyRecorded,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A gRPC error, taken apart. Without reasons, it was not the broker that spoke."""

    code: grpc.StatusCode
    message: str
    reasons: tuple[Reason, ...]
    violations: tuple[FieldViolation, ...]
    receipt: Receipt | None

    @property
    def is_transient(self) -> bool:
        """Whether the same signed request may be sent again: the broker never answered it."""
        return self.code is grpc.StatusCode.UNAVAILABLE and not self.reasons


#: What a stream without end that ended says: the broker stops.
STREAM_ENDED = Failure(grpc.StatusCode.UNAVAILABLE, "the broker ended the stream", (), (), None)


def failure_of(error: grpc.RpcError) -> Failure:
    """Reads the details of a gRPC error."""
    return _failure(error.code(), error.details() or "", _details(error))


def failure_in(status: status_pb2.Status) -> Failure:
    """Reads an error that came in a message instead of ending a call."""
    return _failure(_CODES.get(status.code, grpc.StatusCode.UNKNOWN), status.message, status.details)


def _failure(code: grpc.StatusCode, message: str, details: Iterable[Packed]) -> Failure:
    reasons: tuple[Reason, ...] = ()
    violations: tuple[FieldViolation, ...] = ()
    receipt = None
    for detail in details:
        refusal, bad = Refusal(), error_details_pb2.BadRequest()
        if detail.Unpack(refusal):
            reasons = tuple(wire.reason(r) for r in refusal.reasons)
            receipt = refusal.receipt if refusal.HasField("receipt") else None
        elif detail.Unpack(bad):
            violations = tuple(FieldViolation(v.field, v.description) for v in bad.field_violations)
    return Failure(code, message, reasons, violations, receipt)


def raised(failure: Failure, log: NoteVerifier, prepared: Prepared | None, attempts: Attempts) -> ClientError:
    """Makes the exception for a failure, its receipt verified.

    Raises:
        ReceiptInvalid: the receipt of the refusal does not hold.
    """
    receipt = failure.receipt
    verified = verify_receipt(receipt, log, prepared) if receipt is not None and receipt.entry else None
    if verified is not None:
        _check_told(failure, verified.entry)
    kind = _KINDS.get(failure.code, Failed if failure.reasons else Unreachable)
    fields = "".join(f"\n  {v.field} {v.description}" for v in failure.violations)
    message = (failure.message or f"the broker ended the call ({failure.code.name})") + fields
    if kind is AlreadyRecorded and attempts.tried and prepared:
        message = attempts.lost_answer(prepared.request_id)
    elif kind is Unreachable:
        message = f"no answer from the broker ({message}): check its address, and try again"
        if prepared is not None:
            message += f"; request {prepared.request_id} may have been recorded: look for its receipt first"
    return kind(message, reasons=failure.reasons, violations=failure.violations, receipt=verified)


def _check_told(failure: Failure, entry: Entry) -> None:
    if entry.outcome == Outcome.GRANTED or not {r.code for r in failure.reasons} <= set(entry.reasons):
        recorded = ", ".join((entry.outcome, *entry.reasons))
        raise ReceiptInvalid(f"the log records another end than the one told: {recorded}")


def _details(error: grpc.RpcError) -> list[Packed]:
    trailers: Any = error.trailing_metadata() or ()  # pairs; typed otherwise
    for key, value in trailers:
        if key == _TRAILER:
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return []
    return []
