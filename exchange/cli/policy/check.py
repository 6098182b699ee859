"""`hjemmel policy check`: whether a policy set holds."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from exchange.cli.catalogue import catalogue_of, catalogue_option
from exchange.cli.config import config_option
from exchange.cli.output import console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.workbench import check as workbench
from exchange.workbench.check import Report
from exchange.workbench.findings import Severity

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


@click.command()
@folder_argument
@click.option("--strict", is_flag=True, help="Let warnings count as errors.")
@catalogue_option
@config_option
@json_option
def check(folder: Path, strict: bool, catalogue: Path | None, config_path: Path, as_json: bool) -> None:
    """Check a policy folder: it compiles, and what it names is there. Exit status 1 on errors."""
    report = workbench.check(folder, catalogue_of(catalogue, config_path))
    holds = report.holds(strict=strict)
    policies = report.policies
    document = {
        "holds": holds,
        "revision": policies.revision if policies else None,
        "modules": len(policies.modules) if policies else 0,
        "texts": len(policies.texts) if policies else 0,
        "data": sorted(policies.data) if policies else [],
        "findings": [finding.document() for finding in report.findings],
        "not_checked_by": list(report.missing),
    }
    result(as_json, document, lambda: _render(report, holds=holds))
    if not holds:
        raise click.exceptions.Exit(1)


def _render(report: Report, *, holds: bool) -> None:
    for finding in report.findings:
        colour = _COLOURS[finding.severity]
        place = f"{escape(finding.place)}: " if finding.place else ""
        console.print(
            f"{place}[bold {colour}]{finding.severity}[/] {escape(finding.problem)}", soft_wrap=True
        )
        console.print(f"  → {finding.remedy}", markup=False, soft_wrap=True)
    for name in report.missing:
        console.print(f"{name} is not installed: what it knows was not checked (make tools builds it)")
    if report.policies is not None:
        console.print(
            f"{len(report.policies.modules)} modules, {len(report.policies.texts)} texts of refusals"
        )
        console.print(f"revision {report.policies.revision}")
    colour, said = ("green", "holds") if holds else ("red", "does not hold")
    console.print(f"[bold {colour}]The policy set {said}.[/]")
