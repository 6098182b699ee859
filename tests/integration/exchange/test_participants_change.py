"""Participants that change while the broker runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from exchange.client.credentials import Credentials
from exchange.identity import participants
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.certificates import fingerprint, issue
from tests.support.participants import ParticipantsFile
from tests.support.raw import Told, Wire, sign, told

UDK = "91000008"
WITHIN = 5.0  # seconds; it takes about one


@pytest.fixture
def file(keys: Path, tmp_path: Path) -> ParticipantsFile:
    """Participants that may be edited."""
    return ParticipantsFile(keys / "participants.json", tmp_path)


def until_refused(wire: Wire, own: Credentials, body: bytes) -> Told:
    """Asks until it is refused."""
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        try:
            wire.exchange(body, sign(own, body))
        except grpc.RpcError:
            return told(lambda: wire.exchange(body, sign(own, body)))
        time.sleep(0.05)
    raise AssertionError("it was never refused")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e: e.update(status="revoked"), "PARTICIPANT_REVOKED"),
        (lambda e: e.update(certificates=[]), "CERTIFICATE_NOT_BOUND"),
        (lambda e: e.update(jwks={"keys": []}), "SIGNATURE_KEY_UNKNOWN"),
    ],
)
def test_what_is_revoked_ends_on_open_connections(
    start: Callable[..., RunningBroker],
    file: ParticipantsFile,
    credentials: Credentials,
    body: bytes,
    change: Callable[[dict[str, object]], object],
    reason: str,
) -> None:
    """A participation, certificate or key that is withdrawn stops helping without a restart."""
    broker = start(identity=file.settings)
    with raw.connected(broker) as wire:
        wire.exchange(body, sign(credentials, body))
        file.edit(UDK, change)
        verdict.check_ended(broker, until_refused(wire, credentials, body), reason)


def test_a_certificate_that_is_bound_now_gets_in(
    start: Callable[..., RunningBroker],
    file: ParticipantsFile,
    keys: Path,
    credentials: Credentials,
    body: bytes,
) -> None:
    """A renewed certificate is bound beside the old one and both hold, as rotation needs."""
    renewed = issue(keys, (f"NTRDK-{UDK}",))
    file.edit(UDK, lambda e: e["certificates"].append(fingerprint(renewed)))
    broker = start(identity=file.settings)
    with raw.connected(broker, identity=renewed) as wire:
        wire.exchange(body, sign(credentials, body))
    with raw.connected(broker) as wire:
        wire.exchange(body, sign(credentials, body))
    assert 2 == verdict.size(broker)


@pytest.mark.parametrize("text", ["", "{", '{"participants": [{}]}', '{"participants": []} '])
def test_a_file_that_does_not_hold_revokes_and_admits_nobody(
    start: Callable[..., RunningBroker],
    file: ParticipantsFile,
    credentials: Credentials,
    body: bytes,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
) -> None:
    """A broken file leaves the last good one in force; an empty list is a good one, and admits nobody."""
    monkeypatch.setattr(participants, "_LOOK_EVERY", 0.0)
    broker = start(identity=file.settings)
    with raw.connected(broker) as wire:
        wire.exchange(body, sign(credentials, body))
        file.write(text)
        if text.endswith(" "):
            said = told(lambda: wire.exchange(body, sign(credentials, body)))
            verdict.check_ended(broker, said, "PARTICIPANT_UNKNOWN")
        else:
            wire.exchange(body, sign(credentials, body))


def test_a_missing_file_leaves_the_last_one_in_force(
    start: Callable[..., RunningBroker],
    file: ParticipantsFile,
    credentials: Credentials,
    body: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that vanishes neither opens nor closes the exchange."""
    monkeypatch.setattr(participants, "_LOOK_EVERY", 0.0)
    broker = start(identity=file.settings)
    file.path.unlink()
    with raw.connected(broker) as wire:
        wire.exchange(body, sign(credentials, body))
    assert "granted" == verdict.last(broker).entry.outcome
