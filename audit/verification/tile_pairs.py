"""Bundles held to their tiles of level 0, many at once: where nearly all the work of verifying lies.

Each range is independent of the others, so that ranges go to processes of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import starmap

from audit.errors import FormatError
from audit.formats.tiles import ENTRIES, TILE_WIDTH, Tile, bundle_hashes, root_of_edge
from audit.publishing.published import Published, read_tile
from audit.verification import processes

_RANGE = 64  # tiles: a tenth of a second of work
_ALONE = 4096  # tiles, two seconds of work: for fewer the start of processes costs what they save


@dataclass(frozen=True, slots=True)
class Run:
    """What one file says of a run of hashes.

    Attributes:
        root: over the run; nothing where the file does not hold one.
        hashes: the run itself; left out where it is complete and not in question.
        problem: what is wrong with the file by itself.
    """

    root: bytes | None
    hashes: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a tile of level 0 and its bundle say of the same entries."""

    tile: Run
    bundle: Run


def read_run(source: Published, tile: Tile) -> Run:
    """Reads a tile, or a bundle as the tile that belongs to it.

    Raises:
        Unreachable: the log cannot be read.
    """
    try:
        data = read_tile(source, tile)
        hashes = bundle_hashes(data, tile.width) if tile.level == ENTRIES else data
    except FormatError as error:
        return Run(None, problem=str(error))
    return Run(root_of_edge([hashes]), hashes)


def read_pairs(
    source: Published,
    size: int,
    first: int,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[int, Pair]:
    """Reads the tiles of level 0 and the bundles of a log of a size, from a tile on.

    Args:
        source: where the log is read.
        size: its entries.
        first: index of the first tile.
        workers: how many processes; by default one a core, and none for few tiles.
        progress: called with entries done and entries in all.

    Raises:
        Unreachable: the log cannot be read.
    """
    end = -(-size // TILE_WIDTH)
    if workers is None:
        workers = 1 if end - first <= _ALONE else processes.cores()
    ranges = [range(n, min(n + _RANGE, end)) for n in range(first, end, _RANGE)]
    calls = [(source, size, one) for one in ranges]
    each = processes.each(_read_range, calls, workers) if workers > 1 else starmap(_read_range, calls)
    pairs: dict[int, Pair] = {}
    for one, found in zip(ranges, each, strict=True):
        pairs.update(zip(one, found, strict=True))
        if progress:
            progress(min(size, one.stop * TILE_WIDTH), size)
    return pairs


def _read_range(source: Published, size: int, indexes: range) -> list[Pair]:
    with closing(source):
        return [_read_pair(source, index, min(TILE_WIDTH, size - index * TILE_WIDTH)) for index in indexes]


def _read_pair(source: Published, index: int, width: int) -> Pair:
    bundle = read_run(source, Tile(ENTRIES, index, width))
    try:
        data = read_tile(source, Tile(0, index, width))
    except FormatError as error:
        return Pair(Run(None, problem=str(error)), bundle)
    if data != bundle.hashes:
        return Pair(Run(root_of_edge([data]), data), bundle)
    agreed = Run(bundle.root) if width == TILE_WIDTH else bundle
    return Pair(agreed, agreed)
