"""What a session of runs found: a line of JSON for each run, and a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

import orjson
from rich.console import Console
from rich.table import Table

from tests.faults.harness.driver import OPENER, WRITER
from tests.faults.harness.runs import ANY, Result

REPEAT = "python -m tests.faults --store {store} --only {scene}/{faults}"
_PIPED_WIDTH = 150  # a pipe has no width of its own
_THREADS = {OPENER, WRITER, ANY}
_MISSED = "not reached"


def line(result: Result) -> bytes:
    """A run as a line of JSON."""
    return orjson.dumps(asdict(result)) + b"\n"


def repeat(result: Result) -> str:
    """The command that makes a run again."""
    return REPEAT.format(store=result.store, scene=result.scene, faults=result.faults)


def outcome(result: Result) -> str:
    """How a run counts in the table."""
    return result.outcome if result.reached else _MISSED


def table(results: Sequence[Result]) -> Table:
    """Counts by what was broken and how, and by how the driver ended."""
    outcomes = sorted({outcome(r).partition(" then ")[0] for r in results})
    shown = Table(title=f"{len(results)} runs", title_justify="left")
    for column in ("store", "broken", "how"):
        shown.add_column(column)
    for column in (*outcomes, "problems"):
        shown.add_column(column, justify="right")
    counted: dict[tuple[str, str, str], Counter[str]] = {}
    for result in results:
        row = counted.setdefault((result.store, _broken(result.labels), _second(result.kinds)), Counter())
        row[outcome(result).partition(" then ")[0]] += 1
        row["problems"] += bool(result.problems)
    for key in sorted(counted):
        shown.add_row(*key, *(str(counted[key][name] or "") for name in (*outcomes, "problems")))
    totals = Counter(outcome(r).partition(" then ")[0] for r in results)
    totals["problems"] = sum(bool(r.problems) for r in results)
    shown.add_section()
    shown.add_row("all", "", "", *(str(totals[name]) for name in (*outcomes, "problems")))
    return shown


def show(results: Sequence[Result], output: TextIO) -> None:
    """Prints the table, and the problems with the commands that repeat them."""
    console = Console(file=output, highlight=False, width=None if output.isatty() else _PIPED_WIDTH)
    console.print(table(results))
    for result in results:
        if result.problems:
            console.print(
                f"{result.scene}: {result.faults}: {result.outcome}", style="bold red", markup=False
            )
            for problem in result.problems:
                console.print(f"    {problem}", markup=False)
            console.print(f"    {repeat(result)}", markup=False, soft_wrap=True)


def _broken(labels: str) -> str:
    """What is broken, whichever thread's it is; of faults in a recovery, what breaks there."""
    label = _second(labels)
    place, dot, call = label.partition(".")
    what = call if dot and place in _THREADS else label
    return f"kill, then {what}" if " then " in labels else what


def _second(text: str) -> str:
    return text.rpartition(" then ")[2]
