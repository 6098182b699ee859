"""Copies of a log: consistent, verified, and put back without what was erased since."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit import copies
from audit.copies import Erased
from audit.storage import database
from audit.vault.vault import MasterKeyError
from audit.verification.verify import verify_log
from tests.integration.audit.erased import ask, left, secrets_of
from tests.support.logs import LogSite, fill, submission
from tests.support.postgres import Server

A = b"subject A"


def copied(site: LogSite, folder: Path) -> LogSite:
    """Copies a log and its keys into a folder, as `hjemmel log backup` does."""
    folder.mkdir()
    copy = LogSite(f"sqlite:///{folder}/log.db", f"sqlite:///{folder}/keys.db", site.folder)
    with site.database() as log, copy.database() as new_log:
        copies.copy_log(log, new_log)
    with site.keys_database() as keys, copy.keys_database() as new_keys:
        copies.copy_keys(keys, new_keys)
    return copy


def put_back(copy: LogSite, site: LogSite, names: set[str]) -> None:
    """Puts a copy where there is nothing, without what was erased, as `hjemmel log restore` does."""
    gone = Erased.named(names)
    with copy.keys_database() as keys, site.keys_database() as new_keys:
        copies.copy_keys(keys, new_keys, site.master, gone)
    with copy.database() as log, site.database() as new_log:
        copies.copy_log(log, new_log, gone)


def names(site: LogSite) -> set[str]:
    """What was erased, by the log's own list."""
    with site.database() as log:
        return copies.erased_names(log, None)


@pytest.fixture
def elsewhere(log_site: LogSite, postgres_server: Server, tmp_path: Path) -> LogSite:
    """Two empty databases of the same kind, under the same keys."""
    if log_site.url.startswith("sqlite"):
        (tmp_path / "elsewhere").mkdir()
        urls = [f"sqlite:///{tmp_path}/elsewhere/{name}.db" for name in ("log", "keys")]
    else:
        urls = [postgres_server.fresh_database() for _ in range(2)]
    return LogSite(urls[0], urls[1], log_site.folder)


async def test_copy_is_the_log(log_site: LogSite, elsewhere: LogSite, tmp_path: Path) -> None:
    """A copy verifies, its sealed parts open, goes back into either database, and goes on there."""
    with log_site.opened() as log:
        await fill(log, 300)
        log_site.erase(b"subject 1")
        await log.append(submission(900, subject=A), closes_intention=False)
        copy = copied(log_site, tmp_path / "copy")
    original = log_site.verify()
    assert original == copy.verify()
    put_back(copy, elsewhere, names(copy))
    assert original == elsewhere.verify()
    with elsewhere.opened() as log:
        await log.append(submission(901, subject=A), closes_intention=False)
        elsewhere.erase(A)  # numbers go on where they were
    report = elsewhere.verify()
    assert (304, 302, True) == (report.entries, report.erased, report.holds)


async def test_what_was_erased_since_does_not_come_back(
    log_site: LogSite, elsewhere: LogSite, tmp_path: Path
) -> None:
    """Keys and secrets erased after a copy was made are not put back, and the next owner says so."""
    with log_site.opened() as log:
        for n in range(6):
            await log.append(submission(n, subject=(A, b"other")[n % 2]), closes_intention=False)
        copy = copied(log_site, tmp_path / "copy")
        log_site.erase(A)
        with log_site.erasing() as erasing:
            log_site.carried_out(erasing, ask(log_site, erasing.record(1)))
    put_back(copy, elsewhere, names(log_site))
    with elsewhere.keys_database() as keys:
        assert names(log_site) == copies.erased_names(None, keys)
    assert 2 == elsewhere.verify().open_erasures
    with elsewhere.opened() as log:
        opened = [i for i in range(6) if log.reader.opened(log.reader.by_index(i)) is not None]
        assert [3, 5] == opened
    report = elsewhere.verify()
    assert (4, 0, True) == (report.erased, report.open_erasures, report.holds)
    assert "restored" in _grounds(elsewhere)


def _grounds(site: LogSite) -> list[str]:
    with site.database() as engine, engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT ground FROM erasure_requests")).scalars())


async def test_copy_made_afterwards_holds_nothing_of_it(log_site: LogSite, tmp_path: Path) -> None:
    """Neither the log's copy nor the keys' has an opening, value, key or sealed part of what was erased."""
    with log_site.opened() as log:
        await fill(log, 10)
        await log.append(submission(50, subject=A), closes_intention=False)
        secrets = secrets_of(log_site, [10])
        log_site.erase(A)
        before = copied(log_site, tmp_path / "copy")
    assert before.verify().holds
    assert [] == left(tmp_path / "copy", secrets.opened + secrets.kept)


async def test_keys_alone_are_put_back(log_site: LogSite, elsewhere: LogSite, tmp_path: Path) -> None:
    """Where only the keys were lost, the log that is there tells which of an old copy may not come back."""
    with log_site.opened() as log:
        for n in range(4):
            await log.append(submission(n, subject=(A, b"other")[n % 2]), closes_intention=False)
        copy = copied(log_site, tmp_path / "copy")
        log_site.erase(A)
    with copy.keys_database() as keys, elsewhere.keys_database() as new_keys:
        copies.copy_keys(keys, new_keys, log_site.master, Erased.named(names(log_site)))
    mixed = LogSite(log_site.url, elsewhere.keys_url, log_site.folder)
    report = mixed.verify()
    # The erasure's own entry was sealed after the copy: its key is lost, and that is told.
    assert (2, ["entry 4"]) == (report.erased, [f.place for f in report.findings])


async def test_old_keys_put_back_whole_are_found(log_site: LogSite, tmp_path: Path) -> None:
    """Whoever puts an old copy of the keys back by hand is found out: what was erased is there again."""
    with log_site.opened() as log:
        await fill(log, 3)
        await log.append(submission(9, subject=A), closes_intention=False)
        copy = copied(log_site, tmp_path / "copy")
        index = log_site.erase(A)
    mixed = LogSite(log_site.url, copy.keys_url, log_site.folder)
    found = [f.problem for f in mixed.verify().findings if f.place == f"entry {index}"]
    assert any("there again" in problem for problem in found)


async def test_copy_under_another_master_key_is_not_put_back(
    log_site: LogSite, elsewhere: LogSite, tmp_path: Path
) -> None:
    """Where a page has to be opened and cannot be, nothing is put back."""
    with log_site.opened() as log:
        await fill(log, 3)
        copy = copied(log_site, tmp_path / "copy")
        with log_site.erasing() as erasing:
            log_site.carried_out(erasing, ask(log_site, erasing.record(1)))
    other = LogSite.at(_made(tmp_path / "other"), elsewhere.url, elsewhere.keys_url)
    with pytest.raises(MasterKeyError):
        put_back(copy, other, names(log_site))
    with other.keys_database() as keys:
        database.migrate(keys, "keys")
        assert not copies.holds_keys(keys)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_copy_beside_a_writer_is_of_one_moment(log_site: LogSite, tmp_path: Path) -> None:
    """While entries are written, a copy ends at its own checkpoint, and verifies."""
    with log_site.opened() as log:
        await fill(log, 20)
        writing = asyncio.ensure_future(fill(log, 400, first=100))
        folder = tmp_path / "copy"
        copy = await asyncio.to_thread(copied, log_site, folder)
        await writing
    with copy.database() as engine:
        report = verify_log(engine, log_site.verifier)
    assert () == report.findings
    assert report.entries >= 20
    assert copy.verify().holds
