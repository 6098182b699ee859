"""`hjemmel policy`: check, test and pack a policy set."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.output import CommandError, console, json_option, result
from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set, rego_tests
from exchange.policy.embedded import EmbeddedEngine

_folder = click.argument(
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=DEFAULT_POLICIES,
)


@click.group()
def policy() -> None:
    """Check, test and pack policies."""


@policy.command()
@_folder
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Check that a policy set loads whole: schemas, modules, texts, allowed built-ins."""
    policies = policy_set.load(folder)
    EmbeddedEngine(policies, timeout=1)
    document = {
        "revision": policies.revision,
        "modules": len(policies.modules),
        "texts": len(policies.texts),
        "data": sorted(policies.data),
    }

    def render() -> None:
        console.print(f"{len(policies.modules)} modules, {len(policies.texts)} texts of refusals")
        console.print(f"revision {policies.revision}")
        console.print("[bold green]The policy set holds.[/]")

    result(as_json, document, render)


@policy.command()
@_folder
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


@policy.command()
@_folder
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write it.")
@json_option
def bundle(folder: Path, output: Path, as_json: bool) -> None:
    """Pack a policy set as a bundle for an OPA server. The same set gives the same bytes."""
    policies = policy_set.load(folder)
    EmbeddedEngine(policies, timeout=1)
    try:
        output.write_bytes(policies.opa_bundle())
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from error
    document = {"revision": policies.revision, "file": str(output)}
    result(as_json, document, lambda: console.print(f"{output}: revision {policies.revision}"))
