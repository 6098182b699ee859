"""What the commands about published policy sets share: the archive, and what its state looks like."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
import sqlalchemy as sa

from audit.storage import database
from audit.storage.policies import PolicyArchive, PolicyEvent
from exchange.cli.output import CommandError
from exchange.config import load
from exchange.model.request import timestamp

SHORT = 12  # characters of a revision that people read
_EVERY = 0.1  # seconds

note_option = click.option(
    "--note", default="", help="Why, in a sentence; it names nobody. Kept beside the archive."
)
wait_option = click.option(
    "--wait",
    default=10.0,
    show_default=True,
    help="Seconds to wait until a broker has taken it up; 0 does not wait.",
)


@contextmanager
def archive_of(config_path: Path) -> Iterator[PolicyArchive]:
    """Opens the archive of the log that a configuration names.

    Raises:
        CommandError: there is none, or its database cannot be used.
    """
    url = load(config_path).log.url
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        raise CommandError(f"there is no log at {path}: start a broker on it once")
    engine = database.connect(url)
    try:
        yield PolicyArchive(engine)
    except sa.exc.SQLAlchemyError as error:
        kind = type(error).__name__
        raise CommandError(f"the log's database fails ({kind}): run this version's broker once") from error
    finally:
        engine.dispose()


def now() -> str:
    """The time as the archive writes it."""
    return timestamp(datetime.now().astimezone())


def taken_up(archive: PolicyArchive, event: PolicyEvent, wait: float) -> int | None:
    """Waits (seconds) for a broker to take an event up; gives the index of the log's entry about it."""
    end = time.monotonic() + wait
    while True:
        found = next((e for e in archive.events() if e.number == event.number), event)
        if found.entry is not None or event.number == 1 or time.monotonic() >= end:
            return found.entry
        time.sleep(_EVERY)


def outcome(event: PolicyEvent, entry: int | None) -> str:
    """Says what became of an event."""
    if entry is not None:
        return f"taken up by the broker; entry {entry} of the log says so"
    if event.number == 1:
        return "the first set of this log"
    return (
        "no broker has taken it up yet: the one on this log does when it runs, or says why not in its own log"
    )
