"""`hjemmel serve`: the broker."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

import click
import orjson
import uvloop

from exchange import wiring
from exchange.cli.config import config_option
from exchange.cli.json_log import log_json
from exchange.cli.stopping import stop_asked
from exchange.config import Settings, load
from exchange.edge.server import check_free
from exchange.wiring import Broker

_log = logging.getLogger("hjemmel")
_HEALTH_EVERY = 0.5  # seconds


@click.command()
@config_option
def serve(config_path: Path) -> None:
    """Run the broker until it is told to stop (SIGTERM or Ctrl-C).

    Prints one JSON line when it is ready, with the address it listens on.
    """
    settings = load(config_path)
    log_json()
    calm_scheduling()
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = stop_asked()
    server, policy = settings.server, settings.policy
    for address in filter(None, (server.address, server.probe_address, policy.bundle_address)):
        check_free(address)  # before this process takes the log from the broker that is there
    async with wiring.broker(settings) as broker:
        port, probe = await broker.servers.start(
            settings.server.address, wiring.tls(settings), settings.server.probe_address or None
        )
        await broker.servers.set_serving(serving=True)
        watch = asyncio.create_task(_watch(broker))
        host = settings.server.address.rpartition(":")[0]
        ready = {
            "ready": True,
            "address": f"{host}:{port}",
            "probe_port": probe,
            "bundle_port": broker.bundle_port,
            "policy_revision": broker.parts.policy.revision,
            "log_vkey": broker.log.reader.verifier.vkey,
        }
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        gc.freeze()  # what was built so far stays: the collector need not look at it again
        await stop.wait()
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await broker.servers.stop(settings.server.grace)


async def _watch(broker: Broker) -> None:
    """Keeps the health checks truthful."""
    told: str | None = None
    while True:
        problem = broker.problem
        if problem != told:
            told = problem
            await broker.servers.set_serving(serving=told is None)
            _log.warning("health_changed", extra={"serving": told is None, "problem": told})
        await asyncio.sleep(_HEALTH_EVERY)


def calm_scheduling() -> None:
    """Asks Linux not to preempt the broker at every wake-up: about a third more calls a core."""
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
