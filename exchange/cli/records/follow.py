"""`hjemmel records follow`: an authority's own copy, kept up to date."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

from audit.formats.checkpoint import Checkpoint
from exchange.cli.output import console, errors, json_option, progress, result
from exchange.cli.records import store_option
from exchange.client import Client, ClientError, Credentials
from exchange.records.following import follow as follow_into
from exchange.records.store import OwnStore


@click.command()
@click.option("--target", default="127.0.0.1:8440", show_default=True, help="The broker's host and port.")
@click.option(
    "--as",
    "credentials",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the organisation's client.json and keys.",
)
@store_option
@click.option("--once", is_flag=True, help="Stop when all that stands in the log is copied.")
@json_option
def follow(target: str, credentials: Path, store: str, once: bool, as_json: bool) -> None:
    """Copy one's own side of the log into a database of one's own, and go on as the log grows.

    Every record is verified before it is kept, and durable before the next is asked for. Safe to stop and run
    again at any moment; it goes on where it was. One at a time writes to a copy.
    """
    signal.signal(signal.SIGTERM, _stop)
    own = Credentials.load(credentials)
    with closing(OwnStore.create(store, own.cvr, own.log.vkey)) as copy, Client(target, own) as client:
        before = copy.count()
        head: Checkpoint | None = None
        with progress("Following", quiet=as_json) as advance:
            for watched in follow_into(client, copy, _give_up if once else _wait):
                head = watched.checkpoint
                advance(watched.part.end, head.size)
                if once and watched.caught_up:
                    break
                if as_json and not once:
                    _tell({"end": watched.part.end, "size": head.size, "records": len(watched.records)})
        count = copy.count()
        document = {
            "authority": own.cvr,
            "records": count,
            "new": count - before,
            "size": head.size if head else 0,
            "root": head.root.hex() if head else None,
        }
    said = f"The copy has {count} records, {count - before} of them new: all that concern {own.cvr}"
    said += f" among the first {document['size']} entries, as the broker says; hjemmel records check holds it"
    result(as_json, document, lambda: console.print(f"{said} to that.", markup=False))


def _tell(document: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(document).decode() + "\n")
    sys.stdout.flush()


def _wait(error: ClientError, pause: float) -> None:
    errors.print(f"{error}; trying again in {pause:.0f} s", markup=False)
    time.sleep(pause)


def _give_up(error: ClientError, _pause: float) -> NoReturn:
    raise error


def _stop(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)  # what is kept is durable already
