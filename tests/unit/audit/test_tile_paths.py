"""Names and contents of tiles and bundles, as tlog-tiles has them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError
from audit.formats.tiles import (
    ENTRIES,
    Tile,
    TileTree,
    bundles_of,
    edge_of,
    parse_path,
    read_bundle,
    root_of_edge,
    tiles_of,
    write_bundle,
)
from tests.support.logs import textbook_root

HASHES = [sha256(n.to_bytes(4)).digest() for n in range(1200)]
sizes = st.integers(0, 2**40)


def test_paths_of_the_specification() -> None:
    """Its examples of indexes and of suffixes."""
    assert "tile/0/x001/x234/067" == Tile(0, 1_234_067).path
    assert "tile/entries/x001/x234/067.p/8" == Tile(ENTRIES, 1_234_067, 8).path
    assert "tile/2/000.p/1" == Tile(2, 0, 1).path
    assert "tile/0/999" == Tile(0, 999).path
    assert "tile/0/x001/000" == Tile(0, 1000).path


def test_tiles_of_the_specifications_example() -> None:
    """A tree of 70,000: 273 full and one of 112; one full and one of 17; one of 1."""
    found = list(tiles_of(70_000))
    assert [Tile(0, n) for n in range(273)] == found[:273]
    assert [Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)] == found[273:]
    assert [Tile(0, 0), Tile(1, 0, 1)] == list(tiles_of(256))
    assert [] == list(tiles_of(0))
    assert [Tile(ENTRIES, 0), Tile(ENTRIES, 1, 1)] == list(bundles_of(257))


@given(st.integers(-1, 7), st.integers(0, 2**48), st.integers(1, 256))
def test_path_is_read_back(level: int, index: int, width: int) -> None:
    """Any tile has one path, and the path is that tile's."""
    tile = Tile(level, index, width)
    assert tile == parse_path(tile.path)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/67",
        "tile/0/x000/067",
        "tile/0/x001/x067",
        "tile/0/1234",
        "tile/00/067",
        "tile/64/067",
        "tile/-1/067",
        "tile/+1/067",
        "tile/data/067",
        "tile/0/067.p/0",
        "tile/0/067.p/256",
        "tile/0/067.p/08",
        "tile/0/067.p",
        "tile/0/067/",
        "tile/0/067\n",
        "/tile/0/067",
        "tile/0/../067",
        "tile/0/٠٦٧",
        "tile/8/0/067",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "checkpoint",
        "",
    ],
)
def test_no_other_form_is_a_path(path: str) -> None:
    """Leading zeroes, other digits, other levels and widths, other slashes: refused."""
    with pytest.raises(FormatError):
        parse_path(path)


@given(sizes, sizes)
def test_growth_is_told_apart(one: int, other: int) -> None:
    """What is new at a size are the tiles of the right edge of the older one and all beyond it."""
    old, new = sorted((one % 200_000, other % 200_000))
    assert set(tiles_of(new)) - set(tiles_of(old)) == set(tiles_of(new, old))
    assert set(bundles_of(new)) - set(bundles_of(old)) == set(bundles_of(new, old))


@given(sizes)
def test_partial_widths(size: int) -> None:
    """At level l of a tree of s entries, (s // 256^l) mod 256 hashes are in the partial tile."""
    for level, tile in enumerate(edge_of(size)):
        assert (level, size // 256**level % 256) == (tile.level, tile.width)
        assert tile.width == 0 or tile.is_in(size)
        assert tile.width == 0 or not tile.is_in(size - 256**level)


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_bundle_is_read_back(entries: list[bytes]) -> None:
    """A bundle of entries of any length is those entries, and no other number of them."""
    data = write_bundle(entries)
    assert entries == read_bundle(data, len(entries))
    with pytest.raises(FormatError):
        read_bundle(data, len(entries) + 1)
    with pytest.raises(FormatError):
        read_bundle(data + b"\0", len(entries))
    if entries:
        with pytest.raises(FormatError):
            read_bundle(data[:-1], len(entries))


def test_longest_entry_has_a_place_in_a_bundle() -> None:
    """65,535 bytes are two bytes of length and no more."""
    entry = bytes(65_535)
    assert b"\xff\xff" + entry == write_bundle([entry])
    assert [entry] == read_bundle(write_bundle([entry]), 1)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 700, 1200])
def test_tree_of_tiles_is_the_textbooks(size: int) -> None:
    """Grown tile by tile, or from its edge at any earlier tile, the tree has the root of RFC 9162."""
    expected = textbook_root(HASHES[:size])
    for begin in range(0, size + 1, 256):
        before = _grown(TileTree(), HASHES[:begin])
        edge = dict(before.edge())
        levels = [edge.get(tile, b"") for tile in edge_of(begin)]
        assert textbook_root(HASHES[:begin]) == root_of_edge(levels)
        tree = _grown(TileTree(begin, levels), HASHES[begin:size])
        assert (size, expected) == (tree.size, tree.root())


def _grown(tree: TileTree, hashes: list[bytes]) -> TileTree:
    for at in range(0, len(hashes), 256):
        tree.add(b"".join(hashes[at : at + 256]))
    return tree
