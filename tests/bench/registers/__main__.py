"""Measures look-ups: `python -m tests.bench.registers [--quick]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from adapters import registers
from adapters.host.registers import GuardedRegisters
from adapters.port import Catalogue
from tests.bench.registers.kind import Kind, Opened

#: Every kind that is measured. A new one is added here.
KINDS = ("sql", "datafordeler", "soap")
SUBJECTS = (1, 10, 100)
_PATIENCE = 60.0


def main() -> None:
    """Runs every kind on the same rows, and prints a table or a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small registers, few rounds")
    parser.add_argument("--json", action="store_true", help="print a document for programs")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind; repeat")
    chosen = parser.parse_args()
    made = registers.generate(200 if chosen.quick else 10_000)
    rounds = 30 if chosen.quick else 300
    with tempfile.TemporaryDirectory(prefix="hjemmel-bench-") as folder:
        registers.write(made, Path(folder))
        found = [
            line
            for name in chosen.kind or KINDS
            for line in asyncio.run(_measured(name, Path(folder), made, rounds))
        ]
    if chosen.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        _show(found)


async def _measured(name: str, folder: Path, made: registers.Registers, rounds: int) -> list[dict[str, Any]]:
    opened: Opened = import_module(f"tests.bench.registers.{name}").opened
    async with opened(folder, made) as kind:
        units = _subjects(kind, made)
        hosted = GuardedRegisters(Catalogue.of((kind.dataset,)), {kind.dataset.name: kind.adapter})
        return [
            {"kind": name, "subjects": count, "raw call": kind.what}
            | await _beside(kind, _asking(kind, hosted), _rounds(units, count, rounds))
            for count in SUBJECTS
        ]


def _subjects(kind: Kind, made: registers.Registers) -> list[str]:
    key = kind.dataset.key(kind.key)
    assert key is not None
    return sorted({str(row[key.attribute]) for row in made.tables[kind.dataset.name].records()})


def _asking(kind: Kind, hosted: GuardedRegisters) -> Callable[[Sequence[str]], Awaitable[int]]:
    async def ask(values: Sequence[str]) -> int:
        lookup = kind.lookup(values)
        return sum(map(len, (await hosted.fetch(lookup, _PATIENCE)).values()))

    return ask


def _rounds(units: Sequence[str], count: int, rounds: int) -> list[list[str]]:
    """The subjects of each round: others each time, so that nothing is answered from a cache."""
    return [[units[(number * count + i) % len(units)] for i in range(count)] for number in range(rounds)]


async def _beside(
    kind: Kind, ask: Callable[[Sequence[str]], Awaitable[int]], rounds: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Times the raw call and the look-up in turns: what the machine does meanwhile hits both alike."""
    raw: list[float] = []
    asked: list[float] = []
    for number, values in enumerate(rounds):
        for call, times in ((kind.raw, raw), (ask, asked)):
            begun = time.perf_counter()
            answered = await call(values)
            times.append(time.perf_counter() - begun)
            if answered < len(set(values)):
                raise AssertionError(f"round {number}: {answered} records of {len(values)} subjects")
    base, cost = statistics.median(raw), statistics.median(asked)
    return {
        "raw ms": base * 1000,
        "look-up ms": cost * 1000,
        "ratio": cost / base,
        "look-up µs a subject": cost * 1_000_000 / len(rounds[0]),
    }


def _show(found: Sequence[Mapping[str, Any]]) -> None:
    table = Table("kind", "subjects", "raw ms", "look-up ms", "ratio", "µs a subject")
    for line in found:
        table.add_row(
            line["kind"],
            str(line["subjects"]),
            f"{line['raw ms']:.2f}",
            f"{line['look-up ms']:.2f}",
            f"{line['ratio']:.2f}",
            f"{line['look-up µs a subject']:.0f}",
        )
    console = Console()
    console.print(table)
    for kind, raw in {line["kind"]: line["raw call"] for line in found}.items():
        console.print(f"raw of {kind}: {raw}")


if __name__ == "__main__":
    main()
