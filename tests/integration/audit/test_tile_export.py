"""Exporting: complete, incremental, and whole again after a kill at any point."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audit.errors import VerificationError
from audit.formats import checkpoint
from audit.formats.tiles import bundles_of, tiles_of
from audit.publishing.export import ExportError, export
from audit.publishing.published import Folder
from audit.verification.verify_tiles import verify_tiles
from tests.integration.audit.conftest import SIZES, Exports
from tests.support.logs import LogSite, fill
from tests.support.public_logs import grow

PROGRAM = """
import sys; from pathlib import Path; from audit.publishing.export import export
from audit.storage import database
from audit.formats.note import NoteVerifier
export(database.connect(sys.argv[1]), NoteVerifier.parse(sys.argv[2]), Path(sys.argv[3]))
"""


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def to(site: LogSite, folder: Path) -> int:
    """Exports; gives the number of files that were written."""
    with site.database() as engine:
        return export(engine, site.verifier, folder).files


@pytest.mark.parametrize("size", SIZES)
def test_folder_holds_the_log_and_nothing_else(exports: Exports, size: int) -> None:
    """Every tile and bundle of the size, the checkpoint, the public key; our verifier agrees."""
    named = {tile.path for tile in (*tiles_of(size), *bundles_of(size))}
    assert named | {"checkpoint", "log.vkey", ".exporting"} == files(exports.fresh[size]).keys()
    report = verify_tiles(Folder(exports.fresh[size]), exports.verifier)
    assert ((), size) == (report.findings, report.entries)


def test_growing_gives_what_exporting_at_once_gives(exports: Exports) -> None:
    """Exported on the way or at the end: the same files, but for partial tiles still of use to readers."""
    grown, fresh = files(exports.grown), files(exports.fresh[SIZES[-1]])
    assert fresh == {path: grown[path] for path in fresh}
    # Complete tiles have taken the place of their partial ones; narrower ones stay for older checkpoints.
    assert {"tile/1/000.p/1"}.isdisjoint(grown)
    assert {"tile/2/000.p/1"} >= grown.keys() - fresh.keys()


def test_only_what_is_new_is_written(sqlite_site: LogSite, tmp_path: Path) -> None:
    """Nothing but the checkpoint and the key when nothing is new; else the right edge."""
    grow(sqlite_site, 300)
    assert 2 + 3 + 2 == to(sqlite_site, tmp_path / "out")  # tiles 0/000, 0/001.p, 1/000.p, two bundles
    assert 2 == to(sqlite_site, tmp_path / "out")
    grow(sqlite_site, 310)
    assert 2 + 1 + 1 == to(sqlite_site, tmp_path / "out")
    assert {"44", "54"} == {p.name for p in (tmp_path / "out" / "tile" / "0" / "001.p").iterdir()}
    grow(sqlite_site, 512)
    assert 2 + 2 + 1 == to(sqlite_site, tmp_path / "out")
    assert not (tmp_path / "out" / "tile" / "0" / "001.p").exists()
    report = verify_tiles(Folder(tmp_path / "out"), sqlite_site.verifier)
    assert (True, 512) == (report.holds, report.entries)


async def test_log_that_is_written_to_is_exported(log_site: LogSite, tmp_path: Path) -> None:
    """Beside its owner, on either database, at whatever size it has just then."""
    with log_site.opened() as log:
        for turn in range(3):
            await fill(log, 200, first=200 * turn)
            to(log_site, tmp_path / "out")
            report = verify_tiles(Folder(tmp_path / "out"), log_site.verifier)
            assert ((), 200 * (turn + 1)) == (report.findings, report.entries)


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_killed_at_any_point(sqlite_site: LogSite, tmp_path: Path, call: str) -> None:
    """After each kill the folder holds at one of the two checkpoints; the next export completes it."""
    grow(sqlite_site, 200)
    to(sqlite_site, tmp_path / "old")
    grow(sqlite_site, 900)
    to(sqlite_site, tmp_path / "whole")
    vkey = sqlite_site.verifier.vkey
    ended = False
    for when in range(1, 60):
        folder = tmp_path / str(when)
        shutil.copytree(tmp_path / "old", folder)
        trace = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
        command = [*trace, sys.executable, "-c", PROGRAM, sqlite_site.url, vkey, str(folder)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert done.returncode in {0, -9, 137}, done.stderr  # it ended, or it was killed
        report = verify_tiles(Folder(folder), sqlite_site.verifier)
        assert report.holds, (when, report.findings)
        assert report.entries in {200, 900}
        to(sqlite_site, folder)
        assert files(tmp_path / "whole") == files(folder)
        if ended := done.returncode == 0:
            break
    assert ended, "the export never came to its end"


def test_tampered_log_is_not_published(sqlite_site: LogSite, tmp_path: Path) -> None:
    """An entry that was altered after the last export stops the next one before its checkpoint."""
    grow(sqlite_site, 300)
    to(sqlite_site, tmp_path / "out")
    before = (tmp_path / "out" / "checkpoint").read_bytes()
    grow(sqlite_site, 900)
    sqlite_site.execute("""UPDATE log_entries SET leaf = CAST(leaf || x'20' AS BLOB) WHERE "index" = 700""")
    with pytest.raises(VerificationError, match="do not lead"):
        to(sqlite_site, tmp_path / "out")
    assert before == (tmp_path / "out" / "checkpoint").read_bytes()
    assert verify_tiles(Folder(tmp_path / "out"), sqlite_site.verifier).holds


def test_another_log_is_not_mixed_in(exports: Exports, sqlite_site: LogSite, tmp_path: Path) -> None:
    """A folder of another log, of a fork or of a later state is left as it is."""
    grow(sqlite_site, 300)
    shutil.copytree(exports.fresh[257], tmp_path / "other")
    with pytest.raises(ExportError, match="no checkpoint of this log"):
        to(sqlite_site, tmp_path / "other")
    to(sqlite_site, tmp_path / "later")
    tree = checkpoint.Checkpoint(sqlite_site.origin, 300, bytes(32))
    for size, said in ((299, "does not extend"), (301, "put back")):
        forked = checkpoint.Checkpoint(tree.origin, size, tree.root).sign(sqlite_site.signer)
        (tmp_path / "later" / "checkpoint").write_text(forked)
        before = files(tmp_path / "later")
        with pytest.raises(ExportError, match=said):
            to(sqlite_site, tmp_path / "later")
        assert before == files(tmp_path / "later")


def test_one_at_a_time(sqlite_site: LogSite, tmp_path: Path) -> None:
    """A second export to the same folder is refused while the first is under way."""
    grow(sqlite_site, 10)
    to(sqlite_site, tmp_path / "out")
    with (tmp_path / "out" / ".exporting").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ExportError, match="another process"):
            to(sqlite_site, tmp_path / "out")
