"""`hjemmel register generate`: registers about invented people."""

from __future__ import annotations

from pathlib import Path

import click

from adapters import registers
from exchange.cli.output import console, json_option, progress, result


@click.command()
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
