"""Where the tested logs live: on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.formats.note import NoteVerifier
from audit.publishing.export import export
from tests.integration.audit.damaged import Damaged
from tests.support import postgres
from tests.support.logs import LogSite
from tests.support.public_logs import grow

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


SIZES = (0, 1, 255, 256, 257, 65_536, 70_000)


@dataclass(frozen=True)
class Exports:
    """A log as it was exported at each of some sizes while it grew; not to be touched.

    Attributes:
        site: the log, at the last of the sizes.
        fresh: by size, a folder that was exported at once.
        grown: a folder that was exported at every one of the sizes, one after another.
    """

    site: LogSite
    fresh: dict[int, Path]
    grown: Path

    @property
    def verifier(self) -> NoteVerifier:
        return self.site.verifier

    @property
    def vkey(self) -> Path:
        return self.fresh[0] / "log.vkey"


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """A log of 70,000 entries, on SQLite, and its exports on the way there."""
    folder = tmp_path_factory.mktemp("exports")
    made = Exports(LogSite.at(folder), {size: folder / str(size) for size in SIZES}, folder / "grown")
    for size, fresh in made.fresh.items():
        grow(made.site, size)
        with made.site.database() as engine:
            export(engine, made.verifier, fresh)
            export(engine, made.verifier, made.grown)
    return made


@pytest.fixture(scope="session")
def damaged_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Damaged]:
    """A log on SQLite that is damaged and put back; made once."""
    with Damaged.of(LogSite.at(tmp_path_factory.mktemp("damaged"))) as damaged:
        yield damaged


@pytest.fixture(scope="session")
def damaged_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server
) -> Iterator[Damaged]:
    """The same on PostgreSQL."""
    urls = postgres_server.fresh_database(), postgres_server.fresh_database()
    with Damaged.of(LogSite.at(tmp_path_factory.mktemp("damaged"), *urls)) as damaged:
        yield damaged


@pytest.fixture(params=["sqlite", "postgresql"])
def damaged(request: pytest.FixtureRequest) -> Damaged:
    """A log on each of the two, to be damaged."""
    made: Damaged = request.getfixturevalue(f"damaged_{request.param}")
    return made
