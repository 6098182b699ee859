"""Processes of one log: an owner and one that stands by, brokers that write through them, and load."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from adapters.registers import Registers
from tests.faults import checks
from tests.faults.load import Load, questions
from tests.faults.probe import becomes, until
from tests.faults.processes import free_port, serve_traced
from tests.support.broker import BrokerProcess, Site
from tests.support.log_services import socket_in

_ROOT = Path(__file__).parents[2]
_END = 30  # seconds
NAMES = ("a", "b")
CLIENTS = tuple(f"client-{n}" for n in range(6))


class Scene:
    """A log with two processes that can own it, and a broker that asks whichever does."""

    def __init__(self, site: Site, registers: Registers, **overrides: dict[str, Any]) -> None:
        """Takes where it is, and settings."""
        self.site = site
        sockets = " ".join(f"unix:{socket_in(site, name)}" for name in NAMES)
        self.target = f"127.0.0.1:{free_port()}"
        overrides.setdefault("log", {})["service"] = sockets
        overrides["server"] = {"address": self.target}
        overrides["log_service"] = {"lease": 2, "grace": 3}
        self.settings = site.settings(**overrides)
        self.config = site.write_config(**overrides)
        self.trace = site.folder / "reads"
        self.errors = site.folder / "errors"
        credentials = site.credentials("udbetaling-danmark")
        self.load = Load(credentials, questions(registers, random.Random(1)), site.folder)

    @contextmanager
    def owner(self, name: str) -> Iterator[subprocess.Popen[str]]:
        """Runs a process that owns the log or stands by; it is dead at the end, whatever happens."""
        process = self.start_owner(name)
        try:
            yield process
        finally:
            process.kill()
            process.wait(_END)

    def start_owner(self, name: str) -> subprocess.Popen[str]:
        """Starts one, and waits until it owns the log or stands by."""
        command = [sys.executable, "-m", "exchange.cli.main", "log", "own", "--config", str(self.config)]
        with self.errors.open("a") as errors:
            process = subprocess.Popen(
                [*command, "--socket", str(socket_in(self.site, name))],
                stdout=subprocess.PIPE, stderr=errors, text=True, cwd=_ROOT,
            )  # fmt: skip
        assert process.stdout
        with process.stdout as output:
            line = output.readline()
        assert line, self.errors.read_text()[-2000:]
        json.loads(line)
        return process

    @asynccontextmanager
    async def broker(self) -> AsyncIterator[BrokerProcess]:
        """Runs a broker; it is dead at the end."""
        process = await asyncio.to_thread(serve_traced, self.config, self.trace, self.errors)
        try:
            yield process
        finally:
            await asyncio.to_thread(process.kill)

    async def grows(self, by: int = 10) -> None:
        """Waits until so many more exchanges were acknowledged."""
        before = len(self.load.receipts)
        await until(lambda: len(self.load.receipts) > before + by)

    async def settle(self) -> None:
        """Waits until nobody's intention is open any more."""

        def settled() -> bool:
            with checks.at_rest(self.settings) as log:
                return not log.open_intentions()

        await until(settled)

    def check(self) -> None:
        """Holds the log to all that the clients were told."""
        with checks.at_rest(self.settings) as log:
            checks.holds(log)
            checks.acknowledged_is_kept(log, self.load.receipts)
            checks.no_request_stands_twice(log)
            assert checks.every_read_left_a_trace(log, self.trace) > 0
        assert self.load.ends["answered"] > 0
        print(self.load.ends)


def pause(process: subprocess.Popen[str]) -> None:
    """Stops a process as it stands."""
    process.send_signal(signal.SIGSTOP)


def resume(process: subprocess.Popen[str]) -> None:
    """Lets it go on."""
    process.send_signal(signal.SIGCONT)


async def serves(broker: BrokerProcess) -> None:
    """Waits until a broker can answer."""
    assert await asyncio.to_thread(becomes, broker.probe, serving=True)
