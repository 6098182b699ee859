"""Serving a simulator: its own port, and one on loopback where its faults are changed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from adapters.simulators.faults import FaultError, Faults

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """A simulator that answers.

    Attributes:
        url: where; the register's own path comes after it.
        control: where `GET` shows the faults and `PUT` takes a JSON list of orders. Loopback only.
    """

    url: str
    control: str


@asynccontextmanager
async def serving(
    application: web.Application,
    faults: Faults,
    host: str = LOOPBACK,
    port: int = 0,
    control_port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Served]:
    """Serves until the block ends.

    Raises:
        OSError: a port is taken.
    """
    scheme = "https" if tls else "http"
    runners = [
        web.AppRunner(each, access_log=None, shutdown_timeout=1) for each in (application, _control(faults))
    ]
    try:
        for runner in runners:
            await runner.setup()
        await web.TCPSite(runners[0], host, port, ssl_context=tls).start()
        await web.TCPSite(runners[1], LOOPBACK, control_port).start()
        own, control = (runner.addresses[0][1] for runner in runners)
        yield Served(f"{scheme}://{host}:{own}", f"http://{LOOPBACK}:{control}/faults")
    finally:
        for runner in runners:
            await runner.cleanup()


def _control(faults: Faults) -> web.Application:
    async def show(_request: web.Request) -> web.Response:
        return web.json_response(list(faults.ordered))

    async def change(request: web.Request) -> web.Response:
        orders = await request.json()
        if not isinstance(orders, list) or not all(isinstance(order, str) for order in orders):
            return web.json_response({"error": 'send a list, such as ["slow=2s"]'}, status=400)
        try:
            faults.order(orders)
        except FaultError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(list(faults.ordered))

    application = web.Application()
    application.add_routes([web.get("/faults", show), web.put("/faults", change)])
    return application
