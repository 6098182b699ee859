"""Callers that do not wait: what they caused is recorded all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import grpc
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from audit.formats.entry import Entry
from exchange.client.credentials import Credentials
from exchange.model.request import Found, Lookup
from tests.support import raw, verdict
from tests.support.adapters import Answering, Gated, adapted
from tests.support.broker import RunningBroker
from tests.support.raw import sign, told

Start = Callable[..., RunningBroker]
WITHIN = 10.0


class Slow(Answering):
    """A register that takes its time."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        await asyncio.sleep(3600)
        return []


def recorded(broker: RunningBroker) -> Entry:
    """Waits for the next entry of an empty log."""
    end = time.monotonic() + WITHIN
    while verdict.size(broker) == 0 and time.monotonic() < end:
        time.sleep(0.02)
    return verdict.last(broker).entry


def test_a_caller_who_cancels_leaves_a_record(start: Start, credentials: Credentials, body: bytes) -> None:
    """The register was read: that stands in the log, whether or not anybody waited for the answer."""
    gated = Gated()
    broker = start(change=gated)
    request = pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body)))
    with raw.connected(broker) as wire:
        call = wire.exchanges.Exchange.future(request, timeout=raw.TIMEOUT)
        assert gated.reached.wait(WITHIN)
        call.cancel()
        with pytest.raises(grpc.FutureCancelledError):
            call.result()
        gated.open(broker.loop)
        entry = recorded(broker)
    assert ("granted", True) == (entry.outcome, bool(entry.attributes_released))


def test_a_connection_that_breaks_leaves_a_record(
    start: Start, credentials: Credentials, body: bytes
) -> None:
    """A caller that is gone altogether is recorded like any."""
    gated = Gated()
    broker = start(change=gated)
    request = pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body)))
    with raw.connected(broker) as wire:
        call = wire.exchanges.Exchange.future(request, timeout=raw.TIMEOUT)
        assert gated.reached.wait(WITHIN)
    assert call.done()
    gated.open(broker.loop)
    assert "granted" == recorded(broker).outcome


def test_a_deadline_shorter_than_the_register_needs_ends_the_read(
    start: Start, credentials: Credentials, body: bytes
) -> None:
    """The register is given no longer than the caller waits, and the failure is recorded."""
    broker = start(change=adapted("eindkomst", Slow()), registers={"timeout": 60})
    begun = time.monotonic()
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body), timeout=0.5))
        entry = recorded(broker)
    assert grpc.StatusCode.DEADLINE_EXCEEDED is said.status
    assert ("failed", ("REGISTER_TIMEOUT",), ()) == (
        entry.outcome,
        entry.reasons,
        entry.attributes_released,
    )
    assert entry.attributes_granted
    assert time.monotonic() - begun < WITHIN  # and not the register's own minute


def test_a_register_that_hangs_is_given_up_and_recorded(
    start: Start, credentials: Credentials, body: bytes, subject: str
) -> None:
    """A caller with patience is told that the register did not answer, with a receipt for that."""
    broker = start(change=adapted("eindkomst", Slow()), registers={"timeout": 0.2})
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    verdict.check_ended(broker, said, "REGISTER_TIMEOUT", outcome="failed", secrets=(subject,))
