"""`hjemmel register change`: something happens in a generated register."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from adapters.registers import changing
from exchange.cli.output import console, json_option, result


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("dataset")
@click.argument("key", metavar="KEY=VALUE")
@click.argument("values", metavar="ATTRIBUTE=VALUE...", nargs=-1, required=True)
@click.option("--effective", type=click.DateTime(), help="Since when it holds (UTC); by default from now on.")
@json_option
def change(
    folder: Path,
    dataset: str,
    key: str,
    values: tuple[str, ...],
    effective: datetime | None,
    as_json: bool,
) -> None:
    """Record a change in the generated registers in FOLDER: the old state stays, with an end.

    KEY=VALUE finds the records, e.g. personnummer=…; each ATTRIBUTE=VALUE is what holds from now on, nothing
    after the equals sign for no value. Somebody moves: husnummer=12 cprVejkode=0147.
    """
    try:
        since = effective.replace(tzinfo=UTC) if effective else None
        count = changing.change(folder, dataset, _pairs((key,)), _pairs(values), since)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    said = f"{count} record{'' if count == 1 else 's'} of {dataset} changed"
    result(as_json, {"dataset": dataset, "changed": count}, lambda: console.print(said, markup=False))


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    if not all("=" in text and text.partition("=")[0] for text in texts):
        raise ValueError("write each as NAME=VALUE")
    return pairs
