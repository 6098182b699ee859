"""Running a simulator's application."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def serving(
    app: web.Application, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serves an application; gives its URL.

    Raises:
        OSError: it cannot listen there.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)  # an access log would hold keys
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        host, port = runner.addresses[0][:2]
        yield f"{'https' if tls else 'http'}://{host}:{port}"
    finally:
        await runner.cleanup()
