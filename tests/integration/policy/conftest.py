"""What the tests of the policies share: the policy set, and both engines on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.registers import PLANTED_CASES, Registers
from exchange.client import ClientError
from exchange.config import DEFAULT_POLICIES
from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy import policy_set
from exchange.policy.bundle import pack
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.opa import OpaEngine
from exchange.policy.policy_set import PolicySet
from exchange.policy.revisions import Fixed
from exchange.ports import PolicyEngine
from tests.support import opa
from tests.support.broker import Site, running
from tests.support.questions import SLUGS, case, question_of

Input = Mapping[str, Any]
#: Decides, or gives the code under which the engine failed.
Decide = Callable[[Input], Decision | str]


class RecordingEngine:
    """An engine that remembers what it was asked."""

    def __init__(self, inner: PolicyEngine) -> None:
        self._inner = inner
        self.inputs: list[Input] = []

    @property
    def revision(self) -> str:
        return self._inner.revision

    async def decide(self, policy_input: Input) -> Decision:
        self.inputs.append(policy_input)
        return await self._inner.decide(policy_input)


@pytest.fixture(scope="session")
def policies() -> PolicySet:
    """The policy set that comes with Hjemmel."""
    return policy_set.load(DEFAULT_POLICIES)


@pytest.fixture(scope="session")
def opa_url(policies: PolicySet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An OPA server that holds this policy set."""
    bundle = tmp_path_factory.mktemp("bundle") / "bundle.tar.gz"
    bundle.write_bytes(pack(policies))
    with opa.server(bundle) as url:
        yield url


@pytest.fixture(scope="session")
def embedded(policies: PolicySet) -> Decide:
    """Asks the embedded engine."""
    engine = EmbeddedEngine(policies, timeout=30)

    def decide(policy_input: Input) -> Decision | str:
        try:
            return engine.decide_now(policy_input)
        except Failed as failed:
            return failed.reasons[0].code

    return decide


@pytest.fixture(scope="session")
def served(policies: PolicySet, opa_url: str) -> Iterator[Decide]:
    """Asks the OPA server."""
    with asyncio.Runner() as runner:
        engine = OpaEngine(opa_url, Fixed(policies), timeout=30, batch=64, calls=4)
        runner.run(engine.__aenter__())

        def decide(policy_input: Input) -> Decision | str:
            try:
                return runner.run(engine.decide(policy_input))
            except Failed as failed:
                return failed.reasons[0].code

        yield decide
        runner.run(engine.__aexit__())


@pytest.fixture(scope="session")
def planted_inputs(
    keys: Path,
    register_folder: Path,
    generated: Registers,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Input]:
    """What the broker itself asks its engine for each planted case."""
    recording: list[RecordingEngine] = []

    def record(parts: Any) -> Any:
        recording.append(RecordingEngine(parts.policy))
        return replace(parts, policy=recording[0])

    found: dict[str, Input] = {}
    with running(Site(keys, register_folder, tmp_path_factory.mktemp("recorded"))) as start:
        broker = start(change=record)
        clients = {cvr: broker.client(slug) for cvr, slug in SLUGS.items()}
        for name in (c.name for c in PLANTED_CASES):
            planted = case(generated, name)
            with suppress(ClientError):  # refused, as planted
                clients[planted.request.consumer].exchange(question_of(planted))
            found[name] = recording[0].inputs[-1]
        for client in clients.values():
            client.close()
        assert len(PLANTED_CASES) == len(recording[0].inputs)
    return found
