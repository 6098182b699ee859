"""`hjemmel package check`: whether the policies would grant packages to an authority."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from adapters.catalogue import load_catalogue
from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.package import catalogue_option, packages_option
from exchange.cli.policy import folder_argument
from exchange.packages.load import load_packages
from exchange.policy import policy_set
from exchange.workbench.package_permits import Asked, PartPermit, permits_of


@click.command()
@click.argument("name")
@folder_argument
@click.option("--consumer", required=True, metavar="CVR", help="The authority that would ask.")
@click.option("--law-date", type=click.DateTime(["%Y-%m-%d"]), help="Whose law decides; today by default.")
@click.option("--consent", is_flag=True, help="The applicant's consent is cited.")
@packages_option
@catalogue_option
@json_option
def check(
    name: str,
    folder: Path,
    consumer: str,
    law_date: datetime | None,
    consent: bool,
    packages: Path | None,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """Tell whether the policies in FOLDER would grant the package NAME to an authority, and under what.

    Exit status 1 where they refuse a part that the task needs.
    """
    registers = load_catalogue(own=catalogue)
    found = load_packages(registers, packages)
    package = found.get(name)
    if package is None:
        raise CommandError(f"there is no package {name}, but {', '.join(sorted(found))}")
    now = datetime.now(UTC)
    day = law_date or now
    asked = Asked(consumer, now, date(day.year, day.month, day.day), consent)
    permits = list(permits_of(package, policy_set.load(folder), registers, asked))
    holds = all(p.granted for p in permits if p.part.needed)
    document = {
        "package": name,
        "digest": package.digest,
        "holds": holds,
        "parts": [_row(p) for p in permits],
    }
    result(as_json, document, lambda: _render(permits))
    if not holds:
        raise click.exceptions.Exit(1)


def _row(permit: PartPermit) -> dict[str, Any]:
    return {
        "part": permit.part.name,
        "needed": permit.part.needed,
        "granted": permit.granted,
        "agreement": permit.agreement or None,
        "reasons": [{"code": r.code, "en": r.text_en, "da": r.text_da} for r in permit.reasons],
        "obligations": list(permit.obligations),
    }


def _render(permits: list[PartPermit]) -> None:
    table = Table(expand=True)
    table.add_column("Part", ratio=3)
    table.add_column("Law", ratio=2)
    table.add_column("Agreement", ratio=3)
    table.add_column("The policies say", ratio=6)
    for permit in permits:
        part = permit.part
        table.add_row(part.name, part.legal_basis, permit.agreement or "none", _said(permit))
    console.print(table)
    cite = [f"--agreement {p.part.name}={p.agreement}" for p in permits if p.granted]
    console.print(f"To cite: {' '.join(cite)}", markup=False, soft_wrap=True)


def _said(permit: PartPermit) -> str:
    if permit.granted:
        duties = f" [dim]{', '.join(permit.obligations)}[/]" if permit.obligations else ""
        return f"[green]✔ granted[/]{duties}"
    if not permit.agreement:
        return "[red]✗ no agreement with the provider has this dataset[/]"
    codes = ", ".join(dict.fromkeys(r.code for r in permit.reasons))
    return f"[red]✗ {codes}[/]\n[dim]{escape(permit.reasons[0].text_en)}[/]"
