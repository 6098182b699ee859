"""The databases are made by migrations, and the migrations make what the code expects."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from audit.errors import LogStopped
from audit.storage import database, schema
from tests.support.logs import LogSite, fill


def test_migrated_schema_is_the_codes(log_site: LogSite) -> None:
    """After migration nothing differs from the tables that the code works with."""
    with log_site.opened(), log_site.database() as log, log_site.keys_database() as keys:
        for engine, metadata, table in (
            (log, schema.LOG, "log_schema"),
            (keys, schema.KEYS, "keys_schema"),
        ):
            with engine.connect() as connection:
                context = MigrationContext.configure(connection, opts={"version_table": table})
                assert [] == compare_metadata(context, metadata)


async def test_migrating_again_keeps_everything(log_site: LogSite) -> None:
    """Opening a log that is at the newest schema changes nothing in it."""
    with log_site.opened() as log:
        await fill(log, 3)
    with log_site.database() as engine:
        database.migrate(engine, "log")
    report = log_site.verify()
    assert (3, True) == (report.entries, report.holds)


def test_keys_in_the_logs_database_are_refused(log_site: LogSite) -> None:
    """Keys that lay beside what they seal would be in every copy of it, and erase nothing."""
    with pytest.raises(LogStopped, match="must not lie"):
        LogSite(log_site.url, log_site.url, log_site.folder).open()


def test_sqlite_commits_are_durable(sqlite_site: LogSite) -> None:
    """Every connection has a write-ahead log and waits for the disk."""
    with sqlite_site.database() as engine, engine.connect() as connection:
        assert "wal" == connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        assert 2 == connection.exec_driver_sql("PRAGMA synchronous").scalar()  # FULL


def test_postgresql_commits_are_durable_whatever_the_server_says(postgres_site: LogSite) -> None:
    """A server that is configured to answer before the disk did is overruled."""
    name = sa.make_url(postgres_site.url).database
    postgres_site.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    with postgres_site.database() as engine, engine.connect() as connection:
        assert "on" == connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    postgres_site.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"])
def test_invariant_8_a_log_in_memory_is_refused(sqlite_site: LogSite, url: str) -> None:
    """Invariant 8: there is no null log; a database that forgets is one, and is not opened."""
    with pytest.raises(LogStopped, match="write-ahead"):
        LogSite(url, sqlite_site.keys_url, sqlite_site.folder).open()
