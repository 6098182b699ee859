"""The tree against the vectors that every implementation of RFC 6962 and RFC 9162 shares.

They are those of Certificate Transparency's own tests (transparency-dev/merkle, `testonly` and
`proof/verify_test.go`). So are the kinds of probes, which it publishes under `testdata`: each published
proof with one thing in it made wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit.errors import VerificationError
from audit.formats import merkle
from audit.formats.merkle import Frontier

LEAVES = [
    bytes.fromhex(h)
    for h in (
        *("", "00", "10", "2021", "3031", "40414243"),
        *("5051525354555657", "606162636465666768696a6b6c6d6e6f"),
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
LEAF_6 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
PAIR_0 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
PAIR_1 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
PAIR_2 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PAIR_3 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
FOUR_0 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
FOUR_1 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
INCLUSION = [  # index, size, path
    (0, 8, [LEAF_1, PAIR_1, FOUR_1]),
    (5, 8, [LEAF_4, PAIR_3, FOUR_0]),
    (2, 3, [PAIR_0]),
    (1, 5, [ROOTS[1], PAIR_1, LEAF_4]),
]
CONSISTENCY = [  # old, new, proof
    (1, 1, []),
    (1, 8, [LEAF_1, PAIR_1, FOUR_1]),
    (6, 8, [PAIR_2, PAIR_3, FOUR_0]),
    (2, 5, [PAIR_1, LEAF_4]),
    (6, 7, [PAIR_2, LEAF_6, FOUR_0]),
]


def test_entries_lead_to_the_published_roots() -> None:
    """The root of each size of the reference tree is the published one."""
    tree = Frontier(0, ())
    roots = [tree.root().hex()]
    for entry in LEAVES:
        tree.append(merkle.leaf_hash(entry))
        roots.append(tree.root().hex())
    assert ROOTS == roots


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, path: list[str]) -> None:
    """A published audit path is what we build, and what we accept."""
    proof = merkle.inclusion_proof(index, size, _reader())
    assert path == [h.hex() for h in proof]
    merkle.verify_inclusion(merkle.leaf_hash(LEAVES[index]), index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int, path: list[str]) -> None:
    """A published consistency proof is what we build, and what we accept."""
    proof = merkle.consistency_proof(old, new, _reader())
    assert path == [h.hex() for h in proof]
    merkle.verify_consistency(old, new, proof, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


Path = list[bytes]
GARBAGE = bytes(range(32))


def spoilt(path: Path, *, beside: list[bytes]) -> Iterator[Path]:
    """The probes of a path: more of it, less of it, a bit of it."""
    for more in (b"", GARBAGE, *beside):
        yield [*path, more]
        yield [more, *path]
    for at, found in enumerate(path):
        yield path[:at] + path[at + 1 :]
        yield [*path[:at], GARBAGE, *path[at:]]
        yield [*path[:at], bytes([found[0] ^ 8]) + found[1:], *path[at + 1 :]]
    if path:
        yield []
        yield [*path[:-1], path[-1][:-1]]


def numbers(number: int) -> set[int]:
    """The probes of an index or a size."""
    return {number - 1, number + 1, number ^ 2, 2 * number, number // 2, -number, number + 2**64} - {number}


def wrong_inclusions() -> Iterator[tuple[bytes, int, int, Path, bytes]]:
    """Every probe of every published audit path."""
    for index, size, texts in [*INCLUSION, (0, 1, [])]:
        leaf, path = merkle.leaf_hash(LEAVES[index]), [bytes.fromhex(t) for t in texts]
        root = bytes.fromhex(ROOTS[size])
        yield from ((leaf, index, size, wrong, root) for wrong in spoilt(path, beside=[root, leaf]))
        yield from ((leaf, wrong, size, path, root) for wrong in numbers(index) - {0 if size == 1 else -1})
        for wrong in (b"", GARBAGE, merkle.leaf_hash(b"wrong")):
            yield wrong, index, size, path, root
            yield leaf, index, size, path, wrong
        yield b"", index, size, path, b""


def wrong_consistencies() -> Iterator[tuple[int, int, Path, bytes, bytes]]:
    """Every probe of every published consistency proof."""
    for old, new, texts in CONSISTENCY:
        path = [bytes.fromhex(t) for t in texts]
        first, second = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
        yield from ((old, new, wrong, first, second) for wrong in spoilt(path, beside=[first, second]))
        yield from ((wrong, new, path, first, second) for wrong in numbers(old))
        if path:
            yield old, new, path, second, first
        for wrong in (b"", GARBAGE):
            yield old, new, path, wrong, second
            yield old, new, path, first, wrong
    yield 0, 1, [], GARBAGE, GARBAGE
    yield 0, 0, [], GARBAGE, GARBAGE
    yield 0, 8, [GARBAGE], bytes.fromhex(ROOTS[0]), bytes.fromhex(ROOTS[8])


@pytest.mark.parametrize("probe", [*wrong_inclusions()])
def test_probes_of_inclusion_are_refused(probe: tuple[bytes, int, int, Path, bytes]) -> None:
    """A published audit path with one thing made wrong proves nothing."""
    with pytest.raises(VerificationError):
        merkle.verify_inclusion(*probe)


@pytest.mark.parametrize("probe", [*wrong_consistencies()])
def test_probes_of_consistency_are_refused(probe: tuple[int, int, Path, bytes, bytes]) -> None:
    """A published consistency proof with one thing made wrong proves nothing."""
    with pytest.raises(VerificationError):
        merkle.verify_consistency(*probe)


def _reader() -> merkle.NodeReader:
    tree = Frontier(0, ())
    for entry in LEAVES:
        tree.append(merkle.leaf_hash(entry))
    return tree.read
