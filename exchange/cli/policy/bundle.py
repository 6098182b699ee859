"""`hjemmel policy bundle`: a policy set as a bundle for an OPA server."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine


@click.command()
@folder_argument
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
