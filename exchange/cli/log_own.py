"""`hjemmel log own`: the process that owns a log for brokers in other processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from exchange.cli.config import config_option
from exchange.cli.json_log import log_json
from exchange.cli.stopping import stop_asked
from exchange.config import Settings, load

if TYPE_CHECKING:
    from exchange.wiring.log_owner import Listening


@click.command()
@config_option
@click.option(
    "--socket",
    type=click.Path(path_type=Path, dir_okay=False),
    help="UNIX socket to serve brokers on, instead of the configuration's.",
)
@click.option("--address", metavar="HOST:PORT", help="Where to serve them over mutual TLS, likewise.")
@click.option("--probe-address", metavar="HOST:PORT", help="Where to answer health checks, likewise.")
def own(config_path: Path, socket: Path | None, address: str | None, probe_address: str | None) -> None:
    """Own the log for brokers, or stand by while another process does (until SIGTERM or Ctrl-C).

    Any number of these may run on one log: one owns it, and another takes over when that one dies. Prints
    one JSON line when it is ready to do either.
    """
    settings = _with(load(config_path), socket, address, probe_address)
    service = settings.log_service
    if not service.socket and not service.address:
        raise click.UsageError("there is nowhere to serve: set log_service.socket or log_service.address")
    if service.address and not service.brokers:
        raise click.UsageError("log_service.address serves nobody: list in log_service.brokers who may write")
    log_json()
    import uvloop  # noqa: PLC0415  # slow to import, as what follows

    from exchange.cli.serve import calm_scheduling  # noqa: PLC0415

    calm_scheduling()
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    from exchange.wiring.log_owner import LogOwner  # noqa: PLC0415  # slow to import

    owner = LogOwner(settings)
    stop = stop_asked()

    def ready(listening: Listening) -> None:
        host = settings.log_service.address.rpartition(":")[0]
        document = {
            "ready": True,
            "state": "owner" if listening.owns else "standby",
            "socket": str(settings.log_service.socket) or None,
            "address": f"{host}:{listening.port}" if listening.port else None,
            "probe_port": listening.probe_port,
            "log_vkey": owner.log_vkey,
        }
        sys.stdout.write(orjson.dumps(document).decode() + "\n")
        sys.stdout.flush()

    await owner.run(stop, ready)


def _with(settings: Settings, socket: Path | None, address: str | None, probe: str | None) -> Settings:
    given = {"socket": socket and socket.absolute(), "address": address, "probe_address": probe}
    changed = {name: value for name, value in given.items() if value is not None}
    service = type(settings.log_service).model_validate({**settings.log_service.model_dump(), **changed})
    return settings.model_copy(update={"log_service": service})
