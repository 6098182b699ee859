"""`hjemmel register simulate`: a register's own interface, from generated rows, with faults to order."""

from __future__ import annotations

import asyncio
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from adapters.catalogue import load_catalogue
from adapters.simulators import SIMULATORS
from adapters.simulators.datafordeler.site import Doors
from adapters.simulators.faults import FAULTS, FaultError, Faults
from adapters.simulators.serving import serving
from exchange.cli.output import CommandError, console, json_option, result


@click.command()
@click.argument("register")
@click.option(
    "--kind",
    type=click.Choice(sorted(SIMULATORS)),
    default="datafordeler",
    show_default=True,
    help="Kind of interface that it serves.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("registers"),
    show_default=True,
    help="Where the generated registers are.",
)
@click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with registers beside Hjemmel's own.",
)
@click.option(
    "--sdl",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The published schema; without it, the catalogue makes one.",
)
@click.option("--port", default=0, help="Port on this machine; 0: any that is free.")
@click.option("--control-port", default=0, help="Port where faults are changed; 0: any that is free.")
@click.option(
    "--api-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the API key that callers must have.",
)
@click.option(
    "--fault", "orders", multiple=True, help="A fault from the start: slow=2s. `--fault help` lists."
)
@json_option
def simulate(
    register: str,
    kind: str,
    folder: Path,
    catalogue: Path | None,
    sdl: Path | None,
    port: int,
    control_port: int,
    api_key: Path | None,
    orders: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve REGISTER as the real one would, on this machine, until Ctrl-C."""
    if "help" in orders:
        told = "\n".join(f"  {name:<14}{does}" for name, does in FAULTS.items())
        result(as_json, dict(FAULTS), lambda: console.print(told, markup=False))
        return
    datasets = [d for d in load_catalogue(own=catalogue).datasets.values() if d.register == register]
    if not datasets:
        raise CommandError(f"register {register} is not in the catalogue: see --catalogue")
    try:
        faults = Faults(orders)
    except FaultError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from error
    module, _, name = SIMULATORS[kind].partition(":")
    doors = Doors(api_key=api_key.read_text("ascii").strip() if api_key else "")
    schema = sdl.read_text("utf-8") if sdl else ""
    made = getattr(import_module(module), name)(register, datasets, folder, faults, schema, doors)
    asyncio.run(_serve(register, made, faults, (port, control_port), api_key, as_json=as_json))


async def _serve(
    register: str, made: Any, faults: Any, ports: tuple[int, int], api_key: Path | None, *, as_json: bool
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(made.application(), faults, port=ports[0], control_port=ports[1]) as served:
        url = served.url + made.path
        document = {"url": url, "control": served.control, "invented": list(made.invented)}
        result(as_json, document, lambda: _tell(register, url, served.control, made.invented, api_key))
        sys.stdout.flush()
        await stop.wait()


def _tell(register: str, url: str, control: str, invented: list[str], api_key: Path | None) -> None:
    secrets = f'secrets = {{ api_key = "{api_key.resolve()}" }}\n' if api_key else ""
    console.print(f"{register} answers. Put this into the broker's configuration:\n", markup=False)
    console.print(
        f'[registers]\ncatalogue = "…"  # the folder whose {register}.toml has kind = "datafordeler"\n\n'
        f'[registers.connections.{register}]\nurl = "{url}"\n{secrets}',
        markup=False,
    )
    console.print(
        f"Faults: curl -X PUT -d '[\"slow=2s\"]' {control}   (none: '[]')", markup=False, soft_wrap=True
    )
    if invented:
        console.print(f"{len(invented)} types have no generated rows: whoever is asked about is invented.")
