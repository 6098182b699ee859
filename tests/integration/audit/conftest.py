"""Where the tested logs live: on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support import postgres
from tests.support.logs import LogSite

_EMPTY = (
    """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()""",
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
)


@pytest.fixture
def sqlite_site(tmp_path: Path) -> LogSite:
    """A log on SQLite."""
    return LogSite.at(tmp_path)


@pytest.fixture(scope="session")
def postgres_pair(postgres_server: postgres.Server) -> tuple[str, str]:
    """Two databases for all these tests: making two for each would take most of their time."""
    return postgres_server.fresh_database(), postgres_server.fresh_database()


@pytest.fixture
def postgres_site(postgres_pair: tuple[str, str], tmp_path: Path) -> LogSite:
    """A log on PostgreSQL, in databases that are emptied for it."""
    for url in postgres_pair:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in _EMPTY:
                connection.exec_driver_sql(statement)
        engine.dispose()
    return LogSite.at(tmp_path, *postgres_pair)


@pytest.fixture(params=["sqlite", "postgresql"])
def log_site(request: pytest.FixtureRequest) -> LogSite:
    """A log on each of the two."""
    name = "sqlite_site" if request.param == "sqlite" else "postgres_site"
    site: LogSite = request.getfixturevalue(name)
    return site
