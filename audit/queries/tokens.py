"""Pseudonyms of sealed fields: under a key of their segment, so that nothing is found once it went.

A token is the first 12 bytes of HMAC-SHA256(key, name ‖ 0x00 ‖ value). Its first byte is the row that it is
kept in; there stand the others, and the place of the entry. A search that meets another's token by chance
is one in 2^60 of a log of ten million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit.errors import FormatError
from audit.formats.mac import mac
from audit.queries import bits

BUCKETS = 256
_SIZE = 12
_PLACE = 2
_KEPT = _SIZE - 1 + _PLACE

Token = bytes


def token(key: bytes, name: str, value: bytes) -> Token:
    """Makes the token of a value."""
    return mac(key, name.encode() + b"\x00" + value)[:_SIZE]


def packed(found: Iterable[tuple[Token, int]]) -> dict[int, bytes]:
    """Writes tokens with the places of their entries, by row."""
    rows: dict[int, bytearray] = {}
    for made, place in found:
        rows.setdefault(made[0], bytearray()).extend(made[1:] + place.to_bytes(_PLACE))
    return {bucket: bytes(row) for bucket, row in rows.items()}


def places(row: bytes, wanted: Token) -> int:
    """Gives the set of entries that have a token, from its row.

    Raises:
        FormatError: the row is damaged.
    """
    if len(row) % _KEPT:
        raise FormatError("the search index is damaged: make it anew")
    return bits.of(_places(row, wanted[1:]))


def _places(row: bytes, rest: bytes) -> Iterator[int]:
    at = row.find(rest)
    while at >= 0:
        if at % _KEPT == 0:
            yield int.from_bytes(row[at + _SIZE - 1 : at + _KEPT])
        at = row.find(rest, at + 1)
