"""`hjemmel policy publish`: puts a policy set in force, on every broker of a log, without a restart."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.config import config_option
from exchange.cli.output import console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.cli.policy.archive import archive_of, note_option, now, outcome, taken_up, wait_option
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine


@click.command()
@folder_argument
@config_option
@note_option
@wait_option
@json_option
def publish(folder: Path, config_path: Path, note: str, wait: float, as_json: bool) -> None:
    """Put a folder's policy set in force, whole or not at all.

    The set is checked, archived in the log's database and named by its revision. Running brokers take it
    up within a second, between two requests, and an OPA server with the bundle that they serve.
    """
    policies = policy_set.load(folder)
    EmbeddedEngine(policies, timeout=60).close()
    _ = policies.texts
    with archive_of(config_path) as archive:
        before = archive.state().active
        event = archive.put_in_force(policies.revision, policies.bundle, now(), note)
        entry = taken_up(archive, event, wait)
    document = {"revision": policies.revision, "previous": before or None, "entry": entry}

    def render() -> None:
        console.print(f"in force   {policies.revision}")
        console.print(f"before     {before or 'none'}")
        console.print(outcome(event, entry))

    result(as_json, document, render)
