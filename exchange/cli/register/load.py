"""`hjemmel register load`: real rows beside the generated ones."""

from __future__ import annotations

from pathlib import Path

import click

from adapters import registers
from exchange.cli.output import console, json_option, progress, result


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def load(source: Path, folder: Path, as_json: bool) -> None:
    """Load real rows of BBR and DAR from SOURCE (NDJSON.gz) beside those in FOLDER.

    SOURCE holds bbr/Enhed.ndjson.gz and so on. Loading twice changes nothing.
    """
    with progress("Reading real rows", quiet=as_json) as advance:
        report = registers.load_real(source, folder, advance)
    files = [
        {
            "file": f.file,
            "dataset": f.dataset,
            "read": f.read,
            "written": f.written,
            "replaced": f.replaced,
            "rejected": dict(f.rejected),
        }
        for f in report.files
    ]

    def render() -> None:
        for f in report.files:
            console.print(
                f"  {f.dataset:<14}{f.read:>8,} read {f.written:>8,} written {f.replaced:>8,} replaced"
                f" {sum(dict(f.rejected).values()):>5,} rejected",
                markup=False,
            )

    result(as_json, {"files": files}, render)
