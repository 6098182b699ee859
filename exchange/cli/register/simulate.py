"""`hjemmel register simulate`: a register's own interface, from generated rows, with faults to order."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from adapters.catalogue import load_catalogue
from adapters.port import Dataset
from adapters.simulators import SIMULATORS, Simulated, entries, usual_kind
from adapters.simulators.datafordeler.site import Doors
from adapters.simulators.faults import FAULTS, FaultError, Faults
from adapters.simulators.serving import serving
from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.stopping import stop_asked


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is served.

    Attributes:
        catalogue: the folder whose entries it is served by; nothing where a schema is made from them.
    """

    kind: str
    datasets: Sequence[Dataset]
    catalogue: Path | None


@click.command()
@click.argument("register")
@click.option(
    "--kind",
    type=click.Choice(sorted(SIMULATORS)),
    help="Kind of interface that it serves; without it, what the register's entry is of.",
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
    help="The published schema, for datafordeler; without it, the catalogue makes one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option("--port", default=0, help="At which port; 0: any that is free.")
@click.option("--control-port", default=0, help="Port where faults are changed; 0: any that is free.")
@click.option(
    "--api-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the API key that callers must have, for datafordeler.",
)
@click.option(
    "--fault", "orders", multiple=True, help="A fault from the start: slow=2s. `--fault help` lists."
)
@click.option("--every", default=1, show_default=True, help="Faults with every so many-th question only.")
@json_option
def simulate(
    register: str,
    kind: str | None,
    folder: Path,
    catalogue: Path | None,
    sdl: Path | None,
    host: str,
    port: int,
    control_port: int,
    api_key: Path | None,
    orders: tuple[str, ...],
    every: int,
    as_json: bool,
) -> None:
    """Serve REGISTER as the real one would, on this machine, until Ctrl-C."""
    if "help" in orders:
        result(as_json, {name: asdict(f) for name, f in FAULTS.items()}, _list)
        return
    chosen = _chosen(register, kind, catalogue)
    try:
        faults = Faults(orders, chosen.kind, max(1, every))
    except FaultError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from error
    more: dict[str, Any] = {}
    if chosen.kind == "datafordeler":
        more["schema"] = sdl.read_text("utf-8") if sdl else ""
        more["doors"] = Doors(api_key=api_key.read_text("ascii").strip() if api_key else "")
    elif sdl or api_key:
        raise click.UsageError(
            f"--sdl and --api-key are for the kind datafordeler, and not for {chosen.kind}"
        )
    elif not (folder / f"{register}.db").exists():
        raise CommandError(f"{folder} has no register {register}: run hjemmel register generate {folder}")
    module, _, name = SIMULATORS[chosen.kind].partition(":")
    try:
        made = getattr(import_module(module), name)(register, chosen.datasets, folder, faults, **more)
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is not installed: pip install 'hjemmel[soap]'") from error
    asyncio.run(_serve(register, made, faults, chosen, (host, port, control_port), api_key, as_json=as_json))


def _chosen(register: str, kind: str | None, catalogue: Path | None) -> _Chosen:
    """Finds the entry to serve by: the register's own, or one of the kind that comes with Hjemmel."""
    described = _described(register, catalogue)
    if not described:
        raise CommandError(f"register {register} is not in the catalogue: see --catalogue")
    kinds = [d.source.kind for d in described]
    wanted = kind or next((k for k in kinds if k in SIMULATORS), usual_kind(register))
    ours = entries(wanted)
    if wanted not in kinds and (ours / f"{register}.toml").exists():
        catalogue, described = ours, _described(register, ours)
    elif wanted not in kinds and wanted != "datafordeler":
        raise CommandError(
            f"no entry of kind {wanted} describes register {register}: --catalogue names the folder of one"
        )
    datasets = [d for d in described if d.source.kind == wanted] or described
    return _Chosen(wanted, datasets, catalogue)


def _described(register: str, catalogue: Path | None) -> Sequence[Dataset]:
    return [d for d in load_catalogue(own=catalogue).datasets.values() if d.register == register]


async def _serve(
    register: str,
    made: Simulated,
    faults: Faults,
    chosen: _Chosen,
    where: tuple[str, int, int],
    api_key: Path | None,
    *,
    as_json: bool,
) -> None:
    stop = stop_asked()
    host, port, control_port = where
    async with serving(made.application(), faults, host, port, control_port) as served:
        document = {
            "url": served.url + made.path,
            "control": served.control,
            "kind": chosen.kind,
            "catalogue": str(chosen.catalogue) if chosen.catalogue else None,
            "options": dict(made.options),
            "invented": list(made.invented),
        }
        result(as_json, document, lambda: _tell(register, document, api_key))
        sys.stdout.flush()
        await stop.wait()


def _tell(register: str, document: dict[str, Any], api_key: Path | None) -> None:
    kind = document["kind"]
    catalogue = document["catalogue"] or f'…"  # the folder whose {register}.toml has kind = "{kind}'
    lines = [f'[registers]\ncatalogue = "{catalogue}"\n', f"[registers.connections.{register}]"]
    lines.append(f'url = "{document["url"]}"')
    if document["options"]:
        options = ", ".join(f'"{name}" = "{value}"' for name, value in document["options"].items())
        lines.append(f"options = {{ {options} }}")
    if api_key:
        lines.append(f'secrets = {{ api_key = "{api_key.resolve()}" }}')
    console.print(f"{register} answers. Put this into the broker's configuration:\n", markup=False)
    console.print("\n".join(lines), markup=False, soft_wrap=True)
    console.print(
        f"\nFaults: curl -X PUT -d '[\"slow=2s\"]' {document['control']}   (none: '[]')",
        markup=False,
        soft_wrap=True,
    )
    if document["invented"]:
        many = len(document["invented"])
        console.print(f"{many} types have no generated rows: whoever is asked about is invented.")


def _list() -> None:
    for name, fault in FAULTS.items():
        order = f"{name}={fault.takes}" if fault.takes else name
        kinds = "" if set(fault.kinds) == set(SIMULATORS) else f" ({', '.join(fault.kinds)} only)"
        console.print(f"  {order:<22}{fault.does}{kinds}", markup=False)
