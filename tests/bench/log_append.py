"""Measures appending to the log beside Tessera's POSIX driver: `python -m tests.bench.log_append [--quick]`.

With 1, 8, 64 and 512 callers that wait at once, in turns and on the same disk:

- ours on SQLite and on PostgreSQL. An entry is acknowledged when it is durable and its receipt is made. That
  takes commitments, sealing under the subject's key (new ones are durable first), and a signed checkpoint.
- Tessera's POSIX driver in a process of its own (`tests/tools/tessera-append`), with entries as large as
  our leaves. One is acknowledged when it is sequenced and integrated, on synchronised files. It seals
  nothing and makes no receipt; checkpoints are signed beside that. Its batches hold as many entries as
  callers wait, 256 at most, so that none waits for its time to run out: it was faster so than with any
  other setting that was tried. "As served" are the batches of its own server (256, or a second).
- Tessera's own server under its own load tool (hammer), over HTTP: entries a second only, which is all
  that it tells; taken from the growth of the checkpoint.

Durability is shown, not believed: a shorter run under strace counts the calls that synchronise files, and
PostgreSQL counts those of its write-ahead log.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import click
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from audit.formats.note import Ed25519Signer
from tests.bench import chart, machine
from tests.support import postgres
from tests.support.logs import LogSite
from tests.support.tools import foreign, own

PRESSURES = (1, 8, 64, 512)
_ROOT = Path(__file__).parents[2]
_RESULTS = _ROOT / ".benchmarks"
_SYNCS = ("fsync", "fdatasync", "sync_file_range", "msync", "syncfs")
_COUNTED = 512  # entries of a run that is only counted
_AGE, _BATCH = "5ms", 256  # that Tessera gathers for at most, and the most in a batch
_console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
_errors = Console(stderr=True, highlight=False)

Result = dict[str, float]


@dataclass
class Bench:
    """What is measured, in turns.

    Attributes:
        folder: where logs lie, on the disk that is measured.
        server: a PostgreSQL on the same disk.
        period: seconds of one measurement.
        found: what was measured, by way and pressure.
    """

    folder: Path
    server: postgres.Server
    period: float
    found: dict[str, dict[int, list[Result]]] = field(default_factory=dict)

    def ways(self) -> dict[str, Callable[[int], Result]]:
        """What is compared."""
        return {
            "SQLite": lambda callers: self._ours(callers, None),
            "PostgreSQL": lambda callers: self._ours(callers, self.server),
            "Tessera": lambda callers: self._tessera(callers, min(callers, _BATCH), _AGE),
            "Tessera, as served": lambda callers: self._tessera(callers, _BATCH, "1s"),
            "Tessera, hammer": self._hammer,
        }

    def round(self) -> None:
        """Measures every way at every pressure once."""
        for callers in PRESSURES:
            for name, way in self.ways().items():
                _errors.print(f"[dim]{callers} callers, {name}[/]")
                self.found.setdefault(name, {}).setdefault(callers, []).append(way(callers))

    def counted(self, callers: int) -> dict[str, Result]:
        """Counts what is synchronised in short runs of the same."""
        entries = _COUNTED if callers > 1 else _COUNTED // 8
        with _fresh(self.folder) as place, _site(place, None) as site:
            told, calls = _traced([*_load(site, callers, 0), str(entries)], place)
            sqlite = {**told, "syncs": calls}
        with _fresh(self.folder) as place, _site(place, self.server) as site:
            before = self._wal_syncs()
            told = _run([*_load(site, callers, 0), str(entries)])
            postgresql = {**told, "syncs": self._wal_syncs() - before}
        with _fresh(self.folder) as place:
            command = [str(own("tessera-append")), "-dir", str(place / "log"), "-callers", str(callers)]
            told, calls = _traced(
                [*command, "-entries", str(entries), "-batch", str(min(callers, _BATCH)), "-age", _AGE], place
            )
            tessera = {**told, "syncs": calls}
        return {"SQLite": sqlite, "PostgreSQL": postgresql, "Tessera": tessera}

    def _ours(self, callers: int, server: postgres.Server | None) -> Result:
        with _fresh(self.folder) as place, _site(place, server) as site:
            return _run(_load(site, callers, self.period))

    def _tessera(self, callers: int, batch: int, age: str) -> Result:
        with _fresh(self.folder) as place:
            command = [str(own("tessera-append")), "-dir", str(place / "log"), "-callers", str(callers)]
            return _run([*command, "-period", f"{self.period}s", "-batch", str(batch), "-age", age])

    def _hammer(self, callers: int) -> Result:
        with _fresh(self.folder) as place, ExitStack() as running:
            key, vkey = _tessera_key(place)
            log, at = place / "log", f"127.0.0.1:{postgres.free_port()}"
            served = [str(foreign("tessera-posix")), f"--storage_dir={log}", f"--listen={at}"]
            running.enter_context(_running([*served, f"--private_key={key}"], place))
            _wait((log / "checkpoint").exists)
            hammer = [str(foreign("tessera-hammer")), f"--log_url=http://{at}", "--show_ui=false"]
            hammer += [f"--num_writers={callers}", "--max_write_ops=100000", "--dup_chance=0"]
            hammer += ["--leaf_min_size=1136", "--max_read_ops=0", "--num_readers_full=0"]
            hammer += ["--num_readers_random=0", f"--log_public_key={vkey}"]
            running.enter_context(_running(hammer, place))
            _wait(lambda: _size(log) > 0)
            first, begun = _size(log), time.perf_counter()
            time.sleep(2 * self.period)  # its checkpoints are a second apart
            return {"rate": (_size(log) - first) / (time.perf_counter() - begun)}

    def _wal_syncs(self) -> int:
        time.sleep(1.5)  # for the server's processes to tell
        engine = sa.create_engine(self.server.fresh_database())
        try:
            with engine.connect() as connection:
                return int(connection.execute(sa.text("SELECT wal_sync FROM pg_stat_wal")).scalar_one())
        finally:
            engine.dispose()


@contextmanager
def _fresh(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        yield Path(place)


@contextmanager
def _site(place: Path, server: postgres.Server | None) -> Iterator[LogSite]:
    """A log on SQLite, or on a server's databases."""
    urls = (server.fresh_database(), server.fresh_database()) if server else ()
    site = LogSite.at(place, *urls)
    site.open().close()
    yield site


def _load(site: LogSite, callers: int, period: float) -> list[str]:
    place = [str(site.folder), site.url, site.keys_url]
    return [sys.executable, "-m", "tests.bench.log_load", *place, str(callers), str(period)]


def _run(command: list[str]) -> Result:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=_ROOT)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
    told: Result = json.loads(done.stdout)
    return told


def _traced(command: list[str], place: Path) -> tuple[Result, int]:
    """Runs a command under strace; gives what it told, and how often it made files durable.

    Files that are opened so that each write to them is synchronised count as often as they are opened:
    Tessera writes each of its files at once.
    """
    trace = place / "trace"
    calls = ",".join((*_SYNCS, "openat"))
    told = _run(["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", str(trace), *command])
    text = trace.read_text(errors="replace")
    synced = re.findall(rf"(?m)\b(?:{'|'.join(_SYNCS)})\(", text)
    return told, len(synced) + len(re.findall(r"\bopenat\([^\n]*O_SYNC", text))


@contextmanager
def _running(command: list[str], place: Path) -> Iterator[None]:
    with (place / "output").open("a") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _tessera_key(place: Path) -> tuple[Path, str]:
    """Makes a key for Tessera's server: a file of its form, and the public half."""
    key = Ed25519PrivateKey.generate()
    public = Ed25519Signer("hjemmel.example/tessera", key).verifier
    secret = base64.b64encode(b"\x01" + key.private_bytes_raw()).decode()
    path = place / "tessera.key"
    path.write_text(f"PRIVATE+KEY+{public.name}+{public.key_id.hex()}+{secret}")
    return path, public.vkey


def _size(log: Path) -> int:
    return int((log / "checkpoint").read_text().split("\n")[1])


def _wait(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError("Tessera's server did not begin")
        time.sleep(0.05)


def summary(found: dict[str, dict[int, list[Result]]]) -> dict[str, Any]:
    """Medians and spreads of all rounds, and what ours are of Tessera's in the same round."""
    document: dict[str, Any] = {"ways": {}, "ratios": {}}
    for name, by_pressure in found.items():
        document["ways"][name] = {
            callers: {what: _spread([run[what] for run in runs]) for what in runs[0]}
            for callers, runs in by_pressure.items()
        }
    for name in ("SQLite", "PostgreSQL"):
        document["ratios"][name] = {
            callers: {
                what: _spread(
                    [a[what] / b[what] for a, b in zip(runs, found["Tessera"][callers], strict=True)]
                )
                for what in ("rate", "p50", "p99")
            }
            for callers, runs in found[name].items()
        }
    return document


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "least": min(values), "most": max(values)}


def show(document: dict[str, Any]) -> None:
    """Prints the tables."""
    rounds = document["rounds"]
    table = Table(title=f"Entries acknowledged; median (least-most) of {rounds} rounds")
    for heading in ("callers", "", "entries a second", "p50 ms", "p99 ms", "rate of Tessera's", "p50", "p99"):
        table.add_column(heading, justify="right" if heading else "left")
    for callers in PRESSURES:
        for name, by_pressure in document["ways"].items():
            run = by_pressure[callers]
            ratio = document["ratios"].get(name, {}).get(callers, {})
            told = [
                _told(run.get(what), form)
                for what, form in (("rate", ",.0f"), ("p50", ".1f"), ("p99", ".1f"))
            ]
            told += [_told(ratio.get(what), ".2f") for what in ("rate", "p50", "p99")]
            table.add_row(str(callers), name, *told, end_section=name == list(document["ways"])[-1])
    _console.print(table)
    table = Table(title="Calls that make files durable, counted in short runs")
    for heading in ("callers", "", "entries", "synchronised", "an entry", "batches", "a batch"):
        table.add_column(heading, justify="right" if heading else "left")
    for callers, ways in document["durability"].items():
        for name, run in ways.items():
            entries, syncs, batches = run.get("appended", run["entries"]), run["syncs"], run.get("batches")
            told = [f"{batches}", f"{syncs / batches:.1f}"] if batches else ["", ""]
            table.add_row(
                str(callers), name, f"{entries:.0f}", f"{syncs:.0f}", f"{syncs / entries:.2f}", *told
            )
    _console.print(table)


def _told(value: dict[str, float] | None, form: str) -> str:
    return f"{value['median']:{form}} ({value['least']:{form}}-{value['most']:{form}})" if value else ""


def _chart(document: dict[str, Any], what: str, title: str, up: str) -> str:
    series = {
        name: [(callers, run[what]["median"]) for callers, run in by_pressure.items()]
        for name, by_pressure in document["ways"].items()
        if what in by_pressure[1]
    }
    return chart.lines(title, "callers that wait at once", up, series, log_up=True)


@click.command()
@click.option("--quick", is_flag=True, help="One short round.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path, exists=True), help="On the disk to be measured.")
def main(quick: bool, rounds: int, folder: Path | None) -> None:  # noqa: FBT001  # click passes flags so
    """Measure appending to the log beside Tessera's POSIX driver."""
    document: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.description(),
        "rounds": 1 if quick else rounds,
    }
    with tempfile.TemporaryDirectory(prefix="hjemmel-append-", dir=folder) as place:
        Path(place).chmod(0o755)  # PostgreSQL's user must pass through
        with postgres.server(Path(place)) as server:
            bench = Bench(Path(place), server, 2.5 if quick else 4)
            for _ in range(document["rounds"]):
                bench.round()
            document |= summary(bench.found)
            document["durability"] = {callers: bench.counted(callers) for callers in PRESSURES}
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"append-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    for what, title, up in (
        ("rate", "Entries acknowledged", "entries a second"),
        ("p99", "Slowest hundredth to be acknowledged", "milliseconds"),
    ):
        path.with_name(f"{path.stem}-{what}.svg").write_text(_chart(document, what, title, up))
    show(document)
    _errors.print(f"[dim]written to {path}[/]")


if __name__ == "__main__":
    main()
