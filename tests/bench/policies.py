"""How fast policies decide, load and compile, with few agreements and with many.

`python -m tests.bench.policies` prints a table and, with `--json`, the figures for programs. Everything is
measured in one run, and told as a ratio to the smallest set: figures of different machines do not compare.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import shutil
import statistics
import string
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from exchange.config import DEFAULT_POLICIES
from exchange.policy import embedded, policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet
from tests.support.policies import INCOME

SIZES = (10, 1_000, 100_000)
DECISIONS = 3_000


@dataclass(frozen=True)
class Figures:
    """What was measured with a number of agreements; times in seconds unless the name says otherwise."""

    agreements: int
    decisions_per_second: float
    p50_us: float
    p99_us: float
    load: float
    compile: float
    longest_step: float


def measure(folder: Path, number: int) -> Figures:
    """Measures a folder with a number of agreements."""
    file = folder / "agreements" / "data.json"
    file.write_text(json.dumps(_agreements(number), ensure_ascii=False, indent=2), "utf-8")
    load, policies = _timed(lambda: policy_set.load(folder))
    compiling, _ = _timed(lambda: embedded.compile_set(policies))
    times = _decide(EmbeddedEngine(policies, timeout=30))
    hundredths = statistics.quantiles(times, n=100)
    return Figures(
        agreements=number,
        decisions_per_second=len(times) / sum(times),
        p50_us=hundredths[49] * 1e6,
        p99_us=hundredths[98] * 1e6,
        load=load,
        compile=compiling,
        longest_step=asyncio.run(_longest_step(policies)),
    )


def _agreements(number: int) -> dict[str, Any]:
    own = json.loads((DEFAULT_POLICIES / "agreements" / "data.json").read_text("utf-8"))
    kept = {INCOME["agreement"]: own[INCOME["agreement"]]}
    terms = list(own.values())
    names = map("".join, itertools.product(string.ascii_lowercase, repeat=4))
    for index, name in enumerate(itertools.islice(names, number - 1)):
        kept[f"a-{name}"] = {**terms[index % len(terms)], "id": f"a-{name}"}
    return kept


def _decide(engine: EmbeddedEngine) -> list[float]:
    """Asks questions of which no two are the same, so that no answer is remembered."""
    times = []
    for number in range(DECISIONS):
        question = {
            **INCOME,
            "time": f"2026-11-21T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        }
        begun = time.perf_counter()
        decision = engine.decide_now(question)
        times.append(time.perf_counter() - begun)
        assert decision.allow
    return times


async def _longest_step(policies: PolicySet) -> float:
    """How long the event loop stands still, at most, while an engine is prepared."""
    longest, last = 0.0, time.perf_counter()

    async def watch() -> None:
        nonlocal longest, last
        while True:
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await embedded.prepare(policies, timeout=30)
    await asyncio.sleep(0)
    watching.cancel()
    return longest


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def table(figures: list[Figures]) -> Table:
    """The figures, each with its ratio to the first row's."""
    found = Table("agreements", "decisions/s", "p50 µs", "p99 µs", "load s", "compile s", "longest step ms")
    first = figures[0]
    for row in figures:
        found.add_row(
            f"{row.agreements:,}",
            _told(row.decisions_per_second, first.decisions_per_second, "{:,.0f}"),
            _told(row.p50_us, first.p50_us, "{:.0f}"),
            _told(row.p99_us, first.p99_us, "{:.0f}"),
            _told(row.load, first.load, "{:.2f}"),
            _told(row.compile, first.compile, "{:.2f}"),
            _told(row.longest_step * 1e3, first.longest_step * 1e3, "{:.0f}"),
        )
    return found


def _told(value: float, first: float, form: str) -> str:
    return f"{form.format(value)} (x{value / first:.2f})"


def main() -> None:
    """Measures every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(DEFAULT_POLICIES, Path(folder) / "policies"))
        figures = [measure(copy, number) for number in SIZES]
    if as_json:
        print(json.dumps([asdict(row) for row in figures], indent=2))
    else:
        Console(width=120).print(table(figures))


if __name__ == "__main__":
    main()
