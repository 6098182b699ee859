"""Making stored tiles again from the entries that they follow from.

Entries are held to the signed checkpoint first: tiles over entries that were tampered with would only
hide it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from audit.errors import NotFound, VerificationError
from audit.formats.note import NoteVerifier
from audit.formats.tiles import Tile, TileTree, bundle_hashes, write_bundle
from audit.storage import database, store
from audit.storage.schema import tiles
from audit.storage.tile_source import bundles, signed_head

_LOOK = "nothing was written; run hjemmel log verify"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: tiles written because they were missing or wrong, and removed as too many."""

    written: tuple[Tile, ...]
    removed: tuple[Tile, ...]


def rebuild_tiles(engine: sa.Engine, verifier: NoteVerifier, progress: Progress | None = None) -> Rebuilt:
    """Verifies the entries against the signed root, then makes good the tiles that are not theirs.

    May run beside the log's owner, who writes no tile of a size that was committed before.

    Raises:
        FormatError, VerificationError: the entries do not hold; nothing was written.
        NotFound: the log was never opened for writing.
    """
    with database.snapshot(engine) as connection:
        tree = signed_head(connection, verifier).tree
        grown = TileTree()
        wrong: list[tuple[Tile, bytes]] = []
        for bundle in bundles(connection, tree.size):
            for tile, hashes in grown.add(bundle_hashes(write_bundle(bundle), len(bundle))):
                if _stored(connection, tile) != hashes:
                    wrong.append((tile, hashes))
            if progress:
                progress(grown.size, tree.size)
        if grown.root() != tree.root:
            raise VerificationError(f"the entries do not lead to the signed checkpoint: {_LOOK}")
    with engine.begin() as connection:
        head = store.read_head(connection, for_update=True)
        if head is None or head.size < tree.size:
            raise NotFound(f"the log was put back meanwhile: {_LOOK}")
        removed = _remove_beyond(connection, head.size)
        for tile, hashes in wrong:
            connection.execute(tiles.delete().where(*_is(tile)))
            connection.execute(tiles.insert(), {"level": tile.level, "index": tile.index, "hashes": hashes})
    return Rebuilt(tuple(tile for tile, _ in wrong), removed)


def _stored(connection: sa.Connection, tile: Tile) -> object:
    return connection.execute(sa.select(tiles.c.hashes).where(*_is(tile))).scalar()


def _remove_beyond(connection: sa.Connection, size: int) -> tuple[Tile, ...]:
    """Removes tiles that the log has not grown to: its owner could not write its own there."""
    query = sa.select(tiles.c.level, tiles.c.index.label("tile_index"))
    found = [Tile(row.level, row.tile_index) for row in connection.execute(query)]
    beyond = tuple(tile for tile in found if not tile.is_in(size) or tile.level < 0)
    for tile in beyond:
        connection.execute(tiles.delete().where(*_is(tile)))
    return beyond


def _is(tile: Tile) -> tuple[sa.ColumnElement[bool], ...]:
    return tiles.c.level == tile.level, tiles.c.index == tile.index
