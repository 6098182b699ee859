"""Connections to the log's databases: SQLite with full durability, or PostgreSQL; migrated by Alembic."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from audit.errors import LogStopped

_BUSY_MS = 5_000
_BRIEF_MS = 5_000
_SCRUB_MS = 50  # the log's writer waits for it
_TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"
_MIGRATING = threading.Lock()  # Alembic has one environment for a whole process


def connect(url: str, *, owns: bool = False) -> sa.Engine:
    """Makes an engine whose commits are durable when they return.

    Args:
        url: SQLAlchemy URL of the database.
        owns: whether the owner of a log writes with it. PostgreSQL then ends what it began and does not go
            on with: an owner that is paused in the middle of a commit must not keep the next one out.

    SQLite runs with a write-ahead log and `synchronous=FULL`, and takes the write lock when a
    transaction begins, so that two writers meet there and not in the middle. A file that is moved away
    or replaced takes nothing more: `LogStopped`. PostgreSQL is asked for `synchronous_commit=on`
    whatever its own configuration says.
    """
    try:
        engine = sa.create_engine(
            url,
            pool_pre_ping=not url.startswith("sqlite"),
            hide_parameters=True,  # values must not reach an error's text
        )
    except (sa.exc.ArgumentError, ImportError) as error:  # its text may hold a password
        raise LogStopped("the log's database is not named by a URL of SQLAlchemy's") from error
    if engine.dialect.name == "sqlite":
        check = _same_file(engine.url.database or "")
        sa.event.listen(engine, "connect", lambda *_: check())  # before SQLite would make a new one
        sa.event.listen(engine, "begin", lambda _: check())
        sa.event.listen(engine, "connect", _durable_sqlite)
        sa.event.listen(engine, "begin", _begin)
    else:
        sa.event.listen(engine, "connect", _durable_postgresql)
        if owns:
            sa.event.listen(engine, "connect", _brief_postgresql)
    return engine


def snapshot(engine: sa.Engine) -> sa.Connection:
    """Opens a connection whose reads all see one state of the log, however many they are."""
    connection = engine.connect().execution_options(read_only=True)  # SQLite's see one as they are
    if engine.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def scrub(engine: sa.Engine, tables: Sequence[sa.Table], *, rewrite: bool) -> bool:
    """Removes what was deleted from the files of a database; tells whether nobody stood in the way.

    SQLite has overwritten it (`secure_delete`), but its write-ahead log still holds it until it is
    truncated, which waits for readers that began before. PostgreSQL takes what is dead out of the
    tables; only rewriting them leaves nothing of it in their files.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database failed.
    """
    if engine.dialect.name == "sqlite":
        return _truncate_journal(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            connection.exec_driver_sql(f"VACUUM {'FULL ' if rewrite else ''}{table.name}")
    return True


def _truncate_journal(engine: sa.Engine) -> bool:
    raw = engine.raw_connection()  # no transaction may be open; SQLAlchemy translates no error of it
    try:
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_SCRUB_MS}")
        busy = cursor.execute(_TRUNCATE).fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    except sqlite3.Error as error:
        raw.invalidate()  # it would wait too shortly from now on
        raise sa.exc.OperationalError(_TRUNCATE, None, error) from error
    finally:
        raw.close()
    return not busy


def migrate(engine: sa.Engine, lineage: Literal["log", "keys", "search"]) -> None:
    """Brings a database to the newest schema; does nothing where it is there already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations" / lineage))
    config.set_main_option("version_table", f"{lineage}_schema")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with _MIGRATING, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _same_file(path: str) -> Callable[[], None]:
    """Makes a check that a path still leads to the file that it led to first.

    SQLite goes on writing to a file that was moved or deleted, where nobody would find the entries.
    """
    first: list[tuple[int, int]] = []

    def check() -> None:
        try:
            status = Path(path).stat()
            found = [(status.st_dev, status.st_ino)]
        except OSError:
            found = []
        if first and found != first:
            raise LogStopped(f"{path} was moved or replaced: put the same file back, or restart")
        first[:] = found

    return check if path and path != ":memory:" else lambda: None


def _durable_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver leaves transactions to us
    if connection.execute("PRAGMA journal_mode=WAL").fetchone() != ("wal",):
        raise LogStopped("the database keeps no write-ahead log: a log in memory is no log")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")  # what was deleted must not lie in a free page
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")


def _begin(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _durable_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    connection.commit()


def _brief_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = {_BRIEF_MS}")
    connection.commit()
