"""What the HTTP servers of this project share: an address listened on from `async with` to its end."""

from __future__ import annotations

import ssl
from typing import Self

from aiohttp import web


class HttpServer:
    """Serves an application. Use as a context manager."""

    def __init__(
        self,
        app: web.Application,
        address: str,
        *,
        last_words: float,
        cancels: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Takes what to serve, and where.

        Args:
            app: the application.
            address: host and port.
            last_words: seconds that answers under way get when the server stops.
            cancels: whether an answer ends when the one who asked is gone.
            tls: where it is HTTPS.
        """
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._tls = tls
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=cancels, shutdown_timeout=last_words
        )

    async def __aenter__(self) -> Self:
        """Begins to listen.

        Raises:
            OSError: the address cannot be listened on.
        """
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, self._host.strip("[]"), self._port, ssl_context=self._tls)
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops."""
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._runner.addresses[0][1])
