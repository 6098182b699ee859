"""The HTTP shell of a witness: reads a request whole, within limits, and answers what the witness decides."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from audit.errors import LogError
from audit.http_server import HttpServer
from audit.witness.witness import Reply, Witness
from audit.witness.witness_protocol import ADD_CHECKPOINT, MAX_REQUEST

_log = logging.getLogger(__name__)
_SLOWEST = 10.0  # seconds that a request may take to arrive
_LAST_WORDS = 2.0  # seconds that answers under way get when the server stops
_BUSY = 503
_TOO_SLOW = 408
_MOST_AT_ONCE = 64


class WitnessServer(HttpServer):
    """Serves a witness. Use as a context manager."""

    def __init__(self, witness: Witness, address: str) -> None:
        """Takes the witness, and the host and port to listen on."""
        self._witness = witness
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)
        app = web.Application(client_max_size=MAX_REQUEST)
        app.router.add_post(f"/{ADD_CHECKPOINT}", self._add_checkpoint)
        app.router.add_get("/{origin:[0-9a-f]{64}}/checkpoint", self._checkpoint)
        super().__init__(app, address, last_words=_LAST_WORDS)

    async def _add_checkpoint(self, request: web.Request) -> web.Response:
        async with self._places:
            try:
                async with asyncio.timeout(_SLOWEST):
                    body = await request.read()
            except TimeoutError:
                return web.Response(status=_TOO_SLOW)
            try:
                reply = await asyncio.to_thread(self._witness.add_checkpoint, body)
            except LogError as error:
                _log.exception("witness_failed", extra={"problem": str(error)})
                return web.Response(status=_BUSY)
        return _response(reply)

    async def _checkpoint(self, request: web.Request) -> web.Response:
        signed = await asyncio.to_thread(self._witness.latest, request.match_info["origin"])
        return web.Response(status=404) if signed is None else _response(Reply(200, signed))


def _response(reply: Reply) -> web.Response:
    body = reply.body.encode()
    kind = reply.content_type if reply.content_type != "text/plain" else "text/plain; charset=utf-8"
    return web.Response(status=reply.status, body=body, headers={"Content-Type": kind})
