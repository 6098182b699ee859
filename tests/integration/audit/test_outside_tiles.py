"""Exported and served logs, checked by verifiers that nobody here wrote.

Tessera's fsck reads every bundle and every tile and holds them to the checkpoint; Go's checker reads
every entry and proves inclusion and consistency from the tiles alone.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audit.formats import checkpoint
from audit.formats.note import NoteVerifier
from tests.integration.audit.conftest import SIZES, Exports
from tests.support.outside import accepts, fsck, go_verifier


@pytest.fixture(scope="session")
def outside() -> Path:
    """Go's verifier."""
    return go_verifier()


@pytest.mark.parametrize("size", SIZES)
def test_both_accept_every_size(exports: Exports, outside: Path, size: int) -> None:
    """Empty, one entry, and either side of where tiles and tiles of tiles are complete."""
    folder = exports.fresh[size]
    assert size == checkpoint.verify((folder / "checkpoint").read_text(), exports.verifier).size
    assert "" == fsck(folder, exports.vkey)
    assert accepts(outside, "tiles", exports.verifier.vkey, folder)


def test_both_accept_what_grew(exports: Exports, outside: Path) -> None:
    """A folder that was exported to seven times is one log, and extends each of its checkpoints."""
    older = [folder / "checkpoint" for folder in exports.fresh.values()]
    assert "" == fsck(exports.grown, exports.vkey)
    assert accepts(outside, "tiles", exports.verifier.vkey, exports.grown, *older)


def test_neither_accepts_another_key(exports: Exports, outside: Path, tmp_path: Path) -> None:
    """A checkpoint of another log's key is refused."""
    other = NoteVerifier(exports.verifier.name, bytes(31) + b"\1").vkey
    (tmp_path / "vkey").write_text(other)
    assert "" != fsck(exports.fresh[257], tmp_path / "vkey")
    assert not accepts(outside, "tiles", other, exports.fresh[257])


def test_go_rejects_a_log_that_was_rolled_back(exports: Exports, outside: Path) -> None:
    """A later checkpoint that somebody kept convicts a log that lost entries."""
    later = exports.fresh[257] / "checkpoint"
    assert not accepts(outside, "tiles", exports.verifier.vkey, exports.fresh[256], later)


@pytest.mark.parametrize(
    "path", ["tile/0/005", "tile/entries/005", "tile/1/000", "tile/1/001.p/17", "tile/entries/273.p/112"]
)
def test_both_reject_one_bit(exports: Exports, outside: Path, tmp_path: Path, path: str) -> None:
    """One bit anywhere between the entries and the top of the tree."""
    shutil.copytree(exports.fresh[70_000], tmp_path / "log")
    data = bytearray((tmp_path / "log" / path).read_bytes())
    data[len(data) // 2] ^= 0x10
    (tmp_path / "log" / path).write_bytes(data)
    assert "" != fsck(tmp_path / "log", exports.vkey)
    assert not accepts(outside, "tiles", exports.verifier.vkey, tmp_path / "log")
