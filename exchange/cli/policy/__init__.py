"""`hjemmel policy`: the policy author's workbench."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.lazy import lazy
from exchange.config import DEFAULT_POLICIES

_COMMANDS = {
    "new": "Make a rule for a law: module, test, legal basis, purpose.",
    "check": "Check a policy folder: it compiles, and what it names is there.",
    "test": "Run the policies' own tests on the embedded engine.",
    "matrix": "Show what the policies permit, and what a change of them changes.",
    "explain": "Explain one decision, condition by condition, and find the nearest lawful request.",
    "publish": "Put a policy set in force, without a restart.",
    "rollback": "Put an earlier revision in force again.",
    "withdraw": "Bar a revision from ever deciding again.",
    "revisions": "Show what was in force, and when.",
    "simulate": "Have a candidate decide beside the set in force, on live requests.",
    "replay": "Decide recorded requests again: as they were, and as a candidate would.",
    "index": "Write the index of the laws, after one was added, renamed or removed.",
    "bundle": "Pack a policy set as a bundle for an OPA server.",
}

folder_argument = click.argument(
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=DEFAULT_POLICIES,
)


@click.group(cls=lazy("exchange.cli.policy", _COMMANDS))
def policy() -> None:
    """Write, check, test, explain, replay and publish policies."""
