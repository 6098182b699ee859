"""Errors as `google.rpc.Status` (AIP-193): ErrorInfo, BadRequest, LocalizedMessage and our Refusal.

The details travel in a trailer, and clients bound the size of trailers (8 KiB in many). What does not
fit is left out in order of worth; the whole is in the log, and GetReceipt gives it.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from hjemmel.exchange.v1.decision_pb2 import Refusal

from exchange.edge import translate
from exchange.errors import ExchangeError, Status

#: The context of any call; what it carries is known by each service.
Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
DOMAIN = "hjemmel"
TRAILER = "grpc-status-details-bin"
_MAX_DETAILS = 5_800  # bytes; a third more in base64, and below 8 KiB with the other trailers
_CODES = {code.value[0]: code for code in grpc.StatusCode}


async def abort(context: Context, error: ExchangeError) -> NoReturn:
    """Ends a call with an error, all details attached."""
    status = status_of(error)
    await context.abort(
        _CODES[status.code],
        status.message,
        trailing_metadata=((TRAILER, status.SerializeToString()),),
    )
    raise AssertionError("abort does not return")


def status_of(error: ExchangeError) -> status_pb2.Status:
    """Describes an error; no value of the request stands in it."""
    first = error.reasons[0]
    message = f"{first.code}: {first.text_en}" if first.text_en else first.code
    refusal = _refusal(error)
    for slim in (_nothing, _without_texts, _without_decision, _without_entry):
        slim(refusal)
        status = _status(error, message, refusal)
        if status.ByteSize() <= _MAX_DETAILS:
            break
    return status


def _status(error: ExchangeError, message: str, refusal: Refusal) -> status_pb2.Status:
    first = error.reasons[0]
    metadata = {"rule": first.rule, "legal_basis": first.legal_basis}
    details: list[Message] = [
        error_details_pb2.ErrorInfo(
            reason=first.code, domain=DOMAIN, metadata={k: v for k, v in metadata.items() if v}
        )
    ]
    if error.violations:
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
                    for v in error.violations
                ]
            )
        )
    if first.text_da:
        details.append(error_details_pb2.LocalizedMessage(locale="da-DK", message=first.text_da))
    if error.status is Status.RESOURCE_EXHAUSTED:
        details.append(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1)))
    details.append(refusal)
    return status_pb2.Status(code=error.status.value, message=message, details=[_packed(d) for d in details])


def _refusal(error: ExchangeError) -> Refusal:
    return Refusal(
        reasons=[translate.reason(r) for r in dict.fromkeys(error.reasons)],
        decision=translate.decision(error.decision) if error.decision else None,
        receipt=translate.receipt(error.receipt) if error.receipt else None,
    )


def _nothing(_refusal: Refusal) -> None:
    """Leaves all in."""


def _without_texts(refusal: Refusal) -> None:
    """The reasons have the texts already; what is refused an attribute at a time repeats them."""
    if refusal.HasField("decision"):
        for attribute in refusal.decision.refused_attributes:
            attribute.reason.text_en = attribute.reason.text_da = ""


def _without_decision(refusal: Refusal) -> None:
    refusal.ClearField("decision")
    del refusal.reasons[10:]


def _without_entry(refusal: Refusal) -> None:
    refusal.ClearField("receipt")


def _packed(message: Message) -> Packed:
    packed = Packed()
    packed.Pack(message)
    return packed
