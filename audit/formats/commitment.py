"""Commitments: a public value that fixes a sealed one without telling it.

A commitment is `HMAC-SHA256(r, name ‖ 0x00 ‖ value)` with a fresh key r of 32 bytes. Whoever holds r
and the value can check it; whoever does not learns nothing, not even by trying every personnummer.
With r erased, the commitment says nothing for ever, and every proof over the entry still holds.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping

from audit.formats.mac import mac

OPENING_SIZE = 32


def fresh_openings(names: list[str]) -> dict[str, bytes]:
    """Draws one opening a name."""
    randomness = os.urandom(OPENING_SIZE * len(names))
    return {name: randomness[i * OPENING_SIZE : (i + 1) * OPENING_SIZE] for i, name in enumerate(names)}


def commit(opening: bytes, name: str, value: bytes) -> str:
    """Computes a commitment, in hexadecimal."""
    return mac(opening, name.encode() + b"\x00" + value).hex()


def opens(commitments: Mapping[str, str], opening: bytes, name: str, value: bytes) -> bool:
    """Tells whether an opening and a value are the ones that were committed to under a name."""
    if len(opening) != OPENING_SIZE or name not in commitments:
        return False
    return hmac.compare_digest(commitments[name].encode(), commit(opening, name, value).encode())
