"""The nodes of a published log's tree, read from its tiles: what proofs are made of without the database."""

from __future__ import annotations

from audit.formats.merkle import HASH_SIZE, subtree
from audit.formats.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from audit.publishing.published import Published, read_tile


class PublishedNodes:
    """Reads nodes of the tree that a published log has at a size."""

    def __init__(self, source: Published, size: int) -> None:
        """Takes where the log is read, and the size."""
        self._source = source
        self._size = size
        self._tiles: dict[Tile, bytes] = {}

    def read(self, level: int, index: int) -> bytes:
        """Gives the hash of a complete subtree; see `merkle.NodeReader`.

        Raises:
            FormatError: a tile is missing or damaged.
            Unreachable: the log cannot be read.
        """
        height, inner = divmod(level, TILE_HEIGHT)
        first = index << inner
        whole = self._size >> TILE_HEIGHT * height
        number = first // TILE_WIDTH
        tile = Tile(height, number, min(TILE_WIDTH, whole - number * TILE_WIDTH))
        if tile not in self._tiles:
            self._tiles[tile] = read_tile(self._source, tile)
        at = first % TILE_WIDTH * HASH_SIZE
        return subtree(self._tiles[tile][at : at + (HASH_SIZE << inner)])
