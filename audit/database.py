"""Connections to the log's databases: SQLite with full durability, or PostgreSQL; migrated by Alembic."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

_BUSY_MS = 5_000


def connect(url: str) -> sa.Engine:
    """Makes an engine whose commits are durable when they return.

    SQLite runs with a write-ahead log and `synchronous=FULL`, and takes the write lock when a
    transaction begins, so that two writers meet there and not in the middle. PostgreSQL is asked for
    `synchronous_commit=on` whatever its own configuration says.
    """
    engine = sa.create_engine(
        url,
        pool_pre_ping=not url.startswith("sqlite"),
        hide_parameters=True,  # values must not reach an error's text
    )
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _durable_sqlite)
        sa.event.listen(engine, "begin", _begin)
    else:
        sa.event.listen(engine, "connect", _durable_postgresql)
    return engine


def migrate(engine: sa.Engine, lineage: Literal["log", "keys"]) -> None:
    """Brings a database to the newest schema; does nothing where it is there already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations" / lineage))
    config.set_main_option("version_table", f"{lineage}_schema")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _durable_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver leaves transactions to us
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")


def _begin(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _durable_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    connection.commit()
