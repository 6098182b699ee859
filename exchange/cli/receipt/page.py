"""`hjemmel receipt page`: the page that verifies receipts."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.catalogue import catalogue_of, catalogue_option
from exchange.cli.config import config_option
from exchange.cli.output import console, json_option, read_vkey, result
from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from exchange.workbench.receipt_page import receipt_page


@click.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the page, e.g. verify.html.",
)
@click.option(
    "--vkey",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the log's public key, to fill in.",
)
@click.option(
    "--policies",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=DEFAULT_POLICIES,
    help="Policy set that names authorities, laws and tasks.",
)
@catalogue_option
@config_option
@json_option
def page(
    output: Path,
    vkey: Path | None,
    policies: Path,
    catalogue: Path | None,
    config_path: Path,
    as_json: bool,
) -> None:
    """Write a page that verifies receipts in a browser: one file, no server, no network."""
    log = read_vkey(vkey) if vkey else None
    known = catalogue_of(catalogue, config_path)
    output.write_text(receipt_page(policy_set.load(policies), known, log), "utf-8")
    document = {"page": str(output), "log": log.name if log else None}
    result(as_json, document, lambda: console.print(f"wrote {output}", markup=False, soft_wrap=True))
