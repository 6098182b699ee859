"""The benchmark's results for people."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.steps import STEPS

_WIDTH = 100  # where the output is no terminal
_console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
_errors = Console(stderr=True, highlight=False)
_FULL = 0.9  # share of its core that a server uses which is as fast as it can be
_AIM = 10  # at half load, the slowest hundredth may take so many times the middle


def progress(text: str) -> None:
    """Says what is going on."""
    _errors.print(f"[dim]{text}[/]")


def show(document: dict[str, Any]) -> None:
    """Prints all tables."""
    for name, value in document["machine"].items():
        _console.print(f"{name:<12} {value}", markup=False)
    sizes = document["bytes"]
    _console.print(
        f"{'workload':<12} {document['workload']}, registers of {document['size']['persons']:,} persons,"
        f" request {sizes['request']:,.0f} bytes, response {sizes['response']:,.0f} bytes",
        f"{'verified':<12} {document['verified']['receipts']} receipts,"
        f" {document['verified']['entries']:,} entries",
        sep="\n",
    )
    _console.print(_rates(document))
    if document["echo"]["busy"]["median"] < _FULL:
        _console.print("The load generator, not the echo, was the limit: compare the CPU a call takes.")
    _console.print(_steps(document))
    _console.print(_processor(document))
    for thread, profile in document["steps"]["profiled"]["profile"].items():
        _console.print(_profile(thread, profile))


def _rates(document: dict[str, Any]) -> Table:
    rounds, concurrency = document["size"]["rounds"], document["size"]["concurrency"]
    table = Table(title=f"One core, {concurrency} at a time; median (least-most) of {rounds} rounds")
    for heading in ("", "calls a second", "p50 ms", "p99 ms", "server's CPU, µs a call", "busy"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, title in (("echo", "bare gRPC echo"), ("exchange", "full exchange")):
        measured = document[name]
        table.add_row(
            title,
            _spread(measured["rate"], ",.0f"),
            _spread(measured["p50"], ".1f"),
            _spread(measured["p99"], ".1f"),
            _spread(measured["cost"], ",.0f"),
            f"{measured['busy']['median']:.0%}",
        )
    ratio = {k: 100 * v for k, v in document["ratio"].items()}
    costs = document["exchange"]["cost"]["median"] / document["echo"]["cost"]["median"]
    table.add_row(
        "exchange of echo", f"{_spread(ratio, '.1f')} %", "", "", f"{costs:.1f} times", end_section=True
    )
    half = document["half"]
    table.add_row(
        "exchange at half load",
        f"{half['rate']:,.0f}",
        f"{half['p50']:.2f}",
        f"{half['p99']:.2f}",
        f"{half['cost']:,.0f}",
        f"{half['busy']:.0%}",
    )
    table.add_row("p99 of p50", "", "", f"{half['p99'] / half['p50']:.1f} (aim: < {_AIM})")
    return table


def _steps(document: dict[str, Any]) -> Table:
    runs = {name: document["steps"][name] for name in ("alone", "half", "saturated")}
    table = Table(title="Where an exchange's time goes, median µs of each step")
    table.add_column("")
    for name in runs:
        table.add_column(name, justify="right")
    for step in STEPS:
        table.add_row(step, *(f"{r['steps'][step]['median']:,.0f}" for r in runs.values()))
    rest = []
    for r in runs.values():
        inside = sum(r["steps"][step]["median"] for step in STEPS)
        rest.append(f"{1000 * r['result']['p50'] - inside:,.0f}")
    table.add_row("reply, and gRPC both ways", *rest, end_section=True)
    table.add_row("whole call", *(f"{1000 * r['result']['p50']:,.0f}" for r in runs.values()))
    return table


def _processor(document: dict[str, Any]) -> Table:
    runs = {name: document["steps"][name] for name in ("alone", "half", "saturated")}
    table = Table(title="What an exchange costs in processor time, µs by thread")
    table.add_column("")
    for name in runs:
        table.add_column(name, justify="right")
    threads = sorted({thread for r in runs.values() for thread in r["cpu"]})
    for thread in threads:
        table.add_row(thread, *(f"{r['cpu'].get(thread, 0):,.0f}" for r in runs.values()))
    table.add_section()
    table.add_row("all", *(f"{sum(r['cpu'].values()):,.0f}" for r in runs.values()))
    return table


def _profile(thread: str, profile: dict[str, Any]) -> Table:
    table = Table(title=f"Profile of the {thread} (shares under cProfile)")
    table.add_column("part")
    table.add_column("share", justify="right")
    table.add_column("function")
    table.add_column("share", justify="right")
    parts = [(part, f"{share:.0%}") for part, share in profile["parts"].items()]
    functions = [(f["function"][:70], f"{f['share']:.1%}") for f in profile["functions"]]
    for n in range(max(len(parts), len(functions))):
        table.add_row(
            *(parts[n] if n < len(parts) else ("", "")),
            *(functions[n] if n < len(functions) else ("", "")),
        )
    return table


def _spread(value: dict[str, float], form: str) -> str:
    return f"{value['median']:{form}} ({value['least']:{form}}-{value['most']:{form}})"
