"""A broker that measures its own steps, from outside the pipeline: by wrappers around its ports.

SIGUSR1 makes it forget what it measured so far, SIGTERM makes it write that and end. Arguments: CONFIG
OUTPUT, and `profile` to run the event loop and the log's writer under cProfile. Its clock readings cost
some microseconds an exchange, and the profiler a multiple of the work: compare shares, and take rates
from the real broker.
"""

from __future__ import annotations

import asyncio
import cProfile
import dataclasses
import json
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from statistics import mean, median
from types import FrameType
from typing import Any

import uvloop

from exchange import wiring
from exchange.cli.serve import calm_scheduling
from exchange.config import Settings, load
from exchange.model.decision import Decision
from exchange.model.request import Caller, Envelope, Lookup, Record, Statement
from exchange.model.trace import Draft, Receipt
from exchange.pipeline import Parts
from exchange.ports import Authenticator, PolicyEngine, Registers, Trail
from tests.bench.profile import hottest

STEPS = ("authenticate", "decide", "intend", "fetch", "minimise", "record")
_marks: ContextVar[list[float]] = ContextVar("marks")  # of the exchange under way, in order
_measured: list[list[float]] = []


def _mark() -> None:
    _marks.get().append(time.perf_counter())


class TimedAuthenticator:
    """Implements `exchange.ports.Authenticator`; an exchange begins here."""

    def __init__(self, inner: Authenticator) -> None:
        self._inner = inner

    def identify(self, certificate: bytes) -> Caller:
        """See `exchange.ports.Authenticator`."""
        _marks.set([time.perf_counter()])
        return self._inner.identify(certificate)

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:
        """See `exchange.ports.Authenticator`."""
        return self._inner.authenticate(caller, envelope)

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        """See `exchange.ports.Authenticator`."""
        return self._inner.authorise(issuer, consumer, dataset, purpose)


class TimedPolicy:
    """Implements `exchange.ports.PolicyEngine`."""

    def __init__(self, inner: PolicyEngine) -> None:
        self._inner = inner

    @property
    def revision(self) -> str:
        """See `exchange.ports.PolicyEngine`."""
        return self._inner.revision

    async def decide(self, policy_input: Mapping[str, Any]) -> Decision:
        """See `exchange.ports.PolicyEngine`."""
        _mark()
        return await self._inner.decide(policy_input)


class TimedTrail:
    """Implements `exchange.ports.Trail`; an exchange ends here."""

    def __init__(self, inner: Trail) -> None:
        self._inner = inner

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        """See `exchange.ports.Trail`."""
        _mark()
        await self._inner.intend(draft)
        _mark()

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        """See `exchange.ports.Trail`."""
        _mark()
        receipt = await self._inner.record(draft, closes_intention=closes_intention)
        _mark()
        _measured.append(_marks.get())
        return receipt


class TimedRegisters:
    """Implements `exchange.ports.Registers`; of several reads the last one's end counts."""

    def __init__(self, inner: Registers) -> None:
        self._inner = inner

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        """See `exchange.ports.Registers`."""
        records = await self._inner.fetch(lookup, timeout)
        marks = _marks.get()
        del marks[4:]  # the end of an earlier read
        _mark()
        return records


def _timed(parts: Parts) -> Parts:
    return dataclasses.replace(
        parts,
        authenticator=TimedAuthenticator(parts.authenticator),
        policy=TimedPolicy(parts.policy),
        trail=TimedTrail(parts.trail),
        registers=TimedRegisters(parts.registers),
    )


def _summary() -> dict[str, dict[str, float]]:
    """Mean and median of each step, in microseconds."""
    whole = [m for m in _measured if len(m) == len(STEPS) + 1]
    return {
        step: {
            "mean": mean((m[n + 1] - m[n]) * 1e6 for m in whole),
            "median": median((m[n + 1] - m[n]) * 1e6 for m in whole),
        }
        for n, step in enumerate(STEPS)
    }


class _Profiles:
    """Profilers, one a thread."""

    def __init__(self) -> None:
        self._profiles: dict[str, cProfile.Profile] = {}

    def prepare(self) -> None:
        """Makes each thread that starts from now on profile itself."""
        threading.setprofile(self._first_event)

    def _first_event(self, _frame: FrameType, _event: str, _argument: object) -> None:
        self.start()

    def start(self) -> None:
        """Profiles this thread."""
        profile = cProfile.Profile()
        self._profiles[threading.current_thread().name] = profile
        profile.enable()

    def result(self) -> dict[str, Any]:
        """Gives the hottest functions of the two threads that do the work."""
        return {
            thread: hottest(self._profiles[name])
            for thread, name in (("event loop", "MainThread"), ("log writer", "log-writer"))
            if name in self._profiles
        }


def _begin(profiles: _Profiles | None) -> None:
    """Measures from here on."""
    _measured.clear()
    if profiles:
        profiles.start()


async def _serve(settings: Settings, profiles: _Profiles | None) -> dict[str, Any]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, _begin, profiles)
    if profiles:
        profiles.prepare()
    async with wiring.broker(settings, _timed) as broker:
        port, _ = await broker.servers.start(settings.server.address, wiring.tls(settings), None)
        sys.stdout.write(json.dumps({"address": f"127.0.0.1:{port}"}) + "\n")
        sys.stdout.flush()
        await stop.wait()
        threads = {str(t.native_id): t.name for t in threading.enumerate()}
        result: dict[str, Any] = {"steps": _summary(), "threads": threads}
        if profiles:
            result["profile"] = profiles.result()
        await broker.servers.stop(1)
    return result


if __name__ == "__main__":
    calm_scheduling()
    config, output = Path(sys.argv[1]), Path(sys.argv[2])
    profiles = _Profiles() if "profile" in sys.argv else None
    output.write_text(json.dumps(uvloop.run(_serve(load(config), profiles))))
