"""A log's database as an operator would publish it who checks nothing: what outsiders get to see.

The real export refuses to publish what does not lead to the signed root, so that it would hide the
damage from those who are to find it.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from audit.formats.merkle import subtree
from audit.formats.tiles import CHECKPOINT, TILE_WIDTH, bundles_of, tiles_of
from audit.storage.schema import entries, head, tiles


def shown(engine: sa.Engine, size: int) -> Mapping[str, bytes]:
    """Gives the published files, by path, of the rows as they stand.

    Args:
        engine: the log's database.
        size: of the checkpoint that outsiders hold them to.
    """
    with engine.connect().execution_options(read_only=True) as connection:
        signed = connection.execute(sa.select(head.c.signed_checkpoint)).scalar()
        rows = connection.execute(sa.select(entries.c.index, entries.c.leaf, entries.c.leaf_hash))
        leaves = {index: (leaf, leaf_hash) for index, leaf, leaf_hash in rows}
        stored = connection.execute(sa.select(tiles.c.level, tiles.c.index, tiles.c.hashes))
        kept = {(level, index): hashes for level, index, hashes in stored}
    files = {} if signed is None else {CHECKPOINT: signed.encode()}
    for bundle in bundles_of(size):
        run = [leaves[i] for i in range(bundle.first, bundle.first + bundle.width) if i in leaves]
        files[bundle.path] = b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf, _ in run)
    for tile in tiles_of(size):
        hashes = kept.get((tile.level, tile.index))
        if not tile.is_complete and tile.level == 0:
            run = [leaves[i] for i in range(tile.first, tile.first + tile.width) if i in leaves]
            hashes = b"".join(leaf_hash for _, leaf_hash in run)
        elif not tile.is_complete:
            begin = tile.index * TILE_WIDTH
            below = [kept.get((tile.level - 1, begin + i)) for i in range(tile.width)]
            hashes = b"".join(_root(part) for part in below if part)
        if hashes is not None:
            files[tile.path] = hashes
    return files


def _root(hashes: bytes) -> bytes:
    whole = len(hashes) == TILE_WIDTH * 32
    return subtree(hashes) if whole else hashes[:32]
