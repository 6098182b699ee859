"""A request id is used once: whatever came of it, whoever sends it again, also after a restart."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from exchange.client.credentials import Credentials
from exchange.client.protocol import new_request_id
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.raw import Wire, sign, told


def test_a_replay_is_refused_and_recorded(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, subject: str
) -> None:
    """The same envelope again gets no data; its entry says so and stands beside the first one's."""
    signature = sign(credentials, body)
    udk.exchange(body, signature)
    first = verdict.last(shared)
    said = told(lambda: udk.exchange(body, signature))
    again = verdict.check_ended(shared, said, "REQUEST_ID_REUSED", secrets=(subject,))
    assert grpc.StatusCode.ALREADY_EXISTS is said.status
    assert first.entry.request_id == again.request_id
    assert first == shared.broker.log.reader.by_request(first.entry.request_id or "")


def test_a_replay_after_a_restart_is_refused_and_recorded(
    start: Callable[..., RunningBroker], credentials: Credentials, body: bytes
) -> None:
    """Used ids stand in the log, not in memory: a restarted broker knows them."""
    signature = sign(credentials, body)
    broker = start()
    with raw.connected(broker) as wire:
        wire.exchange(body, signature)
    broker.stop()
    broker = start()
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, signature))
        verdict.check_ended(broker, said, "REQUEST_ID_REUSED")
        assert 2 == verdict.size(broker)
        wire.exchange(body, sign(credentials, body))
    assert "granted" == verdict.last(broker).entry.outcome


def test_a_refused_request_cannot_be_sent_again_either(
    shared: RunningBroker, udk: Wire, credentials: Credentials
) -> None:
    """An id that stands for a refusal is as used up as any."""
    signature = sign(credentials, b"\xff")
    assert "BODY_MALFORMED" == told(lambda: udk.exchange(b"\xff", signature)).reason
    verdict.check_ended(shared, told(lambda: udk.exchange(b"\xff", signature)), "REQUEST_ID_REUSED")


@pytest.mark.parametrize("rehearsed_first", [True, False])
def test_a_dry_run_and_an_exchange_share_their_ids(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, *, rehearsed_first: bool
) -> None:
    """A rehearsed request cannot be performed under the same id, nor the other way round."""
    signature = sign(credentials, body)
    calls: list[Callable[[bytes, str], object]] = [udk.dry_run, udk.exchange]
    if not rehearsed_first:
        calls.reverse()
    calls[0](body, signature)
    said = told(lambda: calls[1](body, signature))
    entry = verdict.check_ended(shared, said, "REQUEST_ID_REUSED")
    assert ("exchange" if rehearsed_first else "dry_run") == entry.kind


def test_an_id_is_used_up_for_everybody(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """Another authority cannot take an id that one has used."""
    request_id = new_request_id()
    udk.exchange(body, sign(credentials, body, jti=request_id))
    own = shared.site.credentials("odense")
    with raw.connected(shared, "odense") as wire:
        said = told(lambda: wire.exchange(body, sign(own, body, jti=request_id)))
    entry = verdict.check_ended(shared, said, "REQUEST_ID_REUSED")
    assert ("92000028", "91000008") == (entry.caller, entry.consumer)


def test_of_many_at_once_one_is_answered(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """Twenty copies in the same instant: one gets the data, nineteen are refused, all are recorded."""
    before, signature = verdict.size(shared), sign(credentials, body)
    request = pb.ExchangeRequest(envelope=raw.envelope(body, signature))
    calls = [udk.exchanges.Exchange.future(request, timeout=raw.TIMEOUT) for _ in range(20)]
    ended = sorted(call.code().name for call in calls)
    assert ["ALREADY_EXISTS"] * 19 + ["OK"] == ended
    assert before + 20 == verdict.size(shared)
