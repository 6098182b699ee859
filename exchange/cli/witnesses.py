"""`hjemmel log witnesses`: who cosigned what of this log, and how long ago."""

from __future__ import annotations

import time
from pathlib import Path

import click
import sqlalchemy as sa
from rich.table import Table

from audit.errors import LogError
from audit.formats import checkpoint, note
from audit.formats.merkle import verify_consistency
from audit.reading.reader import LogReader
from audit.witness.cosigned import WitnessState
from exchange.cli.config import config_option
from exchange.cli.opening import open_log
from exchange.cli.output import CommandError, console, json_option, result

_UNITS = ((86_400, "days"), (3600, "hours"), (60, "minutes"))


@click.command()
@config_option
@json_option
def witnesses(config_path: Path, as_json: bool) -> None:
    """Show which witnesses cosigned which checkpoint, how long ago, and what any of them objects to.

    Exit status 1 when a cosigned checkpoint is not one of this log as it stands: history was rewritten.
    """
    try:
        log = open_log(config_path)
        head, states, signed = log.checkpoint(), log.witnesses(), log.cosigned_checkpoint()
        problem = _problem(log, [s for s in (signed, *(w.signed_checkpoint for w in states)) if s])
    except sa.exc.SQLAlchemyError as error:
        raise CommandError(f"the log cannot be read: {type(error).__name__}") from error
    size = checkpoint.parse(note.parse(signed).text).size if signed else None
    now = int(time.time())
    document = {
        "size": head.size,
        "cosigned_size": size,
        "problem": problem,
        "witnesses": [
            {
                "witness": w.witness,
                "url": w.url,
                "size": w.size,
                "cosigned": w.time,
                "asked": w.asked,
                "problem": w.problem,
            }
            for w in states
        ],
    }

    def show() -> None:
        _table(states, now)
        where = "no checkpoint is cosigned" if size is None else f"cosigned up to entry {size}"
        console.print(f"{where}, of {head.size}", markup=False)
        if problem:
            console.print(f"[bold red]✗[/] {problem}")

    result(as_json, document, show)
    if problem:
        raise click.exceptions.Exit(1)


def _problem(log: LogReader, cosigned: list[str]) -> str | None:
    """Holds the log to every checkpoint that was cosigned of it."""
    head = log.checkpoint()
    for signed in cosigned:
        try:
            old = checkpoint.verify(signed, log.verifier)
            proof = log.consistency(old.size, head.size)
            verify_consistency(old.size, head.size, proof, old.root, head.root)
        except LogError as error:
            return f"the log is not the one that was cosigned: {error}"
    return None


def _table(states: list[WitnessState], now: int) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("witness", "entries", "cosigned", "problem"):
        table.add_column(heading, overflow="fold")
    for state in states:
        age = "never" if state.time is None else f"{_ago(now - state.time)} ago"
        table.add_row(state.witness, str(state.size), age, state.problem or "-")
    if states:
        console.print(table)


def _ago(seconds: int) -> str:
    for unit, name in _UNITS:
        if seconds >= 2 * unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} seconds"
