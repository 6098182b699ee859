"""`hjemmel package show`: what packages ask for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from adapters.catalogue import load_catalogue
from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.package import catalogue_option, packages_option
from exchange.packages.load import load_packages
from exchange.packages.model import Package, Part


@click.command()
@click.argument("name", required=False)
@packages_option
@catalogue_option
@json_option
def show(name: str | None, packages: Path | None, catalogue: Path | None, as_json: bool) -> None:
    """Show what a package asks for, and its digest; without a NAME, all packages."""
    found = load_packages(load_catalogue(own=catalogue), packages)
    if name is None:
        document = {"packages": [_document(p) for _, p in sorted(found.items())]}
        result(as_json, document, lambda: _list(found))
        return
    package = found.get(name)
    if package is None:
        raise CommandError(f"there is no package {name}, but {', '.join(sorted(found))}")
    result(as_json, _document(package), lambda: _show(package))


def _list(packages: Mapping[str, Package]) -> None:
    table = Table("Package", "Title", "Parts", "Digest")
    for name, package in sorted(packages.items()):
        table.add_row(name, package.title.en, str(len(package.terms.parts)), package.digest[:16] + "…")
    console.print(table)


def _show(package: Package) -> None:
    console.print(f"[bold]{package.name}[/]: {escape(package.title.en)} ({escape(package.title.da)})")
    console.print(f"digest {package.digest}", soft_wrap=True)
    table = Table(show_lines=True, expand=True)
    table.add_column("Part", ratio=4)
    table.add_column("Asks", ratio=5)
    table.add_column("About", ratio=5, overflow="fold")
    table.add_column("Under", ratio=5, overflow="fold")
    for part in package.terms.parts:
        told = package.told[part.name]
        need = "" if part.needed else "\n[dim]wanted, not needed[/]"
        table.add_row(
            f"[bold]{part.name}[/]\n{escape(told.title.en)}{need}",
            f"{part.dataset}\n[dim]{', '.join(part.attributes)}[/]",
            _about(part),
            f"{part.legal_basis}\n[dim]{part.purpose}[/]",
        )
    console.print(table)


def _about(part: Part) -> str:
    key = part.key
    if part.about_applicant:
        return f"the applicant\n[dim]{key.kind}[/]"
    lines = [f"{key.source}", f"[dim]as {part.role}, at most {key.most}[/]"]
    if key.exclude:
        lines.append(f"[dim]without {', '.join(map(str, key.exclude))}[/]")
    if key.leave_out:
        lines.append(f"[dim]nor anybody under {key.leave_out.age_below}[/]")
    return "\n".join(lines)


def _document(package: Package) -> dict[str, Any]:
    return {
        "name": package.name,
        "title": {"en": package.title.en, "da": package.title.da},
        "digest": package.digest,
        "terms": json.loads(package.text),
    }
