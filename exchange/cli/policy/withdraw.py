"""`hjemmel policy withdraw`: a policy set that must never decide again."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.config import config_option
from exchange.cli.output import console, json_option, result
from exchange.cli.policy.archive import archive_of, note_option, now, outcome, taken_up, wait_option


@click.command()
@click.argument("revision")
@config_option
@note_option
@wait_option
@json_option
def withdraw(revision: str, config_path: Path, note: str, wait: float, as_json: bool) -> None:
    """Bar REVISION (its beginning will do) from ever deciding again.

    Where it is in force, the one before takes its place. What it decided can still be read and replayed.
    """
    with archive_of(config_path) as archive:
        wanted = archive.find(revision)
        events = archive.withdraw(wanted, now(), note)
        entry = taken_up(archive, events[-1], wait)
        active = archive.state().active
    document = {"withdrawn": wanted, "revision": active, "entry": entry}

    def render() -> None:
        console.print(f"withdrawn  {wanted}")
        console.print(f"in force   {active}")
        console.print(outcome(events[-1], entry))

    result(as_json, document, render)
