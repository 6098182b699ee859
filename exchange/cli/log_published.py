"""`hjemmel log import-check`, and what `hjemmel log verify` does with a published log."""

from __future__ import annotations

from pathlib import Path

import click

from audit.publishing.import_check import Comparison, Relation, compare
from audit.publishing.published import Folder, Published, Served
from audit.verification import last_verified
from audit.verification.verify_tiles import TilesReport, verify_tiles
from exchange.cli.config import config_option
from exchange.cli.log_findings import plain, show_checkpoint, show_findings, show_verdict
from exchange.cli.log_opening import opened, told, url_option, vkey_option
from exchange.cli.output import CommandError, console, json_option, progress, read_vkey, result

_RELATIONS = {
    Relation.EQUAL: "The copy is equal to the log.",
    Relation.PREFIX: "The copy is what the log began with.",
    Relation.AHEAD: "The copy has more than the log.",
    Relation.DIFFERENT: "The copy and the log differ.",
}

ca_option = click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="PEM file with who vouches for a server that is read over HTTPS.",
)


def published(place: str, authorities: Path | None = None) -> Published:
    """Names a published log: a folder, or the URL of a server.

    Raises:
        CommandError: there is no such folder.
    """
    if place.startswith(("http://", "https://")):
        return Served(place, authorities)
    if not Path(place).is_dir():
        raise CommandError(f"there is no folder at {place}")
    return Folder(Path(place))


@click.command()
@click.argument("place", metavar="FOLDER")
@config_option
@url_option
@vkey_option
@ca_option
@json_option
def import_check(
    place: str, config_path: Path, url: str | None, vkey: Path | None, ca: Path | None, as_json: bool
) -> None:
    """Compare a copy of the log, in FOLDER or at a URL, with the log: its checkpoint and its entries.

    Exit status 1, and where they part, when the copy is neither equal to the log nor its beginning.
    """
    log = opened(config_path, url, vkey)
    source = published(place, ca)
    with progress("Comparing entries", quiet=as_json) as advance, told(log.engine):
        compared = compare(log.engine, log.verifier, source, advance)
    document = {
        "agree": compared.agree,
        "relation": compared.relation.value,
        "copy": {"size": compared.copy.size, "root": compared.copy.root.hex()},
        "log": {"size": compared.log.size, "root": compared.log.root.hex()},
        "compared": compared.compared,
        "findings": plain(compared.findings),
    }
    result(as_json, document, lambda: _render_comparison(compared))
    if not compared.agree:
        raise click.exceptions.Exit(1)


def _render_comparison(compared: Comparison) -> None:
    console.print(f"copy  {compared.copy.size} entries, signed", markup=False)
    console.print(f"log   {compared.log.size} entries, signed", markup=False)
    show_findings(compared.findings)
    console.print(_RELATIONS[compared.relation], style="bold green" if compared.agree else "bold red")


def verify_published(place: str, vkey: Path, since: Path | None, ca: Path | None, as_json: bool) -> None:
    """Verifies a published log and prints what was found.

    Raises:
        CommandError: there is none.
        Exit: it does not hold.
    """
    verifier = read_vkey(vkey)
    old = last_verified.read(since, verifier) if since else None
    with progress("Verifying entries", quiet=as_json) as advance:
        report = verify_tiles(published(place, ca), verifier, old, progress=advance)
    if since and report.holds:
        last_verified.write(since, report.note)
    document = {
        "holds": report.holds,
        "entries": report.entries,
        "since": report.since,
        "size": report.checkpoint.size if report.checkpoint else None,
        "root": report.checkpoint.root.hex() if report.checkpoint else None,
        "findings": plain(report.findings),
    }
    result(as_json, document, lambda: _render(report))
    if not report.holds:
        raise click.exceptions.Exit(1)


def _render(report: TilesReport) -> None:
    if report.checkpoint:
        show_checkpoint(report.checkpoint)
    console.print(f"entries     {report.entries} read", markup=False)
    show_verdict(report.findings)
