"""An OPA server that fails in every way while authorities keep asking, and comes back each time."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.registers import Registers
from tests.faults import checks
from tests.faults.load import NO_AGREEMENT, Load, questions
from tests.faults.probe import becomes, until
from tests.faults.processes import free_port, serve
from tests.support import opa, proxy
from tests.support.broker import Site
from tests.support.opa import OpaProcess
from tests.support.proxy import Mode, Proxy

AUTHORITIES = tuple(f"authority-{n}" for n in range(12))
SOME = 30  # calls, between one trouble and the next
FAILURES = {("POLICY_TIMEOUT",), ("POLICY_FAILED",)}


class Scene:
    """A broker in a process of its own, its OPA server beside it, and a proxy between the two."""

    def __init__(
        self, site: Site, registers: Registers, server: OpaProcess, between: Proxy, bundles: str
    ) -> None:
        self.server, self.between = server, between
        self.target, self.probe = (f"127.0.0.1:{free_port()}" for _ in range(2))
        overrides: dict[str, dict[str, Any]] = {
            "server": {"address": self.target, "probe_address": self.probe},
            "policy": {
                "engine": "opa",
                "opa_url": between.url,
                "timeout": 0.5,
                "bundle_address": bundles,
                "bundle_signing_key": str(site.keys / "policy.key"),
            },
        }
        self.settings = site.settings(**overrides)
        self.config = site.write_config(**overrides)
        self.errors = site.folder / "errors"
        asking = questions(registers, random.Random(1))
        self.load = Load(site.credentials("udbetaling-danmark"), asking, site.folder)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Runs the broker, then the OPA server, which fetches its bundle from it."""
        process = await asyncio.to_thread(serve, self.config, self.errors)
        try:
            await self.told(serving=False)  # there is nothing yet that decides
            await asyncio.to_thread(self.server.start)
            await self.told(serving=True)
            yield
        finally:
            status = await asyncio.to_thread(process.terminate)
        assert 0 == status

    async def told(self, *, serving: bool) -> None:
        """Waits until health checks say so."""
        assert await asyncio.to_thread(becomes, self.probe, serving=serving)

    async def some(self, *ends: str) -> None:
        """Waits until some more calls have ended in one of these ways."""
        before = sum(self.load.ends[end] for end in ends)
        await until(lambda: sum(self.load.ends[end] for end in ends) >= before + SOME)

    async def gone(self, number: signal.Signals) -> None:
        """Ends the OPA server until health checks know, and starts it again."""
        await asyncio.to_thread(self.server.stop, number)
        await self.told(serving=False)
        await self.some("Failed")
        await asyncio.to_thread(self.server.start)

    async def silent(self, mode: Mode) -> None:
        """Lets nothing through until health checks know."""
        self.between.mode = mode
        await self.told(serving=False)
        await self.some("Failed")
        self.between.mode = Mode.PASS

    async def ailing(self, mode: Mode) -> None:
        """Lets things through badly."""
        self.between.mode = mode
        await self.some("answered", "Refused", "Failed")
        self.between.mode = Mode.PASS


@pytest.fixture
def scene(site: Site, generated: Registers) -> Iterator[Scene]:
    bundles = f"127.0.0.1:{free_port()}"
    with (
        opa.beside(f"http://{bundles}", site.keys / "policy.pub.pem", site.folder / "opa.log") as server,
        proxy.before(server.address) as between,
    ):
        yield Scene(site, generated, server, between, bundles)


@pytest.mark.slow
async def test_no_call_is_lost_and_none_is_granted_wrongly(scene: Scene) -> None:
    """Whatever the server does, every call ends with an answer or a recorded failure, and health is true.

    After each trouble decisions flow again, by the same broker.
    """
    async with scene.serving(), scene.load.running(scene.target, AUTHORITIES):
        troubles: tuple[tuple[Callable[[Any], Awaitable[None]], Mode | signal.Signals], ...] = (
            (scene.silent, Mode.HANG),
            (scene.ailing, Mode.CUT),
            (scene.gone, signal.SIGTERM),
            (scene.ailing, Mode.SLOW),
            (scene.silent, Mode.REFUSE),
            (scene.gone, signal.SIGKILL),
            (scene.silent, Mode.CUT),
        )
        for trouble, how in troubles:
            await scene.some("answered")
            await trouble(how)
            await scene.told(serving=True)
        await scene.some("answered")
    _check(scene)


def _check(scene: Scene) -> None:
    load = scene.load
    assert {"answered", "Refused", "Failed"} == set(load.ends)
    assert sum(load.ends.values()) == len(load.receipts)
    with checks.at_rest(scene.settings) as log:
        checks.holds(log)
        checks.acknowledged_is_kept(log, load.receipts)
        checks.no_request_stands_twice(log)
        recorded = log.entries()
    for entry in recorded:
        lawful = entry.agreement != NO_AGREEMENT
        assert entry.outcome in ({"granted", "failed"} if lawful else {"refused", "failed"})
        if entry.outcome == "failed":
            assert () == entry.attributes_granted
            assert entry.reasons in FAILURES
    assert 1 == len({entry.policy_revision for entry in recorded})
