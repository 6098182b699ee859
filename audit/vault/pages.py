"""Pages of secrets: each record has one of its own, and each can be erased alone.

A page has room for 256 secrets. As long as none was erased it is kept as one seed of 32 bytes, from
which they follow (HMAC-SHA256). With the first erasure the seed goes: the secrets that are left are
kept themselves, and the erased one cannot be computed from them. A puncturable pseudorandom function,
one level deep.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import NamedTuple

from audit.errors import FormatError
from audit.formats.mac import mac

SLOTS = 256
_SIZE = 32
_SIZES = {_SIZE, _SIZE * SLOTS}
_GONE = bytes(_SIZE)


class Place(NamedTuple):
    """Where a record's secret lies. Pages have random numbers: one is never used twice."""

    page: int
    slot: int

    @property
    def text(self) -> str:
        """How an erased one is remembered."""
        return f"{self.page}/{self.slot}"


def new_number() -> int:
    """Draws the number of a page: positive, and a number of JSON's."""
    return int.from_bytes(os.urandom(8)) >> 11


def new_page() -> bytes:
    """Draws a page with all its secrets."""
    return os.urandom(_SIZE)


def secret(page: bytes, slot: int) -> bytes | None:
    """Gives a record's secret, or nothing where it was erased.

    Raises:
        FormatError: this is no page, or has no such slot.
    """
    if len(page) not in _SIZES or not isinstance(slot, int) or not 0 <= slot < SLOTS:
        _check(page, (slot,))
    if len(page) == _SIZE:
        return mac(page, slot.to_bytes(1))
    found = page[slot * _SIZE : (slot + 1) * _SIZE]
    return None if found == _GONE else found


def punch(page: bytes, slots: Collection[int]) -> bytes | None:
    """Takes secrets out of a page; gives nothing where none is left.

    Raises:
        FormatError: this is no page, or has no such slot.
    """
    _check(page, slots)
    left = [_GONE if i in slots else secret(page, i) or _GONE for i in range(SLOTS)]
    return b"".join(left) if any(found != _GONE for found in left) else None


def _check(page: bytes, slots: Collection[int]) -> None:
    if len(page) not in _SIZES:
        raise FormatError("this is no page of the vault's secrets")
    if not all(isinstance(slot, int) and 0 <= slot < SLOTS for slot in slots):  # a database may say anything
        raise FormatError(f"a page has {SLOTS} secrets")
