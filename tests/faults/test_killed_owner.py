"""The process that owns the log dies, is paused, or loses its brokers: another one takes over, by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.registers import Registers
from tests.faults import checks
from tests.faults.owners import CLIENTS, Scene, pause, resume
from tests.faults.probe import until
from tests.support import postgres
from tests.support.broker import Site


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, site: Site, generated: Registers) -> Scene:
    """A log on each of the two databases."""
    overrides: dict[str, dict[str, Any]] = {}
    if request.param == "postgresql":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        overrides = {"log": {"url": server.fresh_database()}, "vault": {"url": server.fresh_database()}}
    return Scene(site, generated, **overrides)


@pytest.fixture(autouse=True)
def _shown(site: Site) -> Iterator[None]:
    """Shows what the processes said, where a test fails."""
    yield
    errors = site.folder / "errors"
    print(errors.read_text()[-3000:] if errors.exists() else "")


@pytest.mark.slow
async def test_owners_killed_under_load_lose_nothing(scene: Scene) -> None:
    """Each SIGKILL of the owner is survived by the other: nothing acknowledged is lost, nothing forks."""
    owners = {name: await asyncio.to_thread(scene.start_owner, name) for name in ("a", "b")}
    try:
        async with scene.broker(), scene.load.running(scene.target, CLIENTS):
            for name in ("a", "b", "a", "b"):
                await scene.grows()
                owners[name].kill()
                owners[name].wait()
                await scene.grows()
                owners[name] = await asyncio.to_thread(scene.start_owner, name)
        await scene.settle()
    finally:
        for owner in owners.values():
            owner.kill()
            owner.wait()
    scene.check()


@pytest.mark.slow
async def test_a_paused_owner_acknowledges_nothing_when_it_goes_on(scene: Scene) -> None:
    """Paused for longer than its lease it is replaced; when it goes on it stands by, and forks nothing."""
    in_a_commit = scene.settings.log.url.startswith("postgresql")  # a paused process keeps SQLite's lock
    with scene.owner("a") as first, scene.owner("b"):
        async with scene.broker():
            async with scene.load.running(scene.target, CLIENTS):
                await scene.grows()
                if in_a_commit:
                    pause(first)
            if not in_a_commit:
                await asyncio.sleep(1)  # what was under way is done
                pause(first)
            try:
                async with scene.load.running(scene.target, CLIENTS):
                    await scene.grows(30)  # the other one took over
            finally:
                resume(first)
            async with scene.load.running(scene.target, CLIENTS):
                await until(lambda: "log_let_go" in scene.errors.read_text())
                await scene.grows(20)
        await scene.settle()
        assert first.poll() is None  # it stands by
    scene.check()


@pytest.mark.slow
async def test_a_killed_broker_s_intentions_are_interrupted(scene: Scene) -> None:
    """What a dead broker left open becomes an entry after the grace; its successor is served meanwhile."""
    with scene.owner("a"):
        for _ in range(3):
            async with scene.broker(), scene.load.running(scene.target, CLIENTS):
                await scene.grows(20)
        await scene.settle()
    scene.check()
    with checks.at_rest(scene.settings) as log:
        assert "interrupted" in {e.outcome for e in log.entries() if e.kind == "exchange"}


@pytest.mark.slow
async def test_an_owner_that_is_told_to_stop_interrupts_nothing(scene: Scene) -> None:
    """SIGTERM answers what is under way and hands over: brokers keep what they intended."""
    first = await asyncio.to_thread(scene.start_owner, "a")
    with scene.owner("b"):
        async with scene.broker(), scene.load.running(scene.target, CLIENTS):
            await scene.grows()
            first.terminate()
            assert 0 == await asyncio.to_thread(first.wait, 20)
            await scene.grows()
            with checks.at_rest(scene.settings) as log:
                outcomes = {e.outcome for e in log.entries() if e.kind == "exchange"}
            assert {"granted", "refused"} >= outcomes
        await scene.settle()
    scene.check()
