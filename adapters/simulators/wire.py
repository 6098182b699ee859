"""What goes wrong on the way, whatever is said: the same for every interface."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from adapters.simulators.faults import Faults

_HUGE: Final = 64 * 1024 * 1024
_WORDS: Final = "an answer with words of its own"
_DANISH: Final = "æøå".encode("iso-8859-1")
_STATUSES: Final[Mapping[str, tuple[int, Mapping[str, str]]]] = {
    "error": (500, {}),
    "expired": (
        401,
        {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="The token expired"'},
    ),
    "stranger": (401, {}),
    "refused": (403, {}),
    "moved": (307, {"Location": "https://127.0.0.1:1/"}),
}


async def turned_away(request: web.Request, faults: Faults) -> web.Response | None:
    """Waits, and answers in the place of the register where a fault wants that."""
    await asyncio.sleep(faults.seconds("slow"))
    if faults.has("down"):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    for name, (status, headers) in _STATUSES.items():
        if faults.has(name):
            return web.Response(status=status, headers=headers, text=_WORDS)
    if faults.has("throttle"):
        pause = f"{faults.seconds('throttle'):.0f}"
        return web.Response(status=429, headers={"Retry-After": pause}, text=_WORDS)
    if faults.has("page"):
        return web.Response(text="<p>Please come back later.</p>", content_type="text/html")
    return None


async def sent(
    request: web.Request, faults: Faults, data: bytes, content_type: str, status: int = 200
) -> web.StreamResponse:
    """Sends an answer as well as the faults let it."""
    if faults.has("half-answer"):
        return await _half(request, data, content_type)
    middle = len(data) // 2
    if faults.has("cut"):
        data = data[:middle]
    if faults.has("not-utf8"):
        data = data[:middle] + _DANISH + data[middle:]
    if faults.has("huge"):
        data += b" " * _HUGE
    return web.Response(body=data, status=status, content_type=content_type)


async def _half(request: web.Request, data: bytes, content_type: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
