"""How fast decisions are, by the ways of asking: `python -m tests.bench.policy_opa [--quick]`.

One process asks on one core, an OPA server answers on another. The ways take turns in each round; what
counts is their ratio in one run, to asking one by one. All questions differ, so that nobody remembers.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from exchange.config import DEFAULT_POLICIES
from exchange.model.decision import Decision
from exchange.policy import policy_set
from exchange.policy.bundle import pack
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.opa import OpaEngine
from exchange.policy.policy_set import PolicySet
from exchange.policy.revisions import Fixed
from tests.bench.machine import description
from tests.support import opa
from tests.support.policies import INCOME

_TIMEOUT = 30.0
_ROUNDS, _QUICK_ROUNDS = 5, 2
_QUESTIONS, _QUICK_QUESTIONS = 3000, 600
_FIRST = datetime(2026, 11, 21, tzinfo=UTC)

Decide = Callable[[dict[str, Any]], Awaitable[Decision]]


@dataclass(frozen=True)
class Way:
    """A way of asking.

    Attributes:
        name: what the report calls it.
        askers: how many ask at a time.
        batch: most questions in a call; 0 for the embedded engine.
        calls: most calls under way.
    """

    name: str
    askers: int
    batch: int
    calls: int


_BATCHED = ((1, 32, 2), (64, 16, 1), (64, 32, 1), (64, 64, 1), (64, 32, 2), (64, 32, 4), (256, 32, 2))
WAYS = (
    Way("OPA, one by one on one connection", 1, 1, 1),
    Way("OPA, calls 16, batch 1, askers 64", 64, 1, 16),
    *(Way(f"OPA, calls {c}, batch {b}, askers {a}", a, b, c) for a, b, c in _BATCHED),
    Way("embedded", 1, 0, 0),
)


def _questions() -> Iterator[dict[str, Any]]:
    """Lawful questions for an income, each of another second."""
    for number in count():
        moment = _FIRST + timedelta(seconds=number % 86_400)
        yield {**INCOME, "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}


async def _measure(
    decide: Decide, questions: Iterator[dict[str, Any]], askers: int, number: int
) -> dict[str, float]:
    """Gives decisions a second and latencies (milliseconds)."""
    left, took = iter(range(number)), []

    async def ask() -> None:
        for _ in left:
            question, begun = next(questions), time.perf_counter()
            decision = await decide(question)
            took.append(time.perf_counter() - begun)
            assert decision.allow

    gc.collect()
    begun = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(askers)))
    rate = number / (time.perf_counter() - begun)
    took.sort()
    return {"rate": rate, "p50": took[number // 2] * 1000, "p99": took[number * 99 // 100] * 1000}


async def _run(policies: PolicySet, url: str, rounds: int, number: int) -> dict[Way, dict[str, float]]:
    questions = _questions()
    found: dict[Way, list[dict[str, float]]] = {way: [] for way in WAYS}
    async with AsyncExitStack() as stack:
        decides: dict[Way, Decide] = {}
        for way in WAYS:
            if way.batch:
                engine = OpaEngine(url, Fixed(policies), _TIMEOUT, way.batch, way.calls)
                decides[way] = (await stack.enter_async_context(engine)).decide
            else:
                embedded = EmbeddedEngine(policies, _TIMEOUT)
                stack.callback(embedded.close)
                decides[way] = embedded.decide
            await _measure(decides[way], questions, way.askers, number // 4)  # connections, caches
        for _ in range(rounds):
            for way in WAYS:
                found[way].append(await _measure(decides[way], questions, way.askers, number))
    return {way: {name: median(f[name] for f in runs) for name in runs[0]} for way, runs in found.items()}


def main() -> None:
    """Measures, and prints a table and the machine."""
    quick = "--quick" in sys.argv
    policies = policy_set.load(DEFAULT_POLICIES)
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle.tar.gz"
        bundle.write_bytes(pack(policies))
        os.sched_setaffinity(0, cores[-1:])  # inherited by the server
        with opa.server(bundle) as url:
            os.sched_setaffinity(0, cores[:1])
            rounds, number = (_QUICK_ROUNDS, _QUICK_QUESTIONS) if quick else (_ROUNDS, _QUESTIONS)
            results = uvloop.run(_run(policies, url, rounds, number))
    base = results[WAYS[0]]["rate"]
    print(f"{'':<52}{'decisions/s':>12}{'ratio':>7}{'p50 ms':>9}{'p99 ms':>9}")
    for way, r in results.items():
        print(f"{way.name:<52}{r['rate']:>12.0f}{r['rate'] / base:>7.1f}{r['p50']:>9.2f}{r['p99']:>9.2f}")
    print(json.dumps(description(), indent=2))


if __name__ == "__main__":
    main()
