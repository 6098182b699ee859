"""`hjemmel register quality`: where registers disagree, counted, and nobody named."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click
from rich import box
from rich.table import Table

from adapters.catalogue import load_catalogue
from adapters.port import AsOf, Catalogue, Mandate
from adapters.quality import Comparison, ComparisonError, Counted, Outcome, Published, count, load, withhold
from exchange import wiring
from exchange.cli.config import config_option
from exchange.cli.output import CommandError, console, json_option, progress, result
from exchange.config import Settings
from exchange.config import load as load_settings
from exchange.errors import Failed
from exchange.policy import policy_set
from exchange.workbench.names import Names
from exchange.workbench.quality_document import OUTCOMES, Report, quality_csv, quality_document, told
from exchange.workbench.quality_page import quality_page

_WITHHELD = "*"
_file = click.Path(path_type=Path, dir_okay=False)
_existing = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option(
    "--provider",
    "providers",
    metavar="CVR",
    multiple=True,
    required=True,
    help="Whose registers are gone through, and on whose behalf; repeat for each.",
)
@click.option("--comparison", "only", metavar="NAME", multiple=True, help="Only this one; repeat for each.")
@click.option(
    "--comparisons", "files", type=_existing, multiple=True, help="TOML file with comparisons of your own."
)
@click.option(
    "--threshold",
    type=click.IntRange(min=3),
    default=5,
    show_default=True,
    help="The smallest number but 0 that is shown.",
)
@click.option(
    "--timeout", default=30.0, show_default=True, help="Seconds that a register may take to answer."
)
@click.option("--csv", "as_csv", type=_file, help="Write the numbers to a CSV file.")
@click.option("--html", type=_file, help="Write them as a page, complete in one file.")
@config_option
@json_option
def quality(
    providers: tuple[str, ...],
    only: tuple[str, ...],
    files: tuple[Path, ...],
    threshold: int,
    timeout: float,
    as_csv: Path | None,
    html: Path | None,
    config_path: Path,
    as_json: bool,
) -> int:
    """Count where registers disagree; exit 1 where a register gave no answer.

    A provider goes through a register of its own and asks the others, with its own credentials and under
    its own duty to keep the register right. It does not go through the broker, and no subject is named: only
    numbers leave, and no small ones.
    """
    settings = load_settings(config_path)
    catalogue = load_catalogue(own=settings.registers.catalogue or None)
    comparisons = _chosen(catalogue, files, providers, only)
    now = datetime.now(UTC)
    with progress("Comparing registers", quiet=as_json) as advance:
        made: list[Counted] = []
        failed: list[tuple[Comparison, str]] = []
        for number, comparison in enumerate(comparisons):
            advance(number, len(comparisons))
            try:
                made.append(asyncio.run(_made(settings, comparison, AsOf(now, now), timeout)))
            except Failed as error:
                failed.append((comparison, error.reasons[0].code))
    report = Report(now, threshold, tuple(sorted(providers)), withhold(made, threshold), tuple(failed))
    names = Names(policy_set.load(settings.policy.folder), catalogue)
    _write(as_csv, "\ufeff" + quality_csv(report, names))  # spreadsheets take it for UTF-8 then
    _write(html, quality_page(report, names))
    result(as_json, quality_document(report, names), lambda: _show(report, names, [as_csv, html]))
    return int(bool(failed))


def _chosen(
    catalogue: Catalogue, files: Sequence[Path], providers: Sequence[str], only: Sequence[str]
) -> list[Comparison]:
    try:
        known = load(catalogue, files)
    except ComparisonError as error:
        raise CommandError(str(error)) from error
    if unknown := sorted(set(only) - {c.name for c in known}):
        raise CommandError(
            f"there is no comparison {unknown[0]}; there are {', '.join(c.name for c in known)}"
        )
    chosen = [c for c in known if c.own.dataset.provider in providers and (not only or c.name in only)]
    if not chosen:
        able = ", ".join(sorted({c.own.dataset.provider for c in known if not only or c.name in only}))
        raise CommandError(f"none of these is for {', '.join(providers)} to make; the providers are {able}")
    return chosen


async def _made(settings: Settings, comparison: Comparison, as_of: AsOf, timeout: float) -> Counted:
    own = comparison.own.dataset
    needed = {d.name: d for d in (own, *([comparison.other.dataset] if comparison.other else []))}
    registers = wiring.open_registers(settings, Catalogue.of(tuple(needed.values())))
    mandate = Mandate(
        own.provider, None, "register.quality", comparison.duty.citation, comparison.name, str(uuid4())
    )
    try:
        reached = wiring.connection(settings, own.register)
        return await count(comparison, reached, registers, mandate, as_of, timeout)
    finally:
        await registers.close()


def _write(file: Path | None, content: str) -> None:
    if file is None:
        return
    try:
        file.write_bytes(content.encode())
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error


def _show(report: Report, names: Names, files: Sequence[Path | None]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Comparison")
    table.add_column("Compared", justify="right")
    table.add_column("Outcome")
    table.add_column("Subjects", justify="right")
    table.add_column("‰", justify="right")
    for row in report.rows:
        _rows(table, row)
    console.print(table)
    for one in told(report):
        withheld = f", numbers withheld in {one.withheld}" if one.withheld else ""
        console.print(
            f"tell {names.authority(one.provider)}: at least {one.at_least} findings, "
            f"in {len(one.rows)} comparisons{withheld}",
            markup=False,
        )
    console.print(
        f"{_WITHHELD} withheld: from 1 to {report.threshold - 1}, or it would give such a number away. "
        "Neither register is assumed right."
    )
    for comparison, code in report.not_made:
        console.print(f"[bold red]not made[/] {comparison.name}: {code}")
    for file in filter(None, files):
        console.print(f"written to {file}", markup=False, soft_wrap=True)


def _rows(table: Table, row: Published) -> None:
    other = row.comparison.other
    against = f" against {other.dataset.name}" if other else ""
    heading = f"{row.comparison.title.en}\n{row.comparison.own.dataset.name}{against}"
    total = _WITHHELD if row.total is None else str(row.total)
    shown = [(o, n) for o, n in row.counts.items() if n != 0 and o is not Outcome.AGREES]
    if not shown:
        table.add_row(heading, total, "all agree", "", "")
    for outcome, number in shown:
        share = row.per_mille(outcome)
        table.add_row(
            *(heading, total, OUTCOMES[outcome].en),
            *(_WITHHELD if number is None else str(number), _WITHHELD if share is None else f"{share:.1f}"),
        )
        heading = total = ""
