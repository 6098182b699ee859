"""A fault at every kind of place on the write path: a sample of what `python -m tests.faults` does at length.

The sample is the same in every run of the suite. A failure prints the command that makes that run again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.harness import fault, report, session, workers
from tests.faults.harness.runs import Result, Stand
from tests.faults.harness.stores import SqliteStore

SEED = 1
#: By store: how many runs.
RUNS = {"sqlite": 40, "postgresql": 10}


def made(store: str, folder: Path, runs: int) -> list[Result]:
    """Makes a sample of runs."""
    with session.prepared(store, folder, 2) as ready:
        return list(workers.made(ready.stands, ready.jobs(runs, SEED)))


@pytest.mark.slow
@pytest.mark.parametrize("store", session.STORES)
def test_no_fault_loses_doubles_or_hides_anything(store: str, quick_path: Path) -> None:
    """After errors, kills, power cuts and crashes of the server, all that was told before still holds."""
    results = made(store, quick_path, RUNS[store])
    for result in results:
        print(report.repeat(result), report.outcome(result), *result.problems)
    assert [] == [report.repeat(r) for r in results if r.problems]
    # The harness itself: faults fell in, some killed, and the log went on after others.
    assert sum(r.reached for r in results) > len(results) * 2 / 3
    outcomes = {r.outcome.partition(" then ")[0] for r in results}
    assert {"killed", "went on"} <= outcomes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["any.write:1:KILL", "any.write:2:KILL", "any.rename:1:KILL"])
def test_a_killed_backup_is_whole_or_has_no_checkpoint(name: str, quick_path: Path) -> None:
    """Killed as it writes its list, its checkpoint or that one's name: no half of a copy looks whole."""
    template = quick_path / "template"
    template.mkdir()
    run = Stand(SqliteStore(template), quick_path / "runs").run("backup", fault.parse(name))
    assert (True, ()) == (run.reached, run.problems)
