"""Brokers for tests: in a thread of this process, or as `hjemmel serve` in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from exchange import wiring
from exchange.client import Client, Credentials
from exchange.config import Settings
from exchange.pipeline import Parts
from exchange.wiring import Broker

T = TypeVar("T")
_START_TIMEOUT = 60


@dataclass(frozen=True, slots=True)
class Site:
    """Where a broker's keys, registers and log are."""

    keys: Path
    registers: Path
    folder: Path

    def document(self, **overrides: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The configuration of a broker here, on free ports."""
        document: dict[str, dict[str, Any]] = {
            "server": {
                "address": "127.0.0.1:0",
                "probe_address": "127.0.0.1:0",
                "certificate": str(self.keys / "broker.pem"),
                "key": str(self.keys / "broker.key"),
                "client_ca": str(self.keys / "ca.pem"),
            },
            "identity": {"participants": str(self.keys / "participants.json")},
            "policy": {"bundle_signing_key": str(self.keys / "policy.key")},
            "registers": {"folder": str(self.registers)},
            "log": {
                "url": f"sqlite:///{self.folder / 'log.db'}",
                "signing_key": str(self.keys / "log.key"),
                "period": 0,  # a test counts entries: it closes periods itself
            },
            "vault": {
                "url": f"sqlite:///{self.folder / 'keys.db'}",
                "master_key": str(self.keys / "vault.key"),
            },
        }
        for section, values in overrides.items():
            document.setdefault(section, {}).update(values)
        return document

    def settings(self, **overrides: dict[str, Any]) -> Settings:
        """The same, checked."""
        return Settings(**self.document(**overrides))  # type: ignore[arg-type]  # sections are dicts here

    def write_config(self, **overrides: dict[str, Any]) -> Path:
        """The same as a TOML file."""
        lines = []
        for section, values in self.document(**overrides).items():
            lines.append(f"[{section}]")
            lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        path = self.folder / "hjemmel.toml"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    def credentials(self, slug: str, memory: Path | None = None) -> Credentials:
        """An organisation's credentials; checkpoints are remembered in memory unless told otherwise."""
        return replace(Credentials.load(self.keys / slug), memory=memory)


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that answers."""

    site: Site
    settings: Settings
    broker: Broker
    target: str
    probe: str
    loop: asyncio.AbstractEventLoop
    stop: Callable[[], None]

    def client(self, slug: str = "udbetaling-danmark", timeout: float = 10.0) -> Client:
        """A client of this broker."""
        return Client(self.target, self.site.credentials(slug), timeout=timeout)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something on the broker's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_START_TIMEOUT)


@contextmanager
def running(site: Site) -> Iterator[Callable[..., RunningBroker]]:
    """Gives a function that starts brokers, and stops them at the end."""
    stops: list[Callable[[], None]] = []

    def begin(
        change: Callable[[Parts], Parts] = lambda parts: parts, **overrides: dict[str, Any]
    ) -> RunningBroker:
        started = _start(site, site.settings(**overrides), change)
        stops.append(started.stop)
        return started

    try:
        yield begin
    finally:
        for stop in stops:
            stop()


def _start(site: Site, settings: Settings, change: Callable[[Parts], Parts]) -> RunningBroker:
    ready: queue.Queue[RunningBroker | BaseException] = queue.Queue()
    thread: threading.Thread

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        async with wiring.broker(settings, change) as broker:
            port, probe = await broker.servers.start(
                settings.server.address, wiring.tls(settings), settings.server.probe_address or None
            )
            await broker.servers.set_serving(serving=True)

            def end() -> None:
                if thread.is_alive():
                    loop.call_soon_threadsafe(stop.set)
                    thread.join(_START_TIMEOUT)

            addresses = (f"127.0.0.1:{port}", f"127.0.0.1:{probe}")
            ready.put(RunningBroker(site, settings, broker, *addresses, loop, end))
            await stop.wait()
            await broker.servers.stop(1)

    def body() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001  # handed to the test
            ready.put(error)

    thread = threading.Thread(target=body, name="broker", daemon=True)
    thread.start()
    started = ready.get(timeout=_START_TIMEOUT)
    if isinstance(started, BaseException):
        thread.join(_START_TIMEOUT)  # what is bound to the thread ends with it, before the error travels on
        raise started
    return started


@dataclass(frozen=True, slots=True)
class BrokerProcess:
    """`hjemmel serve` in a process of its own, which can be killed."""

    process: subprocess.Popen[str]
    target: str
    probe: str
    vkey: str

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_START_TIMEOUT)

    def terminate(self) -> int:
        """Asks it to stop; gives its exit status."""
        self.process.terminate()
        return self.process.wait(_START_TIMEOUT)


def serve(config: Path, **environment: str) -> BrokerProcess:
    """Starts `hjemmel serve` and waits until it answers.

    Raises:
        RuntimeError: it ended instead; the message holds what it said.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "exchange.cli.main", "serve", "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        _, said = process.communicate(timeout=_START_TIMEOUT)
        raise RuntimeError(f"the broker ended with {process.returncode}: {said}")
    ready = json.loads(line)
    return BrokerProcess(process, ready["address"], f"127.0.0.1:{ready['probe_port']}", ready["log_vkey"])
