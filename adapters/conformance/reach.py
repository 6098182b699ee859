"""Whether an object still holds on to a value, by way of whatever it refers to."""

from __future__ import annotations

import asyncio
import gc
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Final

_MOST: Final = 200_000  # objects that are looked at
# What everybody shares is not what an adapter keeps: code, classes, and the event loop with all its tasks.
_SHARED: Final = (
    ModuleType,
    FunctionType,
    CodeType,
    FrameType,
    type,
    asyncio.AbstractEventLoop,
    asyncio.Task,
)


def reaches(owner: object, value: str) -> bool:
    """Tells whether `value` can be reached from `owner`, as text, as bytes, or within them."""
    encoded = value.encode()
    seen: set[int] = {id(owner)}
    waiting: list[object] = [owner]
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if (isinstance(one, str) and value in one) or (isinstance(one, bytes | bytearray) and encoded in one):
            return True
        for other in gc.get_referents(one):
            if id(other) not in seen and not isinstance(other, _SHARED):
                seen.add(id(other))
                waiting.append(other)
    return False
