"""A server of a log's checkpoint, tiles and bundles (c2sp.org/tlog-tiles), straight from its database.

Read-only, beside whoever writes. What it hands out is public and verified by whoever reads it, so that
it asks nobody who they are. Every partial tile of every size that the log ever had is there.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache

import sqlalchemy as sa
from aiohttp import web

from audit.errors import FormatError, NotFound
from audit.formats.tiles import CHECKPOINT, ENTRIES, Tile, parse_path
from audit.http_server import HttpServer
from audit.storage import store
from audit.storage.tile_source import TileSource

_FOR_EVER = "public, max-age=31536000, immutable"  # a path never changes what it holds
_BRIEFLY = "public, max-age=2"  # seconds
_NEVER = "no-store"  # what is not there may be there in a moment
_KEPT = 256  # tiles above level 0 in memory: a partial one is made from up to 255 tiles
_LAST_WORDS = 0.5  # seconds that answers under way get when the server stops


class TileServer(HttpServer):
    """Serves a log. Use as a context manager."""

    def __init__(self, engine: sa.Engine, address: str, tls: ssl.SSLContext | None = None) -> None:
        """Takes the log's database, the host and port to listen on, and TLS where it is HTTPS."""
        self._engine = engine
        self._above = lru_cache(_KEPT)(self._read)
        app = web.Application()
        app.router.add_get(f"/{CHECKPOINT}", self._checkpoint)
        app.router.add_get("/tile/{name:.+}", self._tile)
        super().__init__(app, address, last_words=_LAST_WORDS, tls=tls)

    async def _checkpoint(self, _request: web.Request) -> web.Response:
        head = await asyncio.to_thread(self._head)
        if head is None:
            return _not_found()
        headers = {"Cache-Control": _BRIEFLY}
        return web.Response(text=head.signed_checkpoint, content_type="text/plain", headers=headers)

    async def _tile(self, request: web.Request) -> web.Response:
        try:
            tile = parse_path(request.raw_path.partition("?")[0].removeprefix("/"))
            data = await asyncio.to_thread(self._above if tile.level > 0 else self._read, tile)
        except (FormatError, NotFound):
            return _not_found()
        headers = {"Cache-Control": _FOR_EVER}
        answer = web.Response(body=data, content_type="application/octet-stream", headers=headers)
        if tile.level == ENTRIES:
            answer.headers["Vary"] = "Accept-Encoding"
            answer.enable_compression()  # as the client accepts; hashes do not compress
        return answer

    def _head(self) -> store.Head | None:
        with self._connect() as connection:
            return store.read_head(connection)

    def _read(self, tile: Tile) -> bytes:
        with self._connect() as connection:
            head = store.read_head(connection)
            return TileSource(connection, head.size if head else 0).read(tile)

    def _connect(self) -> sa.Connection:
        return self._engine.connect().execution_options(read_only=True)


def _not_found() -> web.Response:
    return web.Response(status=404, text="not found\n", headers={"Cache-Control": _NEVER})
