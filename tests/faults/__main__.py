"""Breaks the log at its system calls, as often as it is told, and shows what was found.

    python -m tests.faults --runs 1000 --seed 1 --store sqlite --store postgresql

Ctrl-C ends it early, with the table of what was run. Exit status 1 where something did not hold: the folder
of such a run stays, and the command that makes the same run again is printed.
`--only exchange/writer.pwrite64:17:EIO` makes a single one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.faults.harness import report, session, workers
from tests.faults.harness.runs import Result

_MEMORY = Path("/dev/shm")  # a sync takes no time there, and what is checked is the order of the calls


def main() -> int:
    """Runs a session."""
    options = _options()
    base = Path(tempfile.mkdtemp(prefix="hjemmel-faults-", dir=options.folder))
    base.chmod(0o755)  # PostgreSQL's user must pass through
    tempfile.tempdir = str(base)  # its data lie there too
    results: list[Result] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
    with (
        bar,
        options.json.open("wb", buffering=0) if options.json else nullcontext() as lines,
        suppress(KeyboardInterrupt),
    ):
        for result in _results(options, base, bar):
            results.append(result)
            if lines:
                lines.write(report.line(result))
    report.show(results, sys.stdout)
    bad = any(r.problems for r in results)
    if bad:
        sys.stdout.write(f"the folders of runs with problems are left in {base}\n")
    else:
        shutil.rmtree(base, ignore_errors=True)
    return int(bad)


def _results(options: argparse.Namespace, base: Path, bar: Progress) -> Iterator[Result]:
    count = 1 if options.only else options.workers
    for store in options.store:
        with session.prepared(store, base, count, options.sabotage) as ready:
            share = options.runs // len(options.store)
            jobs = [session.only(options.only)] if options.only else ready.jobs(share, options.seed)
            yield from bar.track(
                workers.made(ready.stands, jobs), len(jobs), description=f"Faults on {store}"
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--runs", type=int, default=1000, help="how many, over all stores (1000)")
    parser.add_argument("--seed", type=int, default=1, help="draws the sample (1)")
    parser.add_argument("--store", action="append", choices=session.STORES, help="both, unless named")
    parser.add_argument("--only", metavar="RUN", help="a single run, e.g. exchange/writer.pwrite64:17:EIO")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="runs side by side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a line of JSON for each run")
    parser.add_argument(
        "--folder", type=Path, default=_MEMORY if _MEMORY.is_dir() else None, help="where to work"
    )
    parser.add_argument("--sabotage", default="", metavar="NAME", help="a log that is wrong on purpose")
    options = parser.parse_args()
    options.store = options.store or (["sqlite"] if options.only else list(session.STORES))
    return options


if __name__ == "__main__":
    sys.exit(main())
