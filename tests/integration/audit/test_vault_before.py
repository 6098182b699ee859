"""A vault of the version before, in which a subject's key was all that a record was sealed with."""

from __future__ import annotations

import hmac

import pytest
import sqlalchemy as sa

from audit.errors import FormatError
from audit.storage import store
from audit.vault import vault
from audit.vault.rotation import rewrap
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from tests.integration.audit.erased import ask
from tests.support.logs import LogSite, submission

A, B = b"subject A", b"subject B"
_OLD_LOG = (
    *(f"DROP TABLE log_{name}" for name in ("search_keys", "periods", "period_buckets", "period_requests")),
    "DROP TABLE erasure_requests",
    "DROP TABLE log_erasures",
    *(
        f"ALTER TABLE {table} DROP COLUMN {column}"
        for table in ("vault_sealed", "log_intentions")
        for column in ("page", "slot")
    ),
    "UPDATE log_schema SET version_num = '0004'",
)
_OLD_KEYS = (
    *(f"DROP TABLE vault_{name}" for name in ("names", "pages", "master", "erased", "periods", "search")),
    "UPDATE keys_schema SET version_num = '0001'",
)


def pseudonym(site: LogSite, subject: bytes) -> str:
    """What that version called a subject's key."""
    return hmac.digest(site.master.first_pseudonyms, subject, "sha256").hex()


@pytest.fixture
async def before(log_site: LogSite) -> LogSite:
    """A log of four records, about two subjects, as that version left it."""
    with log_site.opened() as log:
        for n in range(4):
            await log.append(submission(n, subject=(A, B)[n % 2]), closes_intention=False)
    master = log_site.master
    own = {name: vault.new_key() for name in (pseudonym(log_site, A), pseudonym(log_site, B))}
    with (
        log_site.database() as log_engine,
        log_site.keys_database() as keys_engine,
        log_engine.begin() as log,
        keys_engine.begin() as keys,
    ):
        find = SubjectKeys(keys_engine, master).find
        query = 'SELECT e.leaf, s.* FROM log_entries e JOIN vault_sealed s ON s."index" = e."index"'
        for row in log.execute(sa.text(query)).all():
            key = find(store.key_name(row))
            assert key is not None
            opened = vault.unseal(key, row.leaf, row.data)
            name = pseudonym(log_site, opened.values["subject"])
            again = vault.seal(own[name], row.leaf, opened)
            update = 'UPDATE vault_sealed SET key_id = :k, data = :d WHERE "index" = :i'
            log.execute(sa.text(update), {"k": name, "d": again, "i": row._mapping["index"]})
        for statement in _OLD_LOG:
            log.exec_driver_sql(statement)
        keys.exec_driver_sql("DELETE FROM vault_keys")
        insert = sa.text("INSERT INTO vault_keys (key_id, wrapped) VALUES (:k, :w)")
        keys.execute(insert, [{"k": k, "w": master.wrap(k, v)} for k, v in own.items()])
        for statement in _OLD_KEYS:
            keys.exec_driver_sql(statement)
    return log_site


async def test_old_log_goes_on(before: LogSite) -> None:
    """What was sealed then opens; a subject keeps its key; its new records have a secret of their own."""
    with before.opened() as log:
        done = await log.append(submission(9, subject=A), closes_intention=False)
        with before.erasing() as erasing:
            assert (pseudonym(before, A), 3) == ((w := erasing.subject(A)).target, w.records)
            with pytest.raises(FormatError, match="no key of its own"):
                erasing.record(0)
            before.carried_out(erasing, ask(before, erasing.record(done.index)))
            index = before.erase(A)
            assert "0,2" == erasing.proof(index).indexes
    report = before.verify()
    assert (3, 4, True) == (report.erased, report.sealed, report.holds)


async def test_old_vault_is_rotated(before: LogSite) -> None:
    """A master key is changed there, too, and subjects are found as before."""
    with before.opened():
        pass  # migrated, and nothing written
    path, old = before.settings.master_key, before.master
    new = vault.new_key()
    with before.keys_database() as engine:
        assert 2 == rewrap(engine, old, MasterKey(new))
    path.write_bytes(new)
    with before.opened(), before.erasing() as erasing:
        assert 2 == erasing.subject(B).records
        before.erase(B)
    report = before.verify()
    assert (2, 3, True) == (report.erased, report.sealed, report.holds)
