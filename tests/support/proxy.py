"""Somebody between a broker and a server who lets bytes through, holds them back, or cuts the line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

_SLOW = 0.2  # seconds by which an answer is late
_CHUNK = 1 << 16


class Mode(Enum):
    """What becomes of bytes and connections."""

    PASS = "pass"
    HANG = "hang"  # questions arrive nowhere, and nobody says so
    SLOW = "slow"
    CUT = "cut"  # the line is cut in the middle of an answer
    REFUSE = "refuse"  # whoever connects, or asks, is hung up on


class Proxy:
    """A TCP proxy in a thread of its own.

    Attributes:
        mode: what it does from now on, also to connections that are there; set it from any thread.
    """

    def __init__(self, target: str) -> None:
        """Takes host and port of the server."""
        self.mode = Mode.PASS
        self.address = ""
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where to ask instead of the server."""
        return f"http://{self.address}"

    async def run(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Runs until it is told to stop."""
        listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        host, port = listener.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        ready.set()
        await stop.wait()
        listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        try:
            if self.mode is not Mode.REFUSE:
                await self._carry(reader, writer)
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return
        pumps = [
            asyncio.create_task(self._pump(reader, server[1], answers=False)),
            asyncio.create_task(self._pump(server[0], writer, answers=True)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            server[1].transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with suppress(OSError):
            while chunk := await source.read(_CHUNK):
                if self.mode is Mode.REFUSE:
                    return
                if self.mode is Mode.HANG and not answers:
                    continue
                if self.mode is Mode.SLOW and answers:
                    await asyncio.sleep(_SLOW)
                if self.mode is Mode.CUT and answers:
                    target.write(chunk[: len(chunk) // 2])
                    await target.drain()
                    return
                target.write(chunk)
                await target.drain()


@contextmanager
def before(target: str) -> Iterator[Proxy]:
    """Stands before a server."""
    proxy, ready, stop = Proxy(target), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.run(ready, stop),))
    thread.start()
    try:
        ready.wait(10)
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
