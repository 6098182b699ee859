"""Copies that others keep, compared with the log; tiles made again; verification in instalments."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.tiles import Tile, read_bundle, write_bundle
from audit.publishing.export import export
from audit.publishing.import_check import Comparison, Relation, compare
from audit.publishing.published import Folder
from audit.publishing.rebuild import Rebuilt, rebuild_tiles
from audit.storage import database
from audit.storage.schema import tiles
from audit.verification.verify import verify_log
from tests.integration.audit.conftest import SIZES, Exports
from tests.support.logs import LogSite, fill
from tests.support.public_logs import grow

ALTER = """UPDATE log_entries SET leaf = CAST(leaf || x'20' AS BLOB) WHERE "index" = 300"""


def compared(site: LogSite, folder: Path) -> Comparison:
    with site.database() as engine:
        return compare(engine, site.verifier, Folder(folder))


def exported(site: LogSite, folder: Path) -> Path:
    with site.database() as engine:
        export(engine, site.verifier, folder)
    return folder


def told(comparison: Comparison) -> list[tuple[str, str]]:
    return [(f.place, f.problem) for f in comparison.findings]


def rebuilt(site: LogSite) -> Rebuilt:
    with site.database() as engine:
        return rebuild_tiles(engine, site.verifier)


@pytest.fixture
def site(sqlite_site: LogSite) -> LogSite:
    """A log of 600 entries."""
    grow(sqlite_site, 600)
    return sqlite_site


def twin(site: LogSite, folder: Path, entries: int, altered: int | None = None) -> LogSite:
    """A log of the same key with another entry at some index: what a fork looks like."""
    folder.mkdir()
    for name in ("log.pem", "master.key"):
        shutil.copy(site.folder / name, folder / name)
    made = LogSite(f"sqlite:///{folder}/log.db", f"sqlite:///{folder}/keys.db", folder)
    grow(made, entries, altered=altered)
    return made


@pytest.mark.parametrize("size", SIZES)
def test_copy_of_any_size(exports: Exports, size: int) -> None:
    """An earlier copy is the log's beginning, one of now its equal."""
    found = compared(exports.site, exports.fresh[size])
    relation = Relation.EQUAL if size == 70_000 else Relation.PREFIX
    assert (relation, size, ()) == (found.relation, found.compared, found.findings)


def test_lost_entries(site: LogSite, tmp_path: Path) -> None:
    """A copy that has more convicts the log of having lost entries, and says from where."""
    copy = exported(site, tmp_path / "copy")
    other = LogSite(f"sqlite:///{tmp_path}/less.db", site.keys_url, site.folder)
    grow(other, 500)
    found = compared(other, copy)
    assert (Relation.AHEAD, 500) == (found.relation, found.compared)
    lost = "is in the copy and not in the log, which ends at 500: entries were lost"
    assert [("entry 500", lost)] == told(found)


def test_log_that_was_altered(site: LogSite, tmp_path: Path) -> None:
    """The entry is named, and that it is the log's that is not what was signed."""
    copy = exported(site, tmp_path / "copy")
    site.execute(ALTER)
    assert [("entry 300", "of the log is not what was signed")] == told(compared(site, copy))
    older = compared(site, exported(twin(site, tmp_path / "older", 400), tmp_path / "out"))
    assert Relation.DIFFERENT == older.relation
    assert ("entry 300", "of the log is not what was signed") == told(older)[0]


def test_copy_that_was_altered(site: LogSite, tmp_path: Path) -> None:
    """The entry is named, and that it is the copy's that is not what was signed."""
    copy = exported(site, tmp_path / "copy")
    bundle = copy / "tile/entries/001"
    entries = read_bundle(bundle.read_bytes(), 256)
    entries[44:46] = [b"another", b"and another"]
    bundle.write_bytes(write_bundle(entries))
    problem = "of the copy is not what was signed, nor are 1 more"
    assert [("entry 300", problem)] == told(compared(site, copy))
    bundle.unlink()
    assert [("entries from 256 on", "of the copy: is missing")] == told(compared(site, copy))


@pytest.mark.parametrize(("ours", "theirs"), [(600, 600), (600, 400), (400, 600), (700, 512)])
def test_fork(site: LogSite, tmp_path: Path, ours: int, theirs: int) -> None:
    """Two histories under one key differ, and from which entry on is said."""
    one = twin(site, tmp_path / "one", ours)
    other = twin(site, tmp_path / "other", theirs, altered=300)
    found = compared(one, exported(other, tmp_path / "copy"))
    assert Relation.DIFFERENT == found.relation
    assert "300" in " ".join(place + problem for place, problem in told(found))
    assert not found.agree


def test_copy_of_another_log(exports: Exports, site: LogSite) -> None:
    """What is not signed by this log is compared with nothing."""
    with pytest.raises(VerificationError, match="not signed"):
        compared(site, exports.fresh[257])


def test_copy_without_a_checkpoint(site: LogSite, tmp_path: Path) -> None:
    """A folder that holds no log is said to hold none."""
    with pytest.raises(FormatError, match="no checkpoint"):
        compared(site, tmp_path)


@pytest.mark.parametrize(
    ("statement", "written", "removed"),
    [
        ("DELETE FROM log_tiles", (Tile(0, 0), Tile(0, 1)), ()),
        ('DELETE FROM log_tiles WHERE "index" = 1', (Tile(0, 1),), ()),
        ('UPDATE log_tiles SET hashes = substr(hashes, 1, 90) WHERE "index" = 0', (Tile(0, 0),), ()),
        (
            """INSERT INTO log_tiles (level, "index", hashes)
               SELECT 1, 5, hashes FROM log_tiles WHERE "index" = 0""",
            (),
            (Tile(1, 5),),
        ),
        ("DELETE FROM log_tiles WHERE level = 9", (), ()),
    ],
)
async def test_tiles_are_made_again(
    log_site: LogSite, statement: str, written: tuple[Tile, ...], removed: tuple[Tile, ...]
) -> None:
    """Missing, damaged and superfluous tiles are made good, beside the log's owner; then the log holds."""
    with log_site.opened() as log:
        await fill(log, 600)
        log_site.execute(statement)
        assert bool(written or removed) == (not log_site.verify().holds)
        assert Rebuilt(written, removed) == rebuilt(log_site)
        assert log_site.verify().holds
        await fill(log, 200, first=600)
        assert log_site.verify().holds


def test_tampered_entries_are_not_covered_up(site: LogSite) -> None:
    """Tiles are not made again over entries that do not lead to the signed root."""
    site.execute(ALTER)
    site.execute("DELETE FROM log_tiles")
    with pytest.raises(VerificationError, match="nothing was written"):
        rebuilt(site)
    with site.database() as engine, engine.connect() as connection:
        assert [] == list(connection.execute(sa.select(tiles)))


async def test_verified_in_instalments(log_site: LogSite) -> None:
    """From any checkpoint on, only what is new is read, and what holds is what holds altogether."""
    with log_site.opened() as log:
        known = log.reader.checkpoint()
        for count in (0, 1, 255, 44, 300, 0):
            await fill(log, count, first=known.size)
            with log_site.database() as engine:
                report = verify_log(engine, log_site.verifier, since=known)
                assert () == report.findings
            new = log.reader.checkpoint()
            assert new == report.checkpoint
            assert new.size - known.size // 256 * 256 == report.entries
            assert checkpoint.verify(report.note, log_site.verifier) == new
            known = new


def test_instalments_notice_rollback_and_fork(site: LogSite) -> None:
    """A log that is smaller than what was verified, or another one, does not hold."""
    engine = database.connect(site.url)
    later = Checkpoint(site.origin, 601, bytes(32))
    forked = Checkpoint(site.origin, 300, bytes(32))
    for known, said in ((later, "rolled back"), (forked, "does not extend")):
        report = verify_log(engine, site.verifier, since=known)
        assert said in report.findings[0].problem
    engine.dispose()


def test_instalments_find_what_is_new(site: LogSite) -> None:
    """Damage after the earlier checkpoint is found, damage before it goes unseen."""
    engine = database.connect(site.url)
    site.execute(ALTER)
    assert verify_log(engine, site.verifier, since=_at(site, 512)).holds
    assert "entry 300" == verify_log(engine, site.verifier, since=_at(site, 256)).findings[0].place
    engine.dispose()


def _at(site: LogSite, size: int) -> Checkpoint:
    """The checkpoint that a log of the same entries has at a size."""
    report = twin(site, site.folder / str(size), size).verify(sealed=False)
    assert report.checkpoint is not None
    return report.checkpoint
