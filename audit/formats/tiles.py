"""Tiles and entry bundles (c2sp.org/tlog-tiles v0.1.0): how a log's tree and entries are cut and named.

A tile holds up to 256 hashes of one level of the tree, of which each is the root over a complete tile
of the level below; a bundle holds the entries whose hashes are in the tile of level 0 with its index.
Both are named by what they hold, and a name never changes what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from audit.errors import FormatError
from audit.formats.merkle import EMPTY_ROOT, HASH_SIZE, fold, leaf_hash, subtree

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_SIZE = TILE_WIDTH * HASH_SIZE
CHECKPOINT = "checkpoint"

#: The level at which bundles stand in a path.
ENTRIES = -1

_LENGTH = 2  # bytes that say how long an entry is
_MAX_LEVEL = 63
_MAX_INDEX = (1 << 63) // TILE_WIDTH
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The name of a tile or, at the level `ENTRIES`, of a bundle.

    Attributes:
        level: 0 for hashes of entries, 1 for roots over complete tiles of level 0, and so on.
        index: which one of the level, from the left.
        width: how many hashes or entries it holds; fewer than 256 for a partial one.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is found, in a folder or under a URL."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.is_complete else f".p/{self.width}"
        return f"tile/{level}/{_digits(self.index)}{partial}"

    @property
    def is_complete(self) -> bool:
        """Whether nothing will be added to it."""
        return self.width == TILE_WIDTH

    @property
    def first(self) -> int:
        """The first entry that it covers."""
        return self.index << TILE_HEIGHT * (max(self.level, 0) + 1)

    @property
    def end(self) -> int:
        """The entry after the last one that it covers when it is complete."""
        return self.first + (1 << TILE_HEIGHT * (max(self.level, 0) + 1))

    def is_in(self, size: int) -> bool:
        """Tells whether a tree of a size has all that it holds."""
        return (size >> TILE_HEIGHT * max(self.level, 0)) >= self.index * TILE_WIDTH + self.width

    def complete(self) -> Tile:
        """The tile that a partial one becomes."""
        return replace(self, width=TILE_WIDTH)


def parse_path(path: str) -> Tile:
    """Reads the path of a tile or bundle, in the one form that it has.

    Raises:
        FormatError: it is not one.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise FormatError("not the path of a tile: tile/<level>/<index>[.p/<width>]")
    level = ENTRIES if found[1] == "entries" else int(found[1])
    index = int(found[2].replace("x", "").replace("/", ""))
    tile = Tile(level, index, int(found[3] or TILE_WIDTH))
    if level > _MAX_LEVEL or index >= _MAX_INDEX or tile.path != path:
        raise FormatError("not the path of a tile: a number in it is too large, or not in its shortest form")
    return tile


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Names the tiles of a tree, level by level, that a smaller tree of it did not have yet."""
    level, width, before = 0, size, since
    while width:
        for index in range(before // TILE_WIDTH, -(-width // TILE_WIDTH)):
            tile = Tile(level, index, min(TILE_WIDTH, width - index * TILE_WIDTH))
            if not tile.is_in(since):
                yield tile
        level, width, before = level + 1, width >> TILE_HEIGHT, before >> TILE_HEIGHT


def bundles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Names the bundles of a log that it did not have yet at a smaller size."""
    for tile in tiles_of(size, since):
        if tile.level:
            return
        yield replace(tile, level=ENTRIES)


def edge_of(size: int) -> list[Tile]:
    """Names the partial tiles of a tree, by level; of width 0 where a level has none.

    They hold all that the tree's root is made of, and all that appending needs.
    """
    levels = range(-(-size.bit_length() // TILE_HEIGHT))
    counts = [size >> TILE_HEIGHT * level for level in levels]
    return [Tile(n, count // TILE_WIDTH, count % TILE_WIDTH) for n, count in enumerate(counts)]


def write_bundle(entries: Iterable[bytes]) -> bytes:
    """Puts a bundle together: each entry behind its length, a big-endian uint16."""
    return b"".join(len(entry).to_bytes(_LENGTH) + entry for entry in entries)


def read_bundle(data: bytes, width: int) -> list[bytes]:
    """Takes a bundle of a width apart.

    Raises:
        FormatError: it does not hold exactly so many entries.
    """
    entries, at = [], 0
    while at < len(data):
        begin = at + _LENGTH
        at = begin + (data[at] << 8 | data[at + 1] if begin <= len(data) else _LENGTH)
        entries.append(data[begin:at])
    if at != len(data) or len(entries) != width:
        raise FormatError(f"does not hold exactly {width} entries")
    return entries


def bundle_hashes(data: bytes, width: int) -> bytes:
    """Computes the tile of level 0 that belongs to a bundle of a width.

    Raises:
        FormatError: it does not hold exactly so many entries.
    """
    return b"".join(map(leaf_hash, read_bundle(data, width)))


def cut(hashes: bytes) -> list[bytes]:
    """Cuts a tile into its hashes."""
    return [hashes[i : i + HASH_SIZE] for i in range(0, len(hashes), HASH_SIZE)]


def root_of_edge(edge: Sequence[bytes]) -> bytes:
    """Computes a tree's root from its partial tiles, given by level."""
    runs = []
    for hashes in reversed(edge):
        width, at = len(hashes) // HASH_SIZE, 0
        for bit in reversed(range(width.bit_length())):
            if width >> bit & 1:
                runs.append(subtree(hashes[at : at + (HASH_SIZE << bit)]))
                at += HASH_SIZE << bit
    return fold(runs) if runs else EMPTY_ROOT


class TileTree:
    """A tree that grows by tiles of level 0, and gives the tiles above that they complete."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """Starts at a size that complete tiles of level 0 make up, with its partial tiles by level."""
        self.size = size
        self._edge = [bytearray(hashes) for hashes in edge]

    def add(self, hashes: bytes, root: bytes | None = None) -> list[tuple[Tile, bytes]]:
        """Adds a tile of level 0, the last one of which may be partial; gives the tiles now complete.

        Args:
            hashes: the tile.
            root: over it, where it is known already.
        """
        index, level, run = self.size // TILE_WIDTH, 0, hashes
        self.size += len(hashes) // HASH_SIZE
        completed: list[tuple[Tile, bytes]] = []
        while True:
            if level == len(self._edge):
                self._edge.append(bytearray())
            self._edge[level] += run
            if len(self._edge[level]) < TILE_SIZE:
                return completed
            full = bytes(self._edge[level])
            completed.append((Tile(level, index), full))
            self._edge[level].clear()
            run = subtree(full) if level or root is None else root
            level, index = level + 1, index // TILE_WIDTH

    def edge(self) -> list[tuple[Tile, bytes]]:
        """Gives the partial tiles as they stand, those without hashes left out."""
        named = zip(edge_of(self.size), self._edge, strict=False)
        return [(tile, bytes(hashes)) for tile, hashes in named if hashes]

    def root(self, hashes: bytes = b"") -> bytes:
        """The root of the tree as it stands, or would stand with some hashes of level 0 added."""
        edge = [bytes(run) for run in self._edge] or [b""]
        return root_of_edge([edge[0] + hashes, *edge[1:]])


def _digits(index: int) -> str:
    text = str(index)
    text = text.zfill(-(-len(text) // 3) * 3)
    groups = [text[i : i + 3] for i in range(0, len(text), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
