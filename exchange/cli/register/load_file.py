"""`hjemmel register load-file`: a register's file download, into the table that a broker reads."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from adapters.catalogue import load_catalogue
from exchange.cli.config import config_option
from exchange.cli.output import CommandError, console, json_option, progress, result
from exchange.config import load as load_settings


@click.command("load-file")
@click.argument("dataset")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@click.option("--delta", is_flag=True, help="The file holds only what changed since another one.")
@click.option(
    "--metadata",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The download's metadata file: expected count, digest, number, as the catalogue says.",
)
@click.option("--rows", type=int, help="How many rows the file must have.")
@click.option("--sha256", help="Digest that the file must have, hex.")
@click.option("--taken", help="When the register wrote the file, RFC 3339; without it, now.")
@click.option("--number", help="Which file of the register's this is.")
@click.option("--follows", help="Number of the file that a delta goes on from.")
@click.option(
    "--most-refused", default=0, show_default=True, help="How many rows may be refused; with more, all are."
)
@click.option("--dry-run", is_flag=True, help="Do all but the last step: what is served stays as it is.")
@json_option
def load_file(
    dataset: str,
    file: Path,
    config_path: Path,
    delta: bool,
    metadata: Path | None,
    most_refused: int,
    dry_run: bool,
    as_json: bool,
    **told: Any,
) -> None:
    """Load FILE into the table of DATASET, whose catalogue entry is of kind `snapshot`.

    What is served changes in one step, or not at all. Run it again after whatever went wrong.
    """
    from adapters.kinds import snapshot  # noqa: PLC0415  # loads a database
    from adapters.kinds.snapshot.entry import entry_of  # noqa: PLC0415
    from adapters.kinds.snapshot.metadata import Expected, expected_of  # noqa: PLC0415
    from exchange.wiring import register_url  # noqa: PLC0415  # loads a broker

    settings = load_settings(config_path)
    described = load_catalogue(own=settings.registers.catalogue or None).datasets.get(dataset)
    if described is None or described.source.kind != "snapshot":
        raise CommandError(
            f"{dataset} is no dataset of kind snapshot in the catalogue: see registers.catalogue"
        )
    expected = expected_of(metadata, entry_of(described)) if metadata else Expected()
    expected = replace(expected, **{name: value for name, value in told.items() if value is not None})
    url = register_url(settings, described.register)
    load = snapshot.Load(file, described, url, expected, delta, most_refused, dry_run)
    try:
        with progress(f"Loading {file.name}", quiet=as_json) as advance:
            report = snapshot.load_file(load, advance)
    except snapshot.SnapshotError as error:
        raise CommandError(str(error), error.details) from error
    document = asdict(report)

    def render() -> None:
        console.print(_headline(document, dry_run=dry_run), markup=False)
        for name in ("new", "ended", "gone", "late", "contradicting", "overlapping", "ahead"):
            if document[name]:
                console.print(f"  {name:<14}{document[name]:>12,}", markup=False)
        for reason, count in document["refused"].items():
            lines = ", ".join(map(str, document["lines"][reason]))
            console.print(f"  refused: {reason}: {count:,} (lines {lines})", markup=False)
        if document["fields_unknown"]:
            console.print(f"  fields not read: {', '.join(document['fields_unknown'])}", markup=False)

    result(as_json, document, render)


def _headline(document: dict[str, Any], *, dry_run: bool) -> str:
    if not document["applied"] and not dry_run:
        return f"{document['dataset']}: this file is loaded already; nothing changed"
    refused = sum(document["refused"].values())
    counted = f"{document['rows']:,} rows = {document['loaded']:,} loaded + {refused:,} refused"
    return f"{document['dataset']}: {counted}" + ("; dry run, nothing changed" if dry_run else "")
