"""`hjemmel register simulate-rest`: a register as a REST service over generated rows; faults to order."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import click
from aiohttp import web

import adapters.simulators.rest
from adapters.catalogue import load_catalogue
from adapters.simulators.rest.faults import Fault, Orders
from adapters.simulators.rest.rows import Rows
from adapters.simulators.rest.service import rest_app
from adapters.simulators.rest.serving import serving
from exchange.cli.output import CommandError

_ENTRIES = Path(adapters.simulators.rest.__file__).parent / "entries"


@click.command("simulate-rest")
@click.argument("register")
@click.option(
    "--registers",
    type=click.Path(path_type=Path),
    default=Path("registers"),
    show_default=True,
    help="Folder that hjemmel register generate wrote.",
)
@click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the entry that says how the register is read; by default one that comes with Hjemmel.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option("--port", default=0, help="At which port; 0: any that is free.")
@click.option("--fault", type=click.Choice([f.value for f in Fault]), help="What goes wrong.")
@click.option("--every", default=1, show_default=True, help="With every so many-th question.")
def simulate_rest(
    register: str,
    registers: Path,
    catalogue: Path | None,
    host: str,
    port: int,
    fault: str | None,
    every: int,
) -> None:
    """Serve REGISTER as the REST service that its entry describes, until it is told to stop.

    The first line of output is JSON: where it listens, and the folder for registers.catalogue.
    """
    folder = catalogue or _ENTRIES
    if not any(registers.glob("*.db")):
        raise CommandError(f"{registers} holds no register: run hjemmel register generate {registers}")
    orders = Orders(Fault(fault) if fault else None, max(1, every))
    rows = Rows(registers)
    try:
        app = rest_app(load_catalogue(own=folder), register, rows, orders)
    except ValueError as error:
        raise CommandError(f"{error}; --catalogue names the folder of an entry that has") from error
    asyncio.run(_serve(app, host, port, folder))
    rows.close()


async def _serve(app: web.Application, host: str, port: int, catalogue: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serving(app, host, port) as url:
        sys.stdout.write(json.dumps({"url": url, "catalogue": str(catalogue)}) + "\n")
        sys.stdout.flush()
        await stop.wait()
