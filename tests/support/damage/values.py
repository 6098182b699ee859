"""Damage to one value of a row."""

from __future__ import annotations

import random
from typing import Any


def damaged(old: Any, kind: str, chosen: random.Random) -> Any:
    """Damages a value: flips a bit, overwrites, truncates or extends it, or makes nothing of it.

    Gives the value as it was where the damage would be no value that a database takes.
    """
    if kind == "nothing":
        return None
    if old is None:
        return chosen.randrange(1 << 20)
    if isinstance(old, int):
        return old ^ (1 << chosen.randrange(20)) if kind == "flip" else chosen.randrange(1 << 40)
    data = old.encode() if isinstance(old, str) else bytes(old)
    data = _bytes(data, kind, chosen)
    if not isinstance(old, str):
        return data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return old  # no database takes that for a text; drawn again
    return old if "\0" in text else text


def _bytes(data: bytes, kind: str, chosen: random.Random) -> bytes:
    at = chosen.randrange(len(data) or 1)
    if kind == "extend" or not data:
        return data + chosen.randbytes(chosen.randrange(1, 40))
    if kind == "truncate":
        return data[:at]
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ 1 << chosen.randrange(8)]) + data[at + 1 :]
    put = chosen.randbytes(chosen.randrange(1, 40))
    return (data[:at] + put + data[at + len(put) :])[: len(data)]
