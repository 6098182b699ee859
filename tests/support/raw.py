"""The wire by hand: stubs behind mutual TLS, JWS of any header and claims, errors taken apart.

`hjemmel`'s own client signs well and checks what it sends. Whoever means harm does neither.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import grpc
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from google.rpc import error_details_pb2, status_pb2
from hjemmel.audit.v1.audit_service_pb2_grpc import AuditServiceStub
from hjemmel.exchange.v1 import envelope_pb2
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.decision_pb2 import Refusal
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub

from exchange.client import Question, wire
from exchange.client.credentials import Credentials
from exchange.client.protocol import new_request_id
from exchange.identity.signing import LIFETIME, TYPE
from tests.support.broker import RunningBroker

UDK = "udbetaling-danmark"
TRAILER = "grpc-status-details-bin"
TIMEOUT = 15.0
ABSENT = object()  # for a claim or a header that is to be left out


class Wire:
    """A connection as some organisation, and the stubs on it."""

    def __init__(self, channel: grpc.Channel) -> None:
        """Takes an open channel."""
        self.exchanges = ExchangeServiceStub(channel)
        self.audits = AuditServiceStub(channel)

    def exchange(self, body: bytes, signature: str, timeout: float = TIMEOUT) -> pb.ExchangeResponse:
        """Sends an envelope as it is."""
        request = pb.ExchangeRequest(envelope=envelope(body, signature))
        response: pb.ExchangeResponse = self.exchanges.Exchange(request, timeout=timeout)
        return response

    def dry_run(self, body: bytes, signature: str) -> pb.DryRunResponse:
        """Sends an envelope for a dry run."""
        request = pb.DryRunRequest(envelope=envelope(body, signature))
        response: pb.DryRunResponse = self.exchanges.DryRun(request, timeout=TIMEOUT)
        return response


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """What one end of a connection shows: a certificate and its key, PEM."""

    certificate: bytes
    key: bytes


@contextmanager
def connected(broker: RunningBroker, slug: str = UDK, identity: TlsIdentity | None = None) -> Iterator[Wire]:
    """Connects as an organisation, or under any other certificate."""
    own = broker.site.credentials(slug)
    shown = identity or TlsIdentity(own.certificate, own.certificate_key)
    credentials = grpc.ssl_channel_credentials(own.ca, shown.key, shown.certificate)
    with grpc.secure_channel(broker.target, credentials) as channel:
        yield Wire(channel)


def envelope(body: bytes, signature: str) -> envelope_pb2.SignedEnvelope:
    """Puts a body and a signature together."""
    return envelope_pb2.SignedEnvelope(body=body, signature=signature)


def body_of(question: Question, consumer: str = "91000008") -> envelope_pb2.ExchangeBody:
    """Writes a question as a message that can still be spoilt."""
    return wire.body(question, consumer)


# Signatures


def sign(
    credentials: Credentials,
    body: bytes,
    *,
    header: Mapping[str, object] | None = None,
    signed_by: Callable[[bytes], bytes] | None = None,
    **claims: object,
) -> str:
    """Makes a JWS that holds, except for what is changed in its header, claims or signature."""
    now = int(time.time())
    whole: dict[str, object] = {
        "iss": credentials.cvr,
        "sub": "sagsbehandler-17",
        "jti": new_request_id(),
        "iat": now,
        "exp": now + LIFETIME,
        "aud": credentials.audience,
        "body_sha256": sha256(body).hexdigest(),
        **claims,
    }
    head = {"alg": "ES256", "kid": credentials.request_key_id, "typ": TYPE, **(header or {})}
    return compact(head, whole, signed_by or es256(credentials.request_key))


def compact(header: Mapping[str, object], claims: object, signed_by: Callable[[bytes], bytes]) -> str:
    """Serialises a JWS (RFC 7515 section 7.1) of whatever it is given."""
    signed = b".".join(part(json.dumps(_present(p)).encode()) for p in (header, claims))
    return (signed + b"." + part(signed_by(signed))).decode()


def es256(key: Any) -> Callable[[bytes], bytes]:
    """Signs with a private key of P-256."""
    assert isinstance(key, EllipticCurvePrivateKey)
    algorithm = jwt.get_algorithm_by_name("ES256")
    return lambda message: bytes(algorithm.sign(message, key))


def _present(part: object) -> object:
    return {k: v for k, v in part.items() if v is not ABSENT} if isinstance(part, Mapping) else part


def part(data: bytes) -> bytes:
    """Encodes one part of a JWS."""
    return urlsafe_b64encode(data).rstrip(b"=")


# Errors


@dataclass(frozen=True, slots=True)
class Told:
    """All that a caller was told about an error.

    Attributes:
        said: every byte of it, in which nothing of the request may be found.
    """

    status: grpc.StatusCode
    message: str
    reason: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None
    said: bytes = b""


def told(call: Callable[[], object]) -> Told:
    """Makes a call that must fail, and takes the error apart.

    Raises:
        AssertionError: it succeeded.
    """
    try:
        call()
    except grpc.RpcError as error:
        return apart(error)
    raise AssertionError("the call succeeded")


def apart(error: Any) -> Told:
    """Takes a gRPC error apart."""
    said = [(error.details() or "").encode()]
    packed = b""
    for name, value in error.trailing_metadata() or ():
        said.append(value if isinstance(value, bytes) else value.encode())
        if name == TRAILER:
            packed = value
    status = status_pb2.Status.FromString(packed)
    info, bad, refusal = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), Refusal()
    refused = [refusal for detail in status.details if detail.Unpack(refusal)]
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return Told(
        error.code(),
        error.details() or "",
        info.reason,
        {v.field: v.description for v in bad.field_violations},
        refused[0] if refused else None,
        b"\n".join(said),
    )
