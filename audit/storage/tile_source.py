"""Tiles and bundles straight from the log's database, at the size of one of its checkpoints.

Entries are what is kept; tiles follow from them. A complete tile is read where it is stored and derived
where it is not; partial tiles and bundles are always derived.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

import sqlalchemy as sa

from audit.errors import FormatError, NotFound
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import subtree
from audit.formats.note import NoteVerifier
from audit.formats.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_SIZE,
    TILE_WIDTH,
    Tile,
    bundle_hashes,
    edge_of,
    write_bundle,
)
from audit.storage import store
from audit.storage.schema import entries, tiles

_LOOK = "run hjemmel log verify"
_AT_ONCE = 16  # bundles in one query, where a log is read through


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint that was verified, and the signed note that it came in."""

    tree: Checkpoint
    note: str


def signed_head(connection: sa.Connection, verifier: NoteVerifier) -> Signed:
    """Gives the newest checkpoint.

    Raises:
        FormatError, VerificationError: it does not hold.
        NotFound: the log was never opened for writing.
    """
    head = store.read_head(connection)
    if head is None:
        raise NotFound("this log was never opened for writing")
    return Signed(checkpoint.verify(head.signed_checkpoint, verifier), head.signed_checkpoint)


class TileSource:
    """Reads the tiles and bundles of a log of a size. What lies beyond that size is not there."""

    def __init__(self, connection: sa.Connection, size: int) -> None:
        """Takes the connection to read on, and how many entries the checkpoint commits to."""
        self._connection = connection
        self._size = size

    def read(self, tile: Tile) -> bytes:
        """Gives a tile or bundle, complete or partial.

        Raises:
            FormatError: entries that it is made of are missing or damaged.
            NotFound: the log has not grown so far.
        """
        if not tile.is_in(self._size):
            raise NotFound(f"{tile.path} stands beyond the checkpoint")
        if tile.level == ENTRIES:
            return write_bundle(self._leaves(tile))
        return self._stored(tile) or self._derived(tile)

    def edge(self) -> list[bytes]:
        """Gives the partial tiles, by level; of no hashes where a level has none."""
        return [self.read(tile) if tile.width else b"" for tile in edge_of(self._size)]

    def _stored(self, tile: Tile) -> bytes | None:
        if not tile.is_complete:
            return None
        query = sa.select(tiles.c.hashes).where(tiles.c.level == tile.level, tiles.c.index == tile.index)
        hashes = self._connection.execute(query).scalar()
        return hashes if _is_whole(hashes) else None

    def _derived(self, tile: Tile) -> bytes:
        if tile.level == 0:
            return bundle_hashes(write_bundle(self._leaves(tile)), tile.width)
        first = tile.index * TILE_WIDTH
        query = (
            sa.select(tiles.c.index.label("tile_index"), tiles.c.hashes)
            .where(tiles.c.level == tile.level - 1)
            .where(tiles.c.index >= first, tiles.c.index < first + tile.width)
        )
        rows = self._connection.execute(query)
        stored = {row.tile_index: row.hashes for row in rows if _is_whole(row.hashes)}
        below = [Tile(tile.level - 1, first + i) for i in range(tile.width)]
        return b"".join(subtree(stored.get(t.index) or self._derived(t)) for t in below)

    def _leaves(self, tile: Tile) -> list[bytes]:
        first = tile.index << TILE_HEIGHT
        return leaves(self._connection, first, first + tile.width)


def _is_whole(hashes: object) -> TypeGuard[bytes]:
    return isinstance(hashes, bytes) and len(hashes) == TILE_SIZE


def leaves(connection: sa.Connection, first: int, end: int) -> list[bytes]:
    """Gives the entries [first, end).

    Raises:
        FormatError: one is missing or not stored as bytes.
    """
    query = (
        sa.select(entries.c.leaf)
        .where(entries.c.index >= first, entries.c.index < end)
        .order_by(entries.c.index)
    )
    found = list(connection.execute(query).scalars())
    if len(found) != end - first or not all(isinstance(leaf, bytes) for leaf in found):
        raise FormatError(f"of entries {first} to {end - 1} some are missing or damaged: {_LOOK}")
    return found


def bundles(connection: sa.Connection, size: int, since: int = 0) -> Iterator[list[bytes]]:
    """Reads a log of a size through, bundle by bundle, from the one on that holds entry `since`.

    Raises:
        FormatError: an entry is missing or not stored as bytes.
    """
    begin = since - since % TILE_WIDTH
    for first in range(begin, size, _AT_ONCE * TILE_WIDTH):
        found = leaves(connection, first, min(size, first + _AT_ONCE * TILE_WIDTH))
        for at in range(0, len(found), TILE_WIDTH):
            yield found[at : at + TILE_WIDTH]
