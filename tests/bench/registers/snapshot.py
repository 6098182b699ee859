"""Measures loading: `python -m tests.bench.registers.snapshot [--rows N …]`.

Every size is loaded in a process of its own, whose peak memory is told, and beside it, likewise, by a bare
loop: parse the line, INSERT it, one transaction, no check, no history, no index. Then the same rows come
again with one in a thousand changed. The aim: memory does not grow with the file.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from adapters.kinds.snapshot import Load, load_file
from adapters.kinds.snapshot.metadata import Expected
from exchange.model.catalogue import Attribute, Dataset, Key, Source, Text

SIZES = (100_000, 1_000_000)
_COLUMNS = ("vejId", "vejnavn", "status", "laengde", "registreringFra", "virkningFra")
_TEXT = Text("", "")
_TIMES = ("registreringFra", "registreringTil", "virkningFra", "virkningTil")


def main() -> None:
    """Loads every size, and prints a table or a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="how many; repeat for several sizes")
    parser.add_argument("--json", action="store_true", help="print a document for programs")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)  # what, file, database
    chosen = parser.parse_args()
    if chosen.work:
        what, file, database = chosen.work
        sys.stdout.write(json.dumps(_worked(what, Path(file), Path(database))))
        return
    found = [_measured(rows) for rows in chosen.rows or SIZES]
    if chosen.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    table = Table(*found[0])
    for line in found:
        table.add_row(
            *(f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" for value in line.values())
        )
    Console().print(table)


def _measured(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="hjemmel-bench-") as folder:
        first, second = Path(folder) / "first.ndjson", Path(folder) / "second.ndjson"
        _write(first, rows, changed=False)
        raw = _child("raw", first, Path(folder) / "raw.db")
        load = _child("load", first, Path(folder) / "vej.db")
        first.unlink()
        _write(second, rows, changed=True)
        again = _child("again", second, Path(folder) / "vej.db")
        return {
            "rows": rows,
            "raw rows/s": round(rows / raw["seconds"]),
            "load rows/s": round(rows / load["seconds"]),
            "ratio": load["seconds"] / raw["seconds"],
            "again rows/s": round(rows / again["seconds"]),
            "ratio again": again["seconds"] / raw["seconds"],
            "raw MiB": raw["peak"],
            "load MiB": load["peak"],
            "again MiB": again["peak"],
        }


def _write(path: Path, rows: int, *, changed: bool) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            is_other = changed and number % 1000 == 0
            begin = f"2020-01-{number % 28 + 1:02}T09:30:00.{number % 1000:03}Z"
            row = {
                "vejId": f"V{number * 7919 % rows:09}",
                "vejnavn": f"Ærøåsvej {number % 977}",
                "status": str(number % 5),
                "laengde": number % 5000,
                "registreringFra": "2024-01-01T00:00:00Z" if is_other else begin,
                "registreringTil": None,
                "virkningFra": begin,
                "virkningTil": None,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _child(what: str, file: Path, database: Path) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        __spec__.name if __spec__ else "",
        "--work",
        what,
        str(file),
        str(database),
    ]
    done = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _worked(what: str, file: Path, database: Path) -> dict[str, float]:
    begun = time.perf_counter()
    if what == "raw":
        _raw(file, database)
    else:
        taken = "2023-01-01T00:00:00Z" if what == "load" else "2025-01-01T00:00:00Z"
        load_file(Load(file, _dataset(), f"sqlite:///{database}", Expected(taken=taken)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - begun, "peak": round(peak)}


def _raw(file: Path, database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute(f"CREATE TABLE vej ({', '.join(_COLUMNS)})")
    with connection, file.open("rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            connection.execute("INSERT INTO vej VALUES (?, ?, ?, ?, ?, ?)", [row[name] for name in _COLUMNS])
    connection.close()


def _dataset() -> Dataset:
    types = {"vejId": "string", "vejnavn": "string", "status": "code", "laengde": "integer"}
    options = {"table": "vej", "format": "ndjson", "identity": ["vejId"], "times": {n: n for n in _TIMES}}
    return Dataset(
        name="vej.vej",
        register="vej",
        provider="95000088",
        title=_TEXT,
        subject="property",
        source=Source("snapshot", options, "the bench"),
        attributes=tuple(Attribute(name, type_, "ordinary", _TEXT) for name, type_ in types.items()),
        keys=(Key("code", "vejId", "one"),),
    )


if __name__ == "__main__":
    main()
