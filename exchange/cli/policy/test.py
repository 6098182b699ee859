"""`hjemmel policy test`: the policies' own tests."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.output import console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.policy import rego_tests


@click.command()
@folder_argument
@json_option
def test(folder: Path, as_json: bool) -> None:
    """Run the policies' own tests on the embedded engine."""
    outcomes = rego_tests.run(folder)
    failed = [o for o in outcomes if not o.passed]
    document = {"passed": len(outcomes) - len(failed), "failed": [o.name for o in failed]}

    def render() -> None:
        for outcome in failed:
            console.print(f"[bold red]✗[/] {outcome.name} {outcome.problem}")
        colour = "red" if failed else "green"
        console.print(f"[bold {colour}]{len(outcomes) - len(failed)} passed, {len(failed)} failed[/]")

    result(as_json, document, render)
    if failed or not outcomes:
        raise click.exceptions.Exit(1)
