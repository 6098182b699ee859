"""Connections by those who may not: each is refused for its own reason, and recorded where it got in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub

from exchange.client.credentials import Credentials
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.certificates import issue
from tests.support.raw import sign, told

UDK, STRANGER = "91000008", "99000139"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("identifiers", "reason"),
    [
        ((f"NTRDK-{UDK}",), "CERTIFICATE_NOT_BOUND"),
        ((f"NTRDK-{STRANGER}",), "PARTICIPANT_UNKNOWN"),
        ((), "CERTIFICATE_NOT_AN_ORGANISATION"),
        ((UDK,), "CERTIFICATE_NOT_AN_ORGANISATION"),
        (("NTRDK-91000009",), "CERTIFICATE_NOT_AN_ORGANISATION"),
        (("NTRDK-",), "CERTIFICATE_NOT_AN_ORGANISATION"),
        ((f"NTRSE-{UDK}",), "CERTIFICATE_NOT_AN_ORGANISATION"),
        (("PNODK-7204863900",), "CERTIFICATE_NOT_AN_ORGANISATION"),
        ((f"NTRDK-{UDK}", "NTRDK-92000028"), "CERTIFICATE_NOT_AN_ORGANISATION"),
    ],
)
def test_a_certificate_that_is_no_participants_is_refused_and_recorded(
    shared: RunningBroker,
    keys: Path,
    credentials: Credentials,
    body: bytes,
    subject: str,
    identifiers: tuple[str, ...],
    reason: str,
) -> None:
    """A certificate of the right authority helps only the organisation that it is registered for."""
    identity = issue(keys, identifiers)
    with raw.connected(shared, identity=identity) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    entry = verdict.check_ended(shared, said, reason, secrets=(subject,))
    named = identifiers[0].removeprefix("NTRDK-") if reason != "CERTIFICATE_NOT_AN_ORGANISATION" else ""
    assert (named, named, None) == (entry.caller, entry.consumer, entry.request_id)


def test_a_revoked_participant_is_refused_and_recorded(shared: RunningBroker, body: bytes) -> None:
    """A participation that is revoked ends everything, whatever the certificate and the key still say."""
    own = shared.site.credentials("nedlagt-styrelse")
    with raw.connected(shared, "nedlagt-styrelse") as wire:
        said = told(lambda: wire.exchange(body, sign(own, body)))
    entry = verdict.check_ended(shared, said, "PARTICIPANT_REVOKED")
    assert "90000179" == entry.caller


def test_a_signature_by_one_over_the_connection_of_another_is_refused(
    shared: RunningBroker, credentials: Credentials, body: bytes, subject: str
) -> None:
    """What one organisation signed, another cannot send: keys are looked up among the caller's own."""
    with raw.connected(shared, "odense") as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
        entry = verdict.check_ended(shared, said, "SIGNATURE_KEY_UNKNOWN", secrets=(subject,))
        assert ("92000028", "92000028", None) == (entry.caller, entry.consumer, entry.request_id)
        own = shared.site.credentials("odense")
        as_another = sign(own, body, iss=UDK)
        verdict.check_ended(shared, told(lambda: wire.exchange(body, as_another)), "ISSUER_MISMATCH")


def test_whose_certificate_does_not_hold_does_not_get_in(
    shared: RunningBroker, keys: Path, credentials: Credentials, body: bytes
) -> None:
    """Of an unknown authority, not yet valid, expired: the handshake fails and nothing is recorded."""
    before, name = verdict.size(shared), (f"NTRDK-{UDK}",)
    identities = (issue(None, name), issue(keys, name, begins=DAY / 2), issue(keys, name, ends=-DAY / 2))
    for identity in identities:
        with raw.connected(shared, identity=identity) as wire:
            said = told(lambda: wire.exchange(body, sign(credentials, body)))
        assert (grpc.StatusCode.UNAVAILABLE, "") == (said.status, said.reason)
    assert before == verdict.size(shared)


@pytest.mark.parametrize("encrypted", [True, False])
def test_whoever_shows_no_certificate_does_not_get_in(
    shared: RunningBroker, credentials: Credentials, body: bytes, *, encrypted: bool
) -> None:
    """Without a client certificate, with or without TLS, there is no connection and no record."""
    before = verdict.size(shared)
    request = pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body)))
    channel = (
        grpc.secure_channel(shared.target, grpc.ssl_channel_credentials(credentials.ca))
        if encrypted
        else grpc.insecure_channel(shared.target)
    )
    with channel:
        said = told(lambda: ExchangeServiceStub(channel).Exchange(request, timeout=5))
    assert grpc.StatusCode.UNAVAILABLE is said.status
    assert before == verdict.size(shared)


def test_the_probe_port_serves_no_exchange(
    shared: RunningBroker, credentials: Credentials, body: bytes
) -> None:
    """The port without TLS knows nothing but health."""
    request = pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body)))
    with grpc.insecure_channel(shared.probe) as channel:
        said = told(lambda: ExchangeServiceStub(channel).Exchange(request, timeout=5))
    assert grpc.StatusCode.UNIMPLEMENTED is said.status
