"""`hjemmel witness`: watch over logs, on behalf of whoever relies on them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import orjson

from audit.witness.witness_site import WitnessSite
from exchange.cli.json_log import log_json
from exchange.cli.output import console, json_option, read_vkey, result
from exchange.cli.stopping import stop_asked

_folder = click.argument("folder", type=click.Path(path_type=Path))


@click.group()
def witness() -> None:
    """Cosign checkpoints of logs that only grow, so that nobody forks one unseen."""


@witness.command()
@_folder
@click.option("--name", required=True, help="The witness's name, e.g. witness.example/ombudsman.")
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the public key (vkey) of a log to watch; more can be added to FOLDER/logs.",
)
@json_option
def init(folder: Path, name: str, logs: tuple[Path, ...], as_json: bool) -> None:
    """Make a new witness in FOLDER: a key, and a memory that belongs to it."""
    vkeys = [read_vkey(path).vkey for path in logs]
    verifier = WitnessSite(folder).init(name, vkeys)
    made = {"folder": str(folder), "vkey": verifier.vkey, "logs": vkeys}

    def render() -> None:
        console.print(f"A witness is in {folder}; run it with: hjemmel witness serve {folder}", markup=False)
        console.print(f"Its public key, for the logs and for whoever relies on it:\n  {verifier.vkey}")

    result(as_json, made, render)


@witness.command()
@_folder
@click.option("--listen", default="127.0.0.1:8480", show_default=True, help="Host and port, HTTP.")
def serve(folder: Path, listen: str) -> None:
    """Run the witness in FOLDER until it is told to stop (SIGTERM or Ctrl-C).

    Prints one JSON line when it is ready. Put an HTTPS server before it where others are to reach it.
    """
    host, _, port = listen.rpartition(":")
    if not (host and port.isascii() and port.isdecimal()):
        raise click.UsageError("--listen takes a host and a port, such as 127.0.0.1:8480")
    log_json()
    asyncio.run(_serve(WitnessSite(folder), listen))


async def _serve(site: WitnessSite, listen: str) -> None:
    from audit.witness.witness_server import WitnessServer  # noqa: PLC0415  # half of the start-up time: aiohttp

    stop = stop_asked()
    with site.opened() as opened:
        async with WitnessServer(opened, listen) as server:
            host = listen.rpartition(":")[0]
            ready = {"ready": True, "url": f"http://{host}:{server.port}", "vkey": opened.vkey}
            sys.stdout.write(orjson.dumps(ready).decode() + "\n")
            sys.stdout.flush()
            await stop.wait()
