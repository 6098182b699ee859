"""`hjemmel log`: the audit log, looked at from outside the broker."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import orjson
import sqlalchemy as sa
from rich.table import Table

from audit.files import read_private
from audit.timestamps import timestamp
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.verification import last_verified
from audit.verification.verify import Report, verify_log
from audit.verification.verify_periods import Periods
from exchange.cli.backups import backup, restore
from exchange.cli.completeness import complete, verify_complete
from exchange.cli.config import config_option
from exchange.cli.erasure import erase, erasure_proof
from exchange.cli.fork_evidence import fork_evidence_command
from exchange.cli.log_findings import plain, show_checkpoint, show_verdict
from exchange.cli.log_opening import told
from exchange.cli.log_own import own
from exchange.cli.log_published import ca_option, import_check, verify_published
from exchange.cli.log_tiles import export, rebuild_tiles, serve
from exchange.cli.opening import existing, open_log
from exchange.cli.output import CommandError, console, json_option, progress, read_vkey, result
from exchange.cli.periods import close_period, periods
from exchange.cli.search import search
from exchange.cli.timestamps import configured_roots, timestamp_of, timestamps, tsa_root_option
from exchange.cli.vault_key import rotate_vault_key
from exchange.cli.witnesses import witnesses
from exchange.config import anchored_url, load


@click.group()
def log() -> None:
    """Look at the audit log."""


@log.command()
@config_option
@click.option("--url", help="Database of the log, instead of the configuration's.")
@click.option("--tiles", metavar="FOLDER", help="A published log instead: a folder of tiles, or a URL.")
@ca_option
@click.option(
    "--vkey",
    type=click.Path(path_type=Path, exists=True),
    help="File with the log's public key; needs no configuration and opens nothing sealed.",
)
@click.option(
    "--since",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the checkpoint that was last verified; only what is new is read. Kept up to date.",
)
@tsa_root_option
@json_option
def verify(
    config_path: Path,
    url: str | None,
    tiles: str | None,
    ca: Path | None,
    vkey: Path | None,
    since: Path | None,
    tsa_root: Path | None,
    as_json: bool,
) -> None:
    """Verify the whole log: every entry, tile and timestamp against the signed checkpoint.

    Without --vkey the sealed parts are opened too, and held to their commitments. Exit status 1, and
    the first bad place, when something does not hold.
    """
    if tiles is not None:
        if vkey is None or url is not None:
            raise click.UsageError("--tiles needs --vkey, and no --url")
        verify_published(tiles, vkey, since, ca, as_json=as_json)
        return
    if vkey is not None and url is None:
        raise click.UsageError("--vkey needs --url: the database to verify")
    keys = None
    roots = timestamp.read_roots(tsa_root) if tsa_root else ()
    if vkey is not None:
        verifier = read_vkey(vkey)
    else:
        settings = load(config_path)
        url = url or settings.log.url
        master = MasterKey(read_private(settings.vault.master_key))
        keys = SubjectKeys(existing(settings.vault.url), master)
        verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
        roots = roots or configured_roots(settings)
    engine = existing(anchored_url(url or "", Path.cwd()))
    old = last_verified.read(since, verifier) if since else None
    with progress("Verifying entries", quiet=as_json) as advance, told(engine):
        report = verify_log(engine, verifier, keys, advance, old, roots)
    if since and report.holds:
        last_verified.write(since, report.note)
    document = {
        "holds": report.holds,
        "entries": report.entries,
        "size": report.checkpoint.size if report.checkpoint else None,
        "root": report.checkpoint.root.hex() if report.checkpoint else None,
        "by_outcome": report.by_outcome,
        "sealed_opened": report.sealed,
        "sealed_erased": report.erased,
        "open_intentions": report.open_intentions,
        "open_erasures": report.open_erasures,
        "timestamps": report.timestamps,
        "timestamps_without_root": report.unrooted,
        "misdated": report.misdated,
        "periods": asdict(report.periods),
        "findings": plain(report.findings),
    }
    result(as_json, document, lambda: render(report))
    if not report.holds:
        raise click.exceptions.Exit(1)


@log.command()
@config_option
@json_option
def reviews(config_path: Path, as_json: bool) -> None:
    """Show what waits for a second person: exchanges that the law allows for urgent danger only."""
    try:
        waiting = open_log(config_path).to_review()
    except sa.exc.SQLAlchemyError as error:
        raise CommandError(f"the log cannot be read: {type(error).__name__}") from error
    document = {"waiting": [{"index": w.index, "entry": orjson.loads(w.leaf)} for w in waiting]}

    def show() -> None:
        table = Table(box=None, pad_edge=False)
        for heading in ("entry", "time", "authority", "purpose", "legal basis", "dataset", "attributes"):
            table.add_column(heading, overflow="fold")
        for w in waiting:
            e = w.entry
            released = ", ".join(e.attributes_released) or "-"
            table.add_row(str(w.index), e.time, e.consumer, e.purpose, e.legal_basis, e.dataset, released)
        if waiting:
            console.print(table)
        console.print(f"{len(waiting)} waiting for a second person")

    result(as_json, document, show)


def render(report: Report) -> None:
    """Prints a report for people."""
    if report.checkpoint:
        show_checkpoint(report.checkpoint)
    outcomes = ", ".join(f"{n} {outcome}" for outcome, n in sorted(report.by_outcome.items()))
    console.print(f"entries     {report.entries} read: {outcomes or 'none'}", markup=False)
    if report.sealed or report.erased:
        console.print(
            f"sealed      {report.sealed} opened and held to their commitments, {report.erased} erased",
            markup=False,
        )
    if report.open_intentions:
        console.print(f"intentions  {report.open_intentions} open", markup=False)
    if report.open_erasures:
        console.print(f"erasures    {report.open_erasures} asked for and not done", markup=False)
    if report.timestamps:
        console.print(f"timestamps  {report.timestamps} held to their roots and to the log", markup=False)
    if report.unrooted:
        console.print(
            f"timestamps  {report.unrooted} held to the log only: give --tsa-root to hold them to a root",
            markup=False,
        )
    if report.misdated:
        console.print(
            f"times       {report.misdated} outside of the timestamps around them: {report.first_misdated}",
            markup=False,
        )
    _render_periods(report.periods)
    show_verdict(report.findings)


def _render_periods(periods: Periods) -> None:
    if periods.closed:
        made = f"{periods.recomputed} indexes made again, " if periods.recomputed else ""
        anew = f"{periods.anew} to be closed anew, " if periods.anew else ""
        since = f"{periods.unclosed} entries since {periods.until}"
        console.print(f"periods     {periods.closed} closed, {made}{anew}{since}", markup=False)


for _command in (
    own,
    *(export, serve, import_check, rebuild_tiles),
    *(erase, erasure_proof, rotate_vault_key, backup, restore),
    *(close_period, periods, complete, verify_complete, search),
    *(witnesses, fork_evidence_command, timestamps, timestamp_of),
):
    log.add_command(_command)
