"""Verifying a published log: what is wrong is found, and told apart from what is merely beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import EMPTY_ROOT
from audit.formats.tiles import TileTree, bundle_hashes, bundles_of, read_bundle, write_bundle
from audit.publishing.published import Folder
from audit.verification.tile_pairs import read_pairs
from audit.verification.verify_tiles import TilesReport, verify_tiles
from tests.integration.audit.conftest import SIZES, Exports

Change = Callable[[bytes], bytes | None]


def flipped(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]


def nothing(_data: bytes) -> None:
    return None


def cut(data: bytes) -> bytes:
    return data[:-1]


def longer(data: bytes) -> bytes:
    return data + b"\0"


def entry_altered(data: bytes) -> bytes:
    """The third entry of a bundle is another one of the same length."""
    entries = read_bundle(data, data.count(b'"v":1'))
    entries[2] = entries[2].replace(b"granted", b"refused")
    return write_bundle(entries)


@pytest.fixture
def copy(exports: Exports, tmp_path: Path) -> Path:
    """A copy of the folder of 70,000 entries, to spoil."""
    shutil.copytree(exports.fresh[70_000], tmp_path / "copy")
    return tmp_path / "copy"


def spoil(folder: Path, path: str, change: Change) -> None:
    data = change((folder / path).read_bytes())
    if data is None:
        (folder / path).unlink()
    else:
        (folder / path).write_bytes(data)


def told(report: TilesReport) -> list[tuple[str, str]]:
    return [(f.place, f.problem) for f in report.findings]


def signed(exports: Exports, size: int) -> Checkpoint:
    text = (exports.fresh[size] / "checkpoint").read_text()
    return checkpoint.verify(text, exports.verifier)


NOT = "is not what the checkpoint commits to"


@pytest.mark.parametrize(
    ("path", "change", "problem"),
    [
        ("tile/0/005", flipped, f"hash 128 {NOT}"),
        ("tile/0/005", cut, "is not 256 hashes of 32 bytes"),
        ("tile/0/005", nothing, "is missing"),
        ("tile/0/273.p/112", flipped, f"hash 56 {NOT}"),
        ("tile/0/273.p/112", longer, "is not 112 hashes of 32 bytes"),
        ("tile/1/000", flipped, f"hash 128 {NOT}"),
        ("tile/1/000", nothing, "is missing"),
        ("tile/1/001.p/17", flipped, f"hash 8 {NOT}"),
        ("tile/2/000.p/1", flipped, f"hash 0 {NOT}"),
        ("tile/2/000.p/1", nothing, "is missing"),
        ("tile/entries/005", entry_altered, f"entry 1282 {NOT}"),
        ("tile/entries/005", longer, "does not hold exactly 256 entries"),
        ("tile/entries/005", nothing, "is missing"),
        ("tile/entries/273.p/112", entry_altered, f"entry 69890 {NOT}"),
        ("tile/entries/273.p/112", cut, "does not hold exactly 112 entries"),
        ("checkpoint", nothing, "is missing"),
    ],
)
def test_one_file_is_blamed(exports: Exports, copy: Path, path: str, change: Change, problem: str) -> None:
    """Whichever file was changed is named, with the hash or the entry, and no other one is."""
    spoil(copy, path, change)
    assert [(path, problem)] == told(verify_tiles(Folder(copy), exports.verifier))


def test_many_at_once(exports: Exports, copy: Path) -> None:
    """Tiles of every level and bundles under them are told apart when several are wrong together."""
    changed = ["tile/0/005", "tile/entries/007", "tile/1/000", "tile/2/000.p/1", "tile/entries/273.p/112"]
    for path in changed:
        spoil(copy, path, entry_altered if "entries" in path else flipped)
    found = told(verify_tiles(Folder(copy), exports.verifier))
    assert sorted(changed) == sorted(place for place, _ in found)


def test_tile_and_bundle_altered_alike(exports: Exports, copy: Path) -> None:
    """Who alters an entry and its hash, too, is betrayed by the tile above."""
    spoil(copy, "tile/entries/005", entry_altered)
    hashes = bundle_hashes((copy / "tile/entries/005").read_bytes(), 256)
    (copy / "tile/0/005").write_bytes(hashes)
    found = told(verify_tiles(Folder(copy), exports.verifier))
    assert ["tile/entries/005", "tile/0/005"] == [place for place, _ in found]


def test_whole_tree_made_anew(exports: Exports, copy: Path) -> None:
    """Who makes every tile anew over an altered entry cannot make the signed root."""
    spoil(copy, "tile/entries/005", entry_altered)
    tree = TileTree()
    for bundle in bundles_of(70_000):
        for tile, hashes in tree.add(bundle_hashes((copy / bundle.path).read_bytes(), bundle.width)):
            (copy / tile.path).write_bytes(hashes)
    for tile, hashes in tree.edge():
        (copy / tile.path).write_bytes(hashes)
    found = told(verify_tiles(Folder(copy), exports.verifier))
    assert [("tree", "neither the tiles nor the entries lead to the signed root")] == found


def test_strange_files(exports: Exports, copy: Path) -> None:
    """Under `tile/` there is nothing but tiles; a narrower one is what the wider one begins with."""
    (copy / "tile/0/273.p/100").write_bytes((copy / "tile/0/273.p/112").read_bytes()[:3200])
    entries = read_bundle((copy / "tile/entries/273.p/112").read_bytes(), 112)
    (copy / "tile/entries/273.p/9").write_bytes(write_bundle(entries[:9]))
    (copy / "tile/0/x001").mkdir()
    (copy / "tile/0/x001/000").write_bytes(bytes(8192))  # of a later checkpoint: an export is under way
    assert [] == told(verify_tiles(Folder(copy), exports.verifier))
    spoil(copy, "tile/0/273.p/100", flipped)
    spoil(copy, "tile/entries/273.p/9", longer)
    (copy / "tile/0/005~").write_bytes(b"")
    places = [place for place, _ in told(verify_tiles(Folder(copy), exports.verifier))]
    assert ["tile/0/005~", "tile/0/273.p/100", "tile/entries/273.p/9"] == places


def test_complete_tile_stands_for_its_partial_one(exports: Exports, copy: Path) -> None:
    """At an older checkpoint, of which the partial tiles were removed, the complete ones are read."""
    shutil.copy(exports.fresh[257] / "checkpoint", copy / "checkpoint")
    report = verify_tiles(Folder(copy), exports.verifier)
    assert ([], 257) == (told(report), report.entries)


@pytest.mark.parametrize("old", SIZES)
@pytest.mark.parametrize("new", SIZES)
def test_from_an_earlier_verification(exports: Exports, old: int, new: int) -> None:
    """Any size extends any smaller one, of which only the last bundle is read again; none a larger one."""
    report = verify_tiles(Folder(exports.fresh[new]), exports.verifier, signed(exports, old))
    if old > new:
        assert ["checkpoint"] == [f.place for f in report.findings]
        assert "rolled back" in report.findings[0].problem
    else:
        assert ([], new - old // 256 * 256) == (told(report), report.entries)


@pytest.mark.parametrize("old", [1, 255, 256, 257, 65_536, 69_999, 70_000])
def test_fork_is_a_finding(exports: Exports, old: int) -> None:
    """Another root at an earlier size, or at the same one, was signed for another log."""
    forked = Checkpoint(exports.verifier.name, old, sha256(b"another").digest())
    found = told(verify_tiles(Folder(exports.fresh[70_000]), exports.verifier, forked))
    assert 1 == len(found)
    assert "fork" in found[0][1]


def test_what_is_old_is_not_read_again(exports: Exports, copy: Path) -> None:
    """With an earlier checkpoint, damage to what it covers goes unseen; damage to what is new does not."""
    spoil(copy, "tile/entries/005", nothing)
    assert verify_tiles(Folder(copy), exports.verifier, signed(exports, 65_536)).holds
    for path in ("tile/1/000", "tile/1/001.p/17", "tile/entries/260"):
        spoil(copy, path, flipped)
    found = told(verify_tiles(Folder(copy), exports.verifier, signed(exports, 65_536)))
    assert ["tile/1/001.p/17", "tile/entries/260"] == [place for place, _ in found]


def test_all_is_read_where_what_is_new_does_not_lead_to_the_root(exports: Exports, copy: Path) -> None:
    """Damage above old entries, which only they can tell, is found and placed by reading them again."""
    spoil(copy, "tile/2/000.p/1", flipped)
    report = verify_tiles(Folder(copy), exports.verifier, signed(exports, 65_536))
    assert (["tile/2/000.p/1"], 70_000) == ([f.place for f in report.findings], report.entries)


def test_processes_find_what_one_finds(exports: Exports, copy: Path) -> None:
    """Shared among processes, the same is read and the same is found."""
    spoil(copy, "tile/0/100", flipped)
    source = Folder(copy)
    assert read_pairs(source, 70_000, 0, workers=1) == read_pairs(source, 70_000, 0, workers=2)


def test_forged_size_of_an_empty_log(exports: Exports, tmp_path: Path) -> None:
    """An empty log has one root, and a folder without entries is no log with some."""
    signer = exports.site.signer
    for tree in (
        Checkpoint(signer.verifier.name, 0, bytes(32)),
        Checkpoint(signer.verifier.name, 3, EMPTY_ROOT),
    ):
        (tmp_path / "checkpoint").write_text(tree.sign(signer))
        assert "tree" in [f.place for f in verify_tiles(Folder(tmp_path), exports.verifier).findings]
