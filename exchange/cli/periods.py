"""`hjemmel log close-period` and `periods`: the periods of a log, and what its owner is asked to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from rich.table import Table

from audit.completeness import asked, rows
from audit.completeness.asked import What
from audit.completeness.rows import Standing
from exchange.cli.config import config_option
from exchange.cli.erasure import own_option, owned
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, console, json_option, result
from exchange.config import Settings, load

_EVERY = 0.1  # seconds

wait_option = click.option(
    "--wait", default=60.0, show_default=True, help="Seconds to wait until the broker has done it."
)


@click.command("close-period")
@config_option
@click.option(
    "--again",
    type=click.IntRange(0),
    metavar="ENTRY",
    help="Close the period that ENTRY closed under other keys, e.g. because its keys are lost.",
)
@wait_option
@own_option
@json_option
def close_period(config_path: Path, again: int | None, wait: float, own: bool, as_json: bool) -> None:
    """Close the period now: all that was recorded so far gets an index that the log commits to.

    A broker does so by itself (log.period), and after each erasure in a closed period. Exit status 1 when
    it is not done yet: the broker that next owns the log will.
    """
    settings = load(config_path)
    with opened_log(settings) as engine:
        if again is not None:
            with engine.connect() as connection:
                known = {period.entry for period in rows.standing(connection)}
            if again not in known:
                raise CommandError(f"entry {again} closes no period that stands: see hjemmel log periods")
        what, details = (What.CLOSE, "") if again is None else (What.AGAIN, str(again))
        entry = answered(settings, engine, what, details, wait, own=own)
        with engine.connect() as connection:
            period = next((p for p in rows.standing(connection) if p.entry == entry), None)
    document = {"done": entry is not None, "entry": entry, "period": _plain(period) if period else None}

    def show() -> None:
        if period:
            console.print(f"Closed: {_range(period)}; entry {entry} says so.", markup=False)
        elif entry is not None:
            console.print(f"Closed again already; entry {entry} was replaced.")
        else:
            console.print("Asked for; no broker has done it yet. The one that next owns the log will.")

    result(as_json, document, show)
    if entry is None:
        raise click.exceptions.Exit(1)


@click.command()
@config_option
@json_option
def periods(config_path: Path, as_json: bool) -> None:
    """List the closed periods: which entries, which times, which entry says so."""
    with opened_log(load(config_path)) as engine, engine.connect() as connection:
        found = rows.standing(connection)

    def show() -> None:
        table = Table(box=None, pad_edge=False)
        for heading in ("entries", "recorded after", "until", "closed by", ""):
            table.add_column(heading)
        for p in found:
            state = "" if p.key_id else "to be closed anew"
            table.add_row(f"{p.first}-{p.end - 1}", p.since or "-", p.until, str(p.entry), state)
        if found:
            console.print(table)
        console.print(f"{len(found)} closed")

    result(as_json, {"periods": [_plain(p) for p in found]}, show)


def answered(
    settings: Settings, engine: sa.Engine, what: What, details: str, wait: float, *, own: bool
) -> int | None:
    """Asks the owner of a log for something; gives the entry that says that it was done, once it does."""
    with engine.begin() as connection:
        number = asked.ask(connection, what, details)
    deadline = time.monotonic() + wait
    with owned(settings) if own else nullcontext():
        while True:
            with engine.connect().execution_options(read_only=True) as connection:
                entry = asked.answered(connection, number)
            if entry is not None or time.monotonic() >= deadline:
                return entry
            time.sleep(_EVERY)


@contextmanager
def opened_log(settings: Settings) -> Iterator[sa.Engine]:
    """Opens a log's database.

    Raises:
        CommandError: there is none, or it cannot be used.
    """
    engine = existing(settings.log.url)
    try:
        yield engine
    except sa.exc.SQLAlchemyError as error:
        kind = type(error).__name__
        raise CommandError(f"the log's database fails ({kind}): run this version's broker once") from error
    finally:
        engine.dispose()


def _plain(period: Standing) -> dict[str, Any]:
    return {
        "first": period.first,
        "end": period.end,
        "since": period.since,
        "until": period.until,
        "entry": period.entry,
        "stands": period.key_id is not None,
    }


def _range(period: Standing) -> str:
    since = f"after {period.since} and " if period.since else ""
    return f"entries {period.first} to {period.end - 1}, recorded {since}until {period.until}"
