"""Faults to order: what a simulated register does wrong, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from aiohttp import web

SLOW = 3.0  # seconds


class Fault(Enum):
    """What goes wrong."""

    SLOW = "slow"
    DOWN = "down"
    HANG_UP = "hang-up"
    HALF = "half"  # the line is cut in the middle of an answer
    THROTTLE = "throttle"
    EXPIRED = "expired"
    REFUSED = "refused"
    NOT_THIS = "not-this"  # the credentials are for something else
    GARBLED = "garbled"  # another encoding
    NONSENSE = "nonsense"  # a page for people
    MOVED = "moved"
    RENAMED = "renamed"
    RETYPED = "retyped"
    GROWN = "grown"  # a code that nobody knows
    NULL = "null"
    OTHER = "other"  # about another subject
    SHORT = "short"  # a record less than announced
    FLOOD = "flood"  # very many records where few were expected
    SKEWED = "skewed"  # records that end before they begin


@dataclass(slots=True)
class Orders:
    """What was ordered; may change while the simulator runs.

    Attributes:
        fault: what goes wrong, or nothing.
        every: how often: with every so many-th question.
        asked: questions so far.
    """

    fault: Fault | None = None
    every: int = 1
    asked: int = 0

    def next(self) -> Fault | None:
        """Counts a question; tells what goes wrong with it."""
        self.asked += 1
        return self.fault if self.asked % self.every == 0 else None


_STATUSES: Final[Mapping[Fault, tuple[int, Mapping[str, str]]]] = {
    Fault.DOWN: (500, {}),
    Fault.THROTTLE: (429, {"Retry-After": "1"}),
    Fault.EXPIRED: (401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
    Fault.REFUSED: (401, {}),
    Fault.NOT_THIS: (403, {}),
    Fault.MOVED: (302, {"Location": "/elsewhere"}),
}


async def answered(request: web.Request, fault: Fault | None, body: bytes, kind: str) -> web.StreamResponse:
    """Sends an answer as well as the fault lets it."""
    if fault is not None and fault in _STATUSES:
        status, headers = _STATUSES[fault]
        return web.Response(status=status, headers=headers, text="an answer with words of its own")
    if fault is Fault.SLOW:
        await asyncio.sleep(SLOW)
    if fault in {Fault.HANG_UP, Fault.HALF}:
        return await _cut(request, body if fault is Fault.HALF else b"", kind)
    if fault is Fault.GARBLED:
        body = body.replace(b"}", b'}, "\xe6\xf8\xe5": 1}', 1).replace(b"</", b"\xe6\xf8\xe5</", 1)
    if fault is Fault.NONSENSE:
        return web.Response(text="<p>Please come back later.</p>", content_type="text/html")
    return web.Response(body=body, content_type=kind)


async def _cut(request: web.Request, body: bytes, kind: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": kind, "Content-Length": str(len(body) or 1)})
    if body:
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


Raw = dict[str, Any]
_FLOOD: Final = 20_000


def spoilt(fault: Fault | None, raws: list[Raw], codes: Callable[[Raw], Raw]) -> list[Raw]:
    """Gives records as the fault leaves them.

    Args:
        fault: what goes wrong, or nothing.
        raws: the records, as they will be written.
        codes: puts a new code into each code of a record.
    """
    if fault is Fault.RENAMED:
        return [_leaves(raw, lambda name, value: (f"{name}Ny", value)) for raw in raws]
    if fault is Fault.RETYPED:
        return [_leaves(raw, lambda name, value: (name, {"vaerdi": value})) for raw in raws]
    if fault is Fault.NULL:
        return [_leaves(raw, lambda name, _: (name, None)) for raw in raws]
    if fault is Fault.GROWN:
        return [codes(raw) for raw in raws]
    if fault is Fault.FLOOD and raws:
        return [raws[0]] * _FLOOD
    return raws


def _leaves(raw: Raw, change: Callable[[str, Any], tuple[str, Any]]) -> Raw:
    return dict(
        (name, _leaves(value, change)) if isinstance(value, dict) else change(name, value)
        for name, value in raw.items()
    )
