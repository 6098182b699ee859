"""A broker that is killed again and again, in the middle of its work, on the same log."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.registers import Registers
from tests.faults import checks
from tests.faults.load import Load, questions
from tests.faults.probe import until
from tests.faults.processes import free_port, kill_while_starting, serve_traced
from tests.support import postgres
from tests.support.broker import BrokerProcess, Site

PATIENT = tuple(f"patient-{n}" for n in range(3))
EAGER = tuple(f"eager-{n}" for n in range(5))
_LONGEST = 0.5  # seconds between a start and the kill
_START_KILLED = 0.15  # share of starts that are killed themselves
_SLOWEST_START = 0.8  # seconds


class Scene:
    """A log, the broker that is killed on it, and who asks that broker."""

    def __init__(self, site: Site, registers: Registers, **overrides: dict[str, str]) -> None:
        """Chooses a seed, which the output of a failed test shows."""
        self.seed = int(os.environ.get("HJEMMEL_SEED") or random.randrange(1 << 32))
        print(f"seed {self.seed}: set HJEMMEL_SEED to it for the same kills")
        self.rng = random.Random(self.seed)
        self.site = site
        address = f"127.0.0.1:{free_port()}"
        overrides["server"] = {"address": address, "probe_address": ""}
        self.target = address
        self.settings = site.settings(**overrides)
        self.config = site.write_config(**overrides)
        self.trace = site.folder / "reads"
        self.errors = site.folder / "errors"
        credentials = site.credentials("udbetaling-danmark")
        asking = questions(registers, random.Random(self.seed))  # not the kills' numbers: these take turns
        self.load = Load(credentials, asking, site.folder)
        self.dangling: set[str] = set()

    async def kill_under_load(self, times: int) -> None:
        """Starts a broker, lets clients ask, and kills it at a random moment, so many times."""
        async with self.load.running(self.target, PATIENT):
            for _ in range(times):
                if self.rng.random() < _START_KILLED:
                    moment = self.rng.uniform(0, _SLOWEST_START)
                    await asyncio.to_thread(kill_while_starting, self.config, self.trace, self.errors, moment)
                async with self.broker() as process, self.load.running(self.target, EAGER):
                    await asyncio.sleep(self.rng.uniform(0.01, _LONGEST))
                    await asyncio.to_thread(process.kill)
                    await asyncio.sleep(0.01)  # lets answers that were sent arrive
                self.dangling |= self.left_open()

    @asynccontextmanager
    async def broker(self) -> AsyncIterator[BrokerProcess]:
        """Runs the broker; it is dead at the end, whatever happens."""
        process = await asyncio.to_thread(serve_traced, self.config, self.trace, self.errors)
        try:
            yield process
        finally:
            await asyncio.to_thread(process.kill)

    def left_open(self) -> set[str]:
        """Intentions that the dead broker left, read from a copy of its files as they lie there."""
        settings = self.settings
        if settings.log.url.startswith("sqlite"):
            copy = self.site.folder / "copy"
            copy.mkdir()
            for file in self.site.folder.glob("log.db*"):
                if not file.name.endswith("-shm"):
                    shutil.copy(file, copy)
            log = settings.log.model_copy(update={"url": f"sqlite:///{copy / 'log.db'}"})
            settings = settings.model_copy(update={"log": log})
        with checks.at_rest(settings) as at_rest:
            found = at_rest.open_intentions()
        shutil.rmtree(self.site.folder / "copy", ignore_errors=True)
        return found

    async def settle(self) -> None:
        """Starts the broker a last time and ends it, so that it closes what the last crash left."""
        async with self.broker():
            pass

    def check(self) -> None:
        """Holds the log to all that the clients were told."""
        with checks.at_rest(self.settings) as log:
            checks.holds(log)
            checks.acknowledged_is_kept(log, self.load.receipts)
            checks.no_request_stands_twice(log)
            reads = checks.every_read_left_a_trace(log, self.trace)
            entries = log.entries()
        interrupted = {e.request_id for e in entries if e.outcome == "interrupted"}
        # A server may still commit what a dead client asked of it: its intentions may be closed otherwise.
        by_server = self.settings.log.url.startswith("postgresql")
        closed = {e.request_id for e in entries} if by_server else interrupted
        assert self.dangling <= closed
        # The test itself: there was load, and kills fell into exchanges.
        print(len(entries), reads, len(interrupted), len(self.load.receipts), self.load.ends)
        assert reads > 0
        assert interrupted
        assert self.load.ends["answered"] > 0


@pytest.mark.slow
@pytest.mark.timeout(900)  # about a minute where nothing else runs
async def test_fifty_kills_lose_nothing_on_sqlite(site: Site, generated: Registers) -> None:
    """Fifty SIGKILLs under load lose no acknowledged entry, no read and no request id."""
    scene = Scene(site, generated)
    await scene.kill_under_load(50)
    await scene.settle()
    scene.check()


@pytest.mark.slow
async def test_kills_and_a_database_crash_lose_nothing_on_postgresql(
    site: Site, generated: Registers, postgres_server_of_its_own: postgres.Server
) -> None:
    """Neither kills of the broker nor a crash of PostgreSQL under it lose what was acknowledged."""
    server = postgres_server_of_its_own
    scene = Scene(
        site,
        generated,
        log={"url": server.fresh_database()},
        vault={"url": server.fresh_database()},
    )
    await scene.kill_under_load(4)
    async with scene.broker(), scene.load.running(scene.target, (*PATIENT, *EAGER)):
        await asyncio.sleep(scene.rng.uniform(0.1, _LONGEST))
        await asyncio.to_thread(server.stop)
        before = len(scene.load.receipts)
        await asyncio.to_thread(server.start)
        await until(lambda: len(scene.load.receipts) > before + 20)
    await scene.kill_under_load(4)
    await scene.settle()
    scene.check()
