"""Measures whether an entry costs the same in a large log: `python -m tests.bench.log_growth`.

Logs of 10³ to 10⁷ entries on SQLite, to 10⁶ on PostgreSQL, are written in bulk. Then, in turns, some entries
are appended to each by 64 callers at once, and receipts and consistency proofs are made for places drawn at
random. Told are processor time and time on the clock of each, and how large receipts and proofs are.

Processor time is of the process that owns the log, without PostgreSQL's own. What is sealed is lean here;
see `log_entries`. With --folder the logs stay there, and are gone on with: the largest takes a while.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import click
import uvloop
from rich.console import Console
from rich.table import Table

from audit.log import AuditLog
from audit.writing.sequencer import Pace
from tests.bench import chart, log_load, machine
from tests.bench.log_entries import entries
from tests.support import bulk, postgres
from tests.support.logs import LogSite

_RESULTS = Path(__file__).parents[2] / ".benchmarks"
_LARGEST = {"sqlite": 10_000_000, "postgresql": 1_000_000}
_CALLERS = 64
_APPENDED = (128, 2048)  # entries of a measurement, at least and at most; a tenth of the log between these
_PROOFS = 300
_COSTS = {"append": "an entry appended", "receipt": "a receipt", "consistency": "a consistency proof"}
_console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
_errors = Console(stderr=True, highlight=False)


def measure(site: LogSite) -> dict[str, dict[str, float]]:
    """Measures one log, in a process of its own."""
    with site.opened() as log:
        size = log.reader.checkpoint().size
        count = min(max(_APPENDED[0], size // 10), _APPENDED[1])
        log_entries = list(entries(size, count + _CALLERS, lean=True))
        uvloop.run(log_load.append(log, log_entries[count:], _CALLERS))  # statements, connections
        appended = _timed(lambda: uvloop.run(log_load.append(log, log_entries[:count], _CALLERS)), count)
        return {"append": appended, **_proofs(log)}


def _proofs(log: AuditLog) -> dict[str, dict[str, float]]:
    size = log.reader.checkpoint().size
    drawn = random.Random(size)
    places = [drawn.randrange(size) for _ in range(_PROOFS)]
    receipts = [log.reader.proof(index, extra=log.reader.by_index(index).leaf) for index in places]
    proofs = [log.reader.consistency(index, size) for index in places]
    leaf = len(receipts[0].extra or b"")
    return {
        "receipt": {
            **_timed(lambda: [log.reader.proof(index) for index in places], _PROOFS),
            "bytes": max(len(receipt.text) for receipt in receipts),
            "bytes without entry": max(len(log.reader.proof(index).text) for index in places[:50]),
            "hashes": max(len(receipt.hashes) for receipt in receipts),
            "leaf": leaf,
        },
        "consistency": {
            **_timed(lambda: [log.reader.consistency(index, size) for index in places], _PROOFS),
            "hashes": max(map(len, proofs)),
            "bytes": 32 * max(map(len, proofs)),
        },
    }


def _timed(work: Callable[[], object], count: int) -> dict[str, float]:
    used, begun = time.process_time(), time.perf_counter()
    work()
    return {
        "cpu": (time.process_time() - used) / count * 1e6,
        "clock": (time.perf_counter() - begun) / count * 1e6,
    }


class Logs:
    """The logs that are measured, in a folder or on a server."""

    def __init__(self, folder: Path, server: postgres.Server | None) -> None:
        """Takes where they are kept."""
        self._folder = folder
        self._server = server

    def grown(self, kind: str, size: int) -> LogSite:
        """Gives a log of a size, written in bulk, or as far as that is left to do."""
        place = self._folder / f"{kind}-{size}"
        place.mkdir(exist_ok=True)
        urls = [self._server.fresh_database() for _ in range(2)] if self._server else []
        if urls or not (place / "log.pem").exists():
            shutil.rmtree(place)
            place.mkdir()
            site = LogSite.at(place, *urls)
        else:
            site = LogSite(f"sqlite:///{place}/log.db", f"sqlite:///{place}/keys.db", place)
        written = bulk.size(site)
        if written < size:
            _errors.print(f"[dim]writing {size - written:,} entries to {kind}, {size:,}[/]")
            bulk.write(site, entries(written, size - written, lean=True))
        return LogSite(site.url, site.keys_url, place, pace=Pace())


@contextmanager
def _all(folder: Path, largest: int, only: str | None) -> Iterator[dict[tuple[str, int], LogSite]]:
    """Every log that is measured."""
    with ExitStack() as running:
        logs: dict[tuple[str, int], LogSite] = {}
        for kind, most in _LARGEST.items():
            if only not in {None, kind}:
                continue
            server = running.enter_context(postgres.server(folder)) if kind == "postgresql" else None
            for size in _sizes(min(most, largest)):
                logs[kind, size] = Logs(folder, server).grown(kind, size)
        yield logs


def _sizes(largest: int) -> list[int]:
    """Powers of ten, and the largest."""
    return sorted({*(10**power for power in range(3, 8) if 10**power < largest), largest})


def _summary(found: dict[tuple[str, int], list[dict[str, dict[str, float]]]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for (kind, size), runs in found.items():
        document.setdefault(kind, {})[size] = {
            what: {name: median(run[what][name] for run in runs) for name in told}
            for what, told in runs[0].items()
        }
    return document


def _ratio(by_size: dict[int, Any], what: str, unit: str) -> float:
    """What it costs in the largest log, as a part of what it costs in the smallest."""
    return float(by_size[max(by_size)][what][unit] / by_size[min(by_size)][what][unit])


def show(document: dict[str, Any]) -> None:
    """Prints the tables."""
    for kind, by_size in document["logs"].items():
        table = Table(title=f"{kind}, median of {document['rounds']} rounds, µs each: processor, clock")
        table.add_column("entries", justify="right")
        for name in _COSTS.values():
            table.add_column(name, justify="right")
        table.add_column("receipt, bytes (with its entry)", justify="right")
        table.add_column("proof, hashes", justify="right")
        for size, run in by_size.items():
            costs = [f"{run[what]['cpu']:,.0f}, {run[what]['clock']:,.0f}" for what in _COSTS]
            receipt = run["receipt"]
            sizes = f"{receipt['bytes without entry']:.0f} ({receipt['bytes']:.0f})"
            table.add_row(f"{size:,}", *costs, sizes, f"{run['consistency']['hashes']:.0f}")
        table.add_section()
        ratios = [
            f"{_ratio(by_size, what, 'cpu'):.2f}, {_ratio(by_size, what, 'clock'):.2f}" for what in _COSTS
        ]
        table.add_row("largest of smallest", *ratios, "", "")
        _console.print(table)


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--largest", default=10_000_000, show_default=True, help="The largest log, in entries.")
@click.option("--only", type=click.Choice(list(_LARGEST)), help="One database only.")
@click.option("--folder", type=click.Path(path_type=Path, exists=True), help="Where SQLite's logs stay.")
def main(rounds: int, largest: int, only: str | None, folder: Path | None) -> None:
    """Measure what an entry, a receipt and a proof cost in logs of many sizes."""
    document: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.description(),
        "rounds": rounds,
    }
    found: dict[tuple[str, int], list[dict[str, dict[str, float]]]] = {}
    with ExitStack() as running:
        place = folder or Path(running.enter_context(tempfile.TemporaryDirectory(prefix="hjemmel-growth-")))
        place.chmod(0o755)  # PostgreSQL's user must pass through
        logs = running.enter_context(_all(place, largest, only))
        spawn = multiprocessing.get_context("spawn")
        pool = running.enter_context(ProcessPoolExecutor(1, spawn, max_tasks_per_child=1))
        for number in range(rounds):
            for (kind, size), site in logs.items():
                _errors.print(f"[dim]round {number + 1}: {kind}, {size:,}[/]")
                found.setdefault((kind, size), []).append(pool.submit(measure, site).result())
    document["logs"] = _summary(found)
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"growth-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    for kind, by_size in document["logs"].items():
        series = {name: [(s, run[w]["cpu"]) for s, run in by_size.items()] for w, name in _COSTS.items()}
        drawn = chart.lines(f"Processor time on {kind}", "entries in the log", "µs", series)
        path.with_name(f"{path.stem}-{kind}.svg").write_text(drawn)
    show(document)
    _errors.print(f"[dim]written to {path}[/]")


if __name__ == "__main__":
    main()
