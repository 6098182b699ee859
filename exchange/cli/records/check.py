"""`hjemmel records check`: an authority's own copy, held against everything else that is known."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from exchange.cli.log_published import ca_option, published
from exchange.cli.output import CommandError, console, json_option, progress, read_vkey, result
from exchange.cli.records import store_option
from exchange.records.check import Against, Report
from exchange.records.check import check as check_copy
from exchange.records.findings import Finding
from exchange.records.store import OwnStore

_SHOWN = 20  # a screenful


@click.command()
@store_option
@click.option(
    "--vkey",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the log's public key, got from somewhere you trust.",
)
@click.option(
    "--tiles", metavar="FOLDER|URL", help="The published log: a folder of tiles, or a server's URL."
)
@ca_option
@click.option(
    "--receipts",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of receipts (.tlog-proof) that one's own client kept.",
)
@click.option(
    "--access-log",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What one's own register served, as provider: CSV or NDJSON with request_id; nothing else is read.",
)
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write proofs to that anyone can check: receipts, checkpoints, fork evidence.",
)
@json_option
def check(
    store: str,
    vkey: Path,
    tiles: str | None,
    ca: Path | None,
    receipts: Path | None,
    access_log: Path | None,
    evidence: Path | None,
    as_json: bool,
) -> None:
    """Hold one's own copy against itself, the published log, receipts, and one's own access log.

    Says what is missing, where, and on which side. Exit status 1 when something does not agree.
    """
    log = read_vkey(vkey)
    if store.startswith("sqlite:///") and not Path(store.removeprefix("sqlite:///")).exists():
        raise CommandError(f"there is no copy at {store.removeprefix('sqlite:///')}: hjemmel records follow")
    against = Against(published(tiles, ca) if tiles else None, receipts, access_log)
    with closing(OwnStore.open(store)) as copy, progress("Comparing entries", quiet=as_json) as advance:
        report = check_copy(copy, log, against, advance)
    written = [_write(finding, evidence) for finding in report.findings] if evidence else []
    result(as_json, _document(report, written), lambda: _render(report, evidence))
    if report.findings:
        raise click.exceptions.Exit(1)


def _write(finding: Finding, folder: Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in finding.evidence.items():
        (folder / name).write_text(text, "utf-8")
    return [str(folder / name) for name in finding.evidence]


def _document(report: Report, written: list[list[str]]) -> dict[str, Any]:
    compared = report.compared
    files = written or [[] for _ in report.findings]
    return {
        "agrees": not report.findings,
        "authority": report.authority,
        "records": report.records,
        "complete_to": report.copy.end,
        "published": compared.log.size if compared and compared.log else None,
        "concerning": compared.concerning if compared else None,
        "not_followed_yet": compared.newer if compared else None,
        "receipts": report.receipts,
        "reads": report.reads,
        "findings": [
            {"kind": f.kind.value, "place": f.place, "index": f.index, "problem": f.problem, "evidence": e}
            for f, e in zip(report.findings, files, strict=True)
        ],
    }


def _render(report: Report, evidence: Path | None) -> None:
    console.print(
        f"copy        {report.records} records of {report.authority}, up to entry {report.copy.end}"
    )
    compared = report.compared
    if compared and compared.log:
        newer = f", and {compared.newer} more that are not followed yet" if compared.newer else ""
        console.print(
            f"published   {compared.log.size} entries, signed; {compared.concerning} of this side{newer}"
        )
        if compared.log.size < report.copy.end:
            console.print(
                f"            what the copy has from entry {compared.log.size} on is not published yet"
            )
    if report.receipts:
        console.print(f"receipts    {report.receipts} hold")
    if report.reads:
        console.print(f"access log  {report.reads} reads")
    for finding in report.findings[:_SHOWN]:
        console.print(
            f"[bold red]✗[/] {escape(finding.place)}: {escape(finding.problem)} ({finding.kind.value})"
        )
    if len(report.findings) > _SHOWN:
        console.print(f"  and {len(report.findings) - _SHOWN} more findings")
    if not report.findings:
        console.print("[bold green]All agrees.[/]")
        return
    console.print(f"[bold red]{len(report.findings)} findings.[/]", end=" ")
    where = f"What proves them is in {evidence}." if evidence else "--evidence writes what proves them."
    console.print(where, markup=False)
