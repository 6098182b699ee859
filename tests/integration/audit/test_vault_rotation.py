"""Another master key for the vault: all or nothing, beside nobody, and the old key opens nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.errors import LogStopped
from audit.storage import database
from audit.storage.schema import KEYS
from audit.vault.rotation import rewrap
from audit.vault.vault import MasterKey, MasterKeyError
from tests.integration.audit.erased import left
from tests.support.logs import LogSite, fill, submission


@contextmanager
def other_key(site: LogSite) -> Iterator[MasterKey]:
    """Puts another master key in the place of the site's, for as long as this lasts."""
    path = site.settings.master_key
    old = path.read_bytes()
    path.write_bytes(os.urandom(32))
    yield site.master
    path.write_bytes(old)


def rotate(site: LogSite, old: MasterKey, new: MasterKey) -> int:
    """Wraps all keys anew, as `hjemmel log rotate-vault-key` does."""
    with site.keys_database() as engine:
        done = rewrap(engine, old, new)
        assert database.scrub(engine, tuple(KEYS.tables.values()), rewrite=True)
    return done


def kept(site: LogSite) -> list[bytes]:
    """All that the vault holds, wrapped."""
    tables = ("vault_keys", "vault_pages", "vault_master")
    query = " UNION ALL ".join(f"SELECT wrapped FROM {table}" for table in tables)
    with site.keys_database() as engine, engine.connect() as connection:
        return [bytes(row) for row in connection.execute(sa.text(query)).scalars()]


async def test_everything_opens_under_the_new_key_and_nothing_under_the_old(log_site: LogSite) -> None:
    """Sealed parts open, subjects keep their keys, an erasure still finds them; the old key is refused."""
    with log_site.opened() as log:
        for n in range(6):
            await log.append(submission(n, subject=b"subject %d" % (n % 3)), closes_intention=False)
        with log_site.erasing() as erasing:
            name = erasing.subject(b"subject 1").target
    old = log_site.master
    before = kept(log_site)
    with other_key(log_site) as new:
        assert len(before) - 1 == rotate(log_site, old, new)
        assert not {*before} & {*kept(log_site)}
        with log_site.opened() as log:
            await log.append(submission(9, subject=b"subject 1"), closes_intention=False)
            with log_site.erasing() as erasing:
                assert (name, 3) == ((w := erasing.subject(b"subject 1")).target, w.records)
            log_site.erase(b"subject 1")
        report = log_site.verify()
        assert (5, 3, True) == (report.sealed, report.erased, report.holds)
    with pytest.raises(MasterKeyError, match="wrong master key"):
        log_site.open()


async def test_nothing_under_the_old_key_is_left_in_a_file(sqlite_site: LogSite, tmp_path: Path) -> None:
    """Neither free pages nor the journal hold anything that the old key could open."""
    with sqlite_site.opened() as log:
        for n in range(300):
            await log.append(submission(n, subject=b"subject %d" % n), closes_intention=False)
    before, old = tuple(kept(sqlite_site)), sqlite_site.master
    assert list(before) == left(tmp_path, before)
    with other_key(sqlite_site) as new:
        rotate(sqlite_site, old, new)
        assert [] == left(tmp_path, before)


async def test_owner_with_the_old_key_writes_nothing_more_to_the_vault(log_site: LogSite) -> None:
    """A broker that still has the old key stops at the next key it would make; nothing is mixed."""
    with log_site.opened() as log:
        await fill(log, 3)
        old = log_site.master
        with other_key(log_site) as new:
            rotate(log_site, old, new)
            with pytest.raises(LogStopped):
                await log.append(submission(5, subject=b"new"), closes_intention=False)
            assert log.problem is not None


async def test_wrong_old_key_changes_nothing(log_site: LogSite) -> None:
    """Whoever names the wrong key is refused, and the vault is as it was."""
    with log_site.opened() as log:
        await fill(log, 1)
    before = kept(log_site)
    with log_site.keys_database() as engine, pytest.raises(MasterKeyError):
        rewrap(engine, MasterKey(os.urandom(32)), MasterKey(os.urandom(32)))
    assert before == kept(log_site)
