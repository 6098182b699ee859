"""`hjemmel policy rollback`: an earlier policy set, in force again."""

from __future__ import annotations

from pathlib import Path

import click

from audit.storage.policies import Action
from exchange.cli.config import config_option
from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.policy.archive import archive_of, note_option, now, outcome, taken_up, wait_option


@click.command()
@click.argument("revision", required=False)
@config_option
@note_option
@wait_option
@json_option
def rollback(revision: str | None, config_path: Path, note: str, wait: float, as_json: bool) -> None:
    """Put an earlier revision in force again: the one before, or REVISION (its beginning will do).

    It comes from the archive, so that nothing but the log's database is needed.
    """
    with archive_of(config_path) as archive:
        state = archive.state()
        wanted = archive.find(revision) if revision else state.previous
        if not wanted:
            raise CommandError("there is no earlier revision to go back to: see hjemmel policy revisions")
        event = archive.put_in_force(wanted, None, now(), note, Action.ROLL_BACK)
        entry = taken_up(archive, event, wait)
    document = {"revision": wanted, "previous": state.active or None, "entry": entry}

    def render() -> None:
        console.print(f"in force   {wanted}")
        console.print(f"before     {state.active or 'none'}")
        console.print(outcome(event, entry))

    result(as_json, document, render)
