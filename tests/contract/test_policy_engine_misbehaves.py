"""Engines behind the policy port that fail, lie or say nothing: nothing is granted by that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from exchange.client.credentials import Credentials
from exchange.errors import Failed
from exchange.model.decision import Decision, Reason, RefusedAttribute
from exchange.pipeline import Parts
from exchange.ports import PolicyEngine
from tests.support import raw, verdict
from tests.support.adapters import Watched
from tests.support.broker import RunningBroker
from tests.support.raw import sign, told

Start = Callable[..., RunningBroker]
SECRET = "Oda Hemmelig"
Distortion = Callable[[Decision], Any]


class Distorted:
    """The real engine, with its answers changed."""

    def __init__(self, real: PolicyEngine, distort: Distortion) -> None:
        """Takes the engine and what to do to its answers."""
        self._real = real
        self._distort = distort

    @property
    def revision(self) -> str:
        return self._real.revision

    async def decide(self, policy_input: Mapping[str, Any]) -> Any:
        return self._distort(await self._real.decide(policy_input))


class Case(NamedTuple):
    """How an answer is changed, and the reason that the exchange must fail for."""

    name: str
    reason: str
    distort: Distortion


def raising(error: Exception) -> Distortion:
    """Raises instead."""

    def distort(_decision: Decision) -> Any:
        raise error

    return distort


NO = Reason("CONSUMER_UNKNOWN", "decision")
INVALID = "POLICY_ANSWER_INVALID"
CASES = [
    Case("raises", "INTERNAL", raising(RuntimeError(SECRET))),
    Case("fails", "POLICY_FAILED", raising(Failed.because("POLICY_FAILED"))),
    Case("is late", "POLICY_TIMEOUT", raising(Failed.because("POLICY_TIMEOUT"))),
    Case("gives nothing", "INTERNAL", lambda _d: None),
    Case("gives true", "INTERNAL", lambda _d: True),
    Case("gives a document", "INTERNAL", lambda d: {"allow": True, "granted": list(d.granted)}),
    Case("grants more than asked", INVALID, lambda d: replace(d, granted=(*d.granted, "personnummer"))),
    Case("grants something else", INVALID, lambda d: replace(d, granted=("personnummer",))),
    Case("grants nothing", INVALID, lambda d: replace(d, granted=())),
    Case("grants a part unasked", INVALID, lambda d: replace(d, granted=d.granted[:1])),
    Case("grants while refusing", INVALID, lambda d: replace(d, allow=False, reasons=(NO,))),
    Case("grants with reasons against it", INVALID, lambda d: replace(d, reasons=(NO,))),
    Case("refuses without a reason", INVALID, lambda d: replace(d, allow=False, granted=())),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_that_is_no_decision_grants_nothing(
    start: Start, credentials: Credentials, body: bytes, subject: str, case: Case
) -> None:
    """The exchange fails before any register is read, is recorded as failed, and repeats no word of it."""
    watched = Watched()

    def change(parts: Parts) -> Parts:
        return watched(replace(parts, policy=Distorted(parts.policy, case.distort)))

    broker = start(change=change)
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    entry = verdict.check_ended(broker, said, case.reason, outcome="failed", secrets=(subject, SECRET))
    assert () == entry.attributes_granted
    assert [] == watched.asked


def test_a_refusal_with_a_reason_is_a_refusal(start: Start, credentials: Credentials, body: bytes) -> None:
    """What the engine does say properly is passed on, attribute by attribute."""
    why = Reason("ATTRIBUTE_NOT_COVERED", "decision", "bsl.8", "No law opens it: leave it out.", "Nej.")

    def refuse(decision: Decision) -> Decision:
        against = tuple(RefusedAttribute(name, why) for name in decision.granted)
        return replace(decision, allow=False, granted=(), refused=against)

    def change(parts: Parts) -> Parts:
        return replace(parts, policy=Distorted(parts.policy, refuse))

    broker = start(change=change)
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    verdict.check_ended(broker, said, "ATTRIBUTE_NOT_COVERED")


def test_the_embedded_engine_that_is_late_is_refused(
    start: Start, credentials: Credentials, body: bytes, subject: str
) -> None:
    """An answer that came after the time set for it counts as none, whatever it said."""
    watched = Watched()
    broker = start(change=watched, policy={"timeout": 1e-9})
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    verdict.check_ended(broker, said, "POLICY_TIMEOUT", outcome="failed", secrets=(subject,))
    assert [] == watched.asked


class Slow:
    """An engine that decides some time later, as one over a network does."""

    def __init__(self, real: PolicyEngine, wait: Callable[[], Awaitable[object]]) -> None:
        """Takes the engine and what to wait for."""
        self._real = real
        self._wait = wait

    @property
    def revision(self) -> str:
        return self._real.revision

    async def decide(self, policy_input: Mapping[str, Any]) -> Decision:
        await self._wait()
        return await self._real.decide(policy_input)


def test_a_caller_who_leaves_while_it_is_decided_leaves_a_record(
    start: Start, credentials: Credentials, body: bytes
) -> None:
    """The exchange goes on to its record although nobody waits for the decision any more."""

    def change(parts: Parts) -> Parts:
        return replace(parts, policy=Slow(parts.policy, lambda: asyncio.sleep(0.5)))

    broker = start(change=change)
    with raw.connected(broker) as wire:
        told(lambda: wire.exchange(body, sign(credentials, body), timeout=0.2))
        for _ in range(100):
            if verdict.size(broker):
                break
            broker.run(asyncio.sleep(0.05))
    assert verdict.last(broker).entry.outcome in {"granted", "failed"}
