"""Somebody between the client and the broker: has the broker's certificate, and may change all that passes.

The strongest position short of the log's own key: TLS shows nothing wrong. What such a one changes, only
the receipt can tell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2
from hjemmel.audit.v1 import audit_service_pb2_grpc as audit_grpc
from hjemmel.exchange.v1 import exchange_service_pb2_grpc as exchange_grpc
from hjemmel.exchange.v1.decision_pb2 import Refusal

from tests.support.broker import RunningBroker

TRAILER = "grpc-status-details-bin"
M = TypeVar("M", bound=Message)
_METHODS = ("Exchange", "DryRun", "ListDatasets", "GetReceipt", "GetCheckpoint", "GetConsistencyProof")
_STREAMS = ("WatchRecords",)


@dataclass
class Middle:
    """What the one in between does.

    Attributes:
        target: where clients are lured to.
        answers: by method, changes an answer; nothing changes nothing.
        refusals: changes a refusal.
        replace: by method, answers in the broker's place.
        instead: by method, ends a call that the broker answered.
        fails: calls that are failed as if the broker were away: before or after it got them.
        seen: requests by method, in the order in which they came.
        streams: by method, changes what a stream brings.
    """

    target: str = ""
    answers: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    refusals: Callable[[Refusal], None] | None = None
    replace: dict[str, Callable[[Any], Message]] = field(default_factory=dict)
    instead: dict[str, Callable[[grpc.ServicerContext], None]] = field(default_factory=dict)
    fails: list[str] = field(default_factory=list)
    seen: dict[str, list[Message]] = field(default_factory=dict)
    streams: dict[str, Callable[[Iterator[Any]], Iterator[Message]]] = field(default_factory=dict)


@contextmanager
def between(broker: RunningBroker, slug: str = "udbetaling-danmark") -> Iterator[Middle]:
    """Stands between an organisation and a broker."""
    keys = broker.site.keys
    credentials = broker.site.credentials(slug).channel()
    server_credentials = grpc.ssl_server_credentials(
        [((keys / "broker.key").read_bytes(), (keys / "broker.pem").read_bytes())],
        root_certificates=(keys / "ca.pem").read_bytes(),
        require_client_auth=True,
    )
    with (
        grpc.secure_channel(broker.target, credentials) as channel,
        ThreadPoolExecutor(4, thread_name_prefix="middle") as threads,
    ):
        middle = Middle()
        stubs = (exchange_grpc.ExchangeServiceStub(channel), audit_grpc.AuditServiceStub(channel))
        exchange, audit = _servicers(middle, stubs)
        server = grpc.server(threads)
        exchange_grpc.add_ExchangeServiceServicer_to_server(exchange, server)
        audit_grpc.add_AuditServiceServicer_to_server(audit, server)
        middle.target = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', server_credentials)}"
        server.start()
        try:
            yield middle
        finally:
            server.stop(0).wait()


def _servicers(middle: Middle, stubs: tuple[object, object]) -> tuple[Any, Any]:
    made = []
    bases = (exchange_grpc.ExchangeServiceServicer, audit_grpc.AuditServiceServicer)
    lock = threading.Lock()
    for stub, base in zip(stubs, bases, strict=True):
        methods = {name: _forward(middle, stub, name, lock) for name in _METHODS if hasattr(stub, name)}
        streams = {
            name: _forward_stream(middle, stub, name, lock) for name in _STREAMS if hasattr(stub, name)
        }
        made.append(type("Middle", (base,), {**methods, **streams})())
    return made[0], made[1]


def _forward(
    middle: Middle, stub: object, name: str, lock: threading.Lock
) -> Callable[[object, Message, grpc.ServicerContext], Message]:
    def call(_self: object, request: Message, context: grpc.ServicerContext) -> Message:
        with lock:
            middle.seen.setdefault(name, []).append(request)
            failing = middle.fails.pop(0) if middle.fails else ""
        if failing == "before":
            context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if name in middle.replace:
            return middle.replace[name](request)
        try:
            answer: Message = getattr(stub, name)(request, timeout=10)
        except grpc.RpcError as error:
            _refuse(middle, error, context)
            raise
        if failing == "after":
            context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if name in middle.answers:
            middle.answers[name](answer)
        if name in middle.instead:
            middle.instead[name](context)
        return answer

    return call


def _forward_stream(
    middle: Middle, stub: object, name: str, lock: threading.Lock
) -> Callable[[object, Message, grpc.ServicerContext], Iterator[Message]]:
    def call(_self: object, request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        with lock:
            middle.seen.setdefault(name, []).append(request)
        came = getattr(stub, name)(request, timeout=context.time_remaining())
        context.add_callback(came.cancel)
        try:
            yield from middle.streams.get(name, iter)(came)
        except grpc.RpcError as error:
            _refuse(middle, error, context)
        finally:
            came.cancel()

    return call


def _refuse(middle: Middle, error: grpc.RpcError, context: grpc.ServicerContext) -> None:
    came: Any = error.trailing_metadata() or ()  # pairs; typed otherwise
    trailers = [(key, value) for key, value in came if key != TRAILER]
    for key, value in came:
        if key == TRAILER:
            status = status_pb2.Status.FromString(value)
            for detail in status.details:
                refusal = Refusal()
                if middle.refusals and detail.Unpack(refusal):
                    middle.refusals(refusal)
                    detail.Pack(refusal)
            trailers.append((key, status.SerializeToString()))
    context.set_trailing_metadata(tuple(trailers))
    context.abort(error.code(), error.details() or "")


def refuse_with(refusal: Refusal, code: grpc.StatusCode) -> Callable[[grpc.ServicerContext], None]:
    """Ends a call that the broker granted as if it had been refused."""

    def abort(context: grpc.ServicerContext) -> None:
        status = status_pb2.Status(code=code.value[0], message="refused")
        status.details.add().Pack(refusal)
        context.set_trailing_metadata(((TRAILER, status.SerializeToString()),))
        context.abort(code, "refused")

    return abort
