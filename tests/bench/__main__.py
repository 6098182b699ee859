"""Measures one exchange against a bare echo: `python -m tests.bench [--quick]`."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from tests.bench import machine, report
from tests.bench.messages import WORKLOADS
from tests.bench.plan import FULL, QUICK, Bench

_RESULTS = Path(__file__).parents[2] / ".benchmarks"


@click.command()
@click.option("--quick", is_flag=True, help="About a minute, on small registers.")
@click.option(
    "--workload",
    type=click.Choice(["mixed", *WORKLOADS]),
    default="mixed",
    show_default=True,
    help="What is asked; mixed takes the others in turns.",
)
def main(quick: bool, workload: str) -> None:  # noqa: FBT001  # click passes flags so
    """Measure one exchange against a bare echo, on one core."""
    document = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.description()}
    with tempfile.TemporaryDirectory(prefix="hjemmel-bench-") as folder:
        document |= Bench(Path(folder), QUICK if quick else FULL, workload).run(report.progress)
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    report.show(document)
    report.progress(f"written to {path}")


if __name__ == "__main__":
    main()
