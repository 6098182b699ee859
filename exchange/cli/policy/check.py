"""`hjemmel policy check`: whether a policy set holds."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.output import console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine


@click.command()
@folder_argument
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
