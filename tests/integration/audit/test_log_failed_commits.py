"""A commit that fails: its callers are told, nothing is forked, and the log starts over from disk.

The failures are real ones: locked databases, refusing triggers, a server that is killed, and a driver
that reports a failure after the commit reached the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audit.errors import DuplicateRequest, IntentionClosed, LogStopped
from audit.log import AuditLog
from audit.storage import database
from tests.support import postgres
from tests.support.logs import GROUND, LogSite, all_still_prove, fill, request_id, still_proves, submission

LIMIT = 20


async def recovered(log: AuditLog) -> None:
    """Waits until a log takes entries again."""
    async with asyncio.timeout(LIMIT):
        while log.problem:  # noqa: ASYNC110  # the writer is a thread, and tells nobody
            await asyncio.sleep(0.01)


@contextmanager
def refusing_inserts(site: LogSite, table: str) -> Iterator[None]:
    """Makes the database refuse every new row of a table."""
    if site.url.startswith("sqlite"):
        make = [f"CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"]
        drop = ["DROP TRIGGER refuse"]
    else:
        make = [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'",
            f"CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()",
        ]
        drop = [f"DROP TRIGGER refuse ON {table}", "DROP FUNCTION refuse()"]
    for statement in make:
        site.execute(statement)
    yield
    for statement in drop:
        site.execute(statement)


@pytest.mark.parametrize("table", ["log_entries", "vault_sealed"])
async def test_refused_insert_stops_and_recovers(log_site: LogSite, table: str) -> None:
    """All callers of the failed group are told; nothing of it is kept; then the log goes on."""
    with log_site.opened() as log:
        acknowledged = await fill(log, 4)
        with refusing_inserts(log_site, table):
            ends = await asyncio.gather(
                *(log.append(submission(n), closes_intention=False) for n in range(4, 24)),
                return_exceptions=True,
            )
            assert {LogStopped} == {type(e) for e in ends}
            await recovered(log)
            assert 4 == log.reader.checkpoint().size
        await recovered(log)
        acknowledged += await fill(log, 20, first=4)
        assert list(range(24)) == [a.index for a in acknowledged]
        all_still_prove(log, acknowledged)
    assert log_site.verify().holds


async def test_refused_tile_loses_the_whole_group(log_site: LogSite) -> None:
    """Where the tile that a group completes cannot be written, neither are its entries."""
    with log_site.opened() as log:
        await fill(log, 255)
        with refusing_inserts(log_site, "log_tiles"):
            with pytest.raises(LogStopped):
                await log.append(submission(255), closes_intention=False)
            await recovered(log)
            assert 255 == log.reader.checkpoint().size
        await recovered(log)
        done = await log.append(submission(255), closes_intention=False)
        still_proves(log, done)
    assert log_site.verify().holds


async def test_intention_of_a_failed_commit_was_not_noted(log_site: LogSite) -> None:
    """Who could not note an intention is told so, and may try again under the same request id."""
    with log_site.opened() as log:
        with refusing_inserts(log_site, "log_intentions"), pytest.raises(LogStopped):
            await log.intend(submission(1))
        await recovered(log)
        assert 0 == log_site.verify().open_intentions
        await log.intend(submission(1))
        await log.append(submission(1), closes_intention=True)


async def test_intention_open_during_a_failure_becomes_interrupted(log_site: LogSite) -> None:
    """What was being read when the log failed is interrupted; its entry comes too late."""
    with log_site.opened() as log:
        await log.intend(submission(1, outcome="interrupted"))
        with refusing_inserts(log_site, "log_entries"):
            with pytest.raises(LogStopped):
                await log.append(submission(1), closes_intention=True)
            await asyncio.sleep(0.1)
            assert log.problem is not None  # not even the interruption can be recorded yet
        await recovered(log)
        with pytest.raises(IntentionClosed):
            await log.append(submission(1), closes_intention=True)
        assert "interrupted" == log.reader.by_request(request_id(1)).entry.outcome
    report = log_site.verify()
    assert (1, 0, True) == (report.entries, report.open_intentions, report.holds)


class _Forgetful(sqlite3.Connection):
    """A connection whose commit can be told to fail: before it, or after it reached the disk."""

    failure = ""

    def commit(self) -> None:
        failure, _Forgetful.failure = _Forgetful.failure, ""
        if failure == "before":
            raise sqlite3.OperationalError("disk I/O error")
        super().commit()
        if failure == "after":
            raise sqlite3.OperationalError("disk I/O error")


def _with_connections_of(engine: sa.Engine, kind: type[sqlite3.Connection]) -> sa.Engine:
    @sa.event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        parameters["factory"] = kind

    return engine


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_commit_of_unknown_outcome_is_settled_from_disk(sqlite_site: LogSite, failure: str) -> None:
    """Persisted or not, a commit reported as failed is acknowledged to nobody and forks nothing."""
    engine = _with_connections_of(database.connect(sqlite_site.url), _Forgetful)
    log = sqlite_site.over(engine, database.connect(sqlite_site.keys_url))
    acknowledged = await fill(log, 3)
    _Forgetful.failure = failure
    with pytest.raises(LogStopped):
        await log.append(submission(3), closes_intention=False)
    await recovered(log)
    if failure == "after":
        with pytest.raises(DuplicateRequest):
            await log.append(submission(3), closes_intention=False)
    else:
        acknowledged += await fill(log, 1, first=3)
    acknowledged += await fill(log, 10, first=4)
    assert [0, 1, 2, *range(14 - len(acknowledged) + 3, 14)] == [a.index for a in acknowledged]
    all_still_prove(log, acknowledged)
    log.close()
    report = sqlite_site.verify()
    assert (14, True) == (report.entries, report.holds)


async def test_locked_database_stops_the_log_until_it_is_free(sqlite_site: LogSite) -> None:
    """A lock that is held for too long fails the waiting entries; they were not written."""
    engine = database.connect(sqlite_site.url)
    sa.event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA busy_timeout=50"))
    log = sqlite_site.over(engine, database.connect(sqlite_site.keys_url))
    with sqlite_site.stalled():
        with pytest.raises(LogStopped):
            await log.append(submission(1), closes_intention=False)
        with pytest.raises(LogStopped):
            await log.append(submission(2), closes_intention=False)
    await recovered(log)
    assert 0 == (await log.append(submission(1), closes_intention=False)).index
    log.close()


async def test_failing_keys_database_writes_nothing_unsealed(log_site: LogSite) -> None:
    """Where no key can be made for a subject, its entry is not recorded, and nobody is told it was."""
    with log_site.opened() as log:
        acknowledged = await fill(log, 2)
        rename = "ALTER TABLE vault_keys RENAME TO aside"
        with log_site.keys_database() as keys, keys.begin() as connection:
            connection.exec_driver_sql(rename)
        for n in (2, 3):
            with pytest.raises(LogStopped):
                await log.append(submission(n, subject=b"new"), closes_intention=False)
            await recovered(log)  # the log's own database is well
        acknowledged += await fill(log, 2, first=4)  # of a subject whose key is at hand
        with log_site.keys_database() as keys, keys.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE aside RENAME TO vault_keys")
        done = await log.append(submission(2, subject=b"new"), closes_intention=False)
        assert [0, 1, 2, 3, 4] == [a.index for a in [*acknowledged, done]]
    report = log_site.verify()
    assert (5, 5, 0, True) == (report.entries, report.sealed, report.erased, report.holds)


async def test_killed_server_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """PostgreSQL is killed under load and started again: the same log goes on, all receipts hold."""
    with postgres.server() as server:
        site = LogSite.at(tmp_path, server.fresh_database(), server.fresh_database())
        with site.opened() as log:
            acknowledged = await fill(log, 5)
            work = [
                asyncio.ensure_future(log.append(submission(n), closes_intention=False))
                for n in range(100, 250)
            ]
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(server.stop)
            try:
                ends = await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), LIMIT)
                with pytest.raises(LogStopped):
                    await log.append(submission(6), closes_intention=False)
            finally:
                await asyncio.to_thread(server.start)
            assert {LogStopped} >= {type(e) for e in ends if isinstance(e, BaseException)}
            acknowledged += [e for e in ends if not isinstance(e, BaseException)]
            await recovered(log)
            acknowledged += await fill(log, 5, first=500)
            assert len({a.index for a in acknowledged}) == len(acknowledged)
            all_still_prove(log, acknowledged)
        assert site.verify().holds


async def test_database_that_lost_acknowledged_entries_is_not_written_to(
    log_site: LogSite,
) -> None:
    """A database put back to an earlier state beneath a running log would fork it: it stays stopped."""
    with log_site.opened() as log:
        await fill(log, 3)
        with log_site.database() as engine, engine.connect() as connection:
            row = connection.execute(sa.text("SELECT * FROM log_head")).mappings().one()
        await fill(log, 4, first=3)
        for table in ("log_entries", "vault_sealed"):
            log_site.execute(f'DELETE FROM {table} WHERE "index" >= 3')
        log_site.execute(
            "UPDATE log_head SET size=:size, root=:root, signed_checkpoint=:signed_checkpoint",
            **{k: row[k] for k in ("size", "root", "signed_checkpoint")},
        )
        with pytest.raises(LogStopped):
            await log.append(submission(50), closes_intention=False)
        await asyncio.sleep(0.2)  # several attempts to start over
        assert log.problem is not None
        assert 3 == log.reader.checkpoint().size


async def test_log_that_cannot_recover_answers_and_closes(log_site: LogSite) -> None:
    """While starting over fails, whatever the reason, callers are told and closing does not hang."""
    log = log_site.open()
    await fill(log, 5)
    log_site.execute('DELETE FROM log_entries WHERE "index" = 4')
    log_site.execute("UPDATE log_head SET size = 6")
    for n in range(10, 14):
        with pytest.raises(LogStopped):
            await asyncio.wait_for(log.append(submission(n), closes_intention=False), LIMIT)
        await asyncio.sleep(0.05)
    await asyncio.wait_for(asyncio.to_thread(log.close), LIMIT)


async def test_a_journal_that_cannot_be_truncated_keeps_the_log_closed(sqlite_site: LogSite) -> None:
    """An erasure's last step that fails is a reason why the log cannot be owned, and is done later."""

    def no_truncation(connection: sqlite3.Connection, _record: object) -> None:
        denied = {(sqlite3.SQLITE_PRAGMA, "wal_checkpoint")}
        connection.set_authorizer(
            lambda action, name, *_: sqlite3.SQLITE_DENY if (action, name) in denied else sqlite3.SQLITE_OK
        )

    with sqlite_site.opened() as log:
        await fill(log, 2)
    with sqlite_site.erasing() as erasing:
        number = erasing.ask(erasing.subject(b"subject 1"), GROUND)
    with sqlite_site.database() as engine, sqlite_site.keys_database() as keys:
        sa.event.listen(engine, "connect", no_truncation)
        with pytest.raises(LogStopped, match="the log's database failed: OperationalError"):
            sqlite_site.over(engine, keys)
    assert 1 == sqlite_site.verify().open_erasures
    sqlite_site.open().close()
    with sqlite_site.erasing() as erasing:
        assert number is not None
        assert erasing.done(number)
