"""`hjemmel register`: generated registers, real rows from files, schemas, and simulators."""

from __future__ import annotations

from pathlib import Path

import click

from adapters import registers
from exchange.cli.output import console, json_option, progress, result
from exchange.cli.register_conformance import conformance
from exchange.cli.register_sdl import import_sdl
from exchange.cli.register_simulate import simulate
from exchange.cli.register_simulate_rest import simulate_rest


@click.group()
def register() -> None:
    """Make, load, describe or simulate registers."""


register.add_command(import_sdl)
register.add_command(simulate)
register.add_command(simulate_rest)
register.add_command(conformance)


@register.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--persons", default=10_000, show_default=True, help="How many persons; at least 29.")
@json_option
def generate(folder: Path, persons: int, as_json: bool) -> None:
    """Generate registers about invented people into SQLite files in FOLDER.

    The same number of persons gives the same registers everywhere; their digest tells.
    """
    try:
        made = registers.generate(persons)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--persons") from error
    folder.mkdir(parents=True, exist_ok=True)
    with progress("Writing registers", quiet=as_json) as advance:
        registers.write(made, folder, advance)
    rows = {name: len(table.rows) for name, table in sorted(made.tables.items())}
    document = {"folder": str(folder), "digest": registers.digest(made), "rows": rows}

    def render() -> None:
        for name, count in rows.items():
            console.print(f"  {name:<22}{count:>9,} rows", markup=False)
        console.print(f"SHA-256 {document['digest']}", markup=False)

    result(as_json, document, render)


@register.command()
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
