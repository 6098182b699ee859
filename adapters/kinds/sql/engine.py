"""Connections that read and cannot write, and end a statement that takes too long."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from adapters.port import Connection

_STATEMENT: Final = 10.0  # seconds
_OPTIONS: Final = "changes_overlap, statement_timeout"
_MEMORY: Final = frozenset({"", ":memory:"})


def engine_of(connection: Connection, threads: int) -> sa.Engine:
    """Makes the engine. It connects with the first call.

    Raises:
        ValueError: an option that is not known, or cannot be.
    """
    seconds = _seconds(connection)
    try:
        url = sa.make_url(connection.url)
        url.get_dialect()
    except sa.exc.ArgumentError as error:
        raise ValueError("url must be one of SQLAlchemy's, such as sqlite:///register.db") from error
    pool: dict[str, Any] = {"pool_size": threads, "max_overflow": 0, "hide_parameters": True}
    if url.get_backend_name() == "sqlite" and (url.database or "") not in _MEMORY and not url.query:
        engine = sa.create_engine(url, creator=_sqlite(Path(str(url.database)), seconds), **pool)
    elif url.get_backend_name() == "postgresql":
        settings = f"-c statement_timeout={int(seconds * 1000)} -c default_transaction_read_only=on"
        given = url.query.get("options", "")
        told = " ".join([given] if isinstance(given, str) else given)
        arguments = {"options": f"{told} {settings}".strip()}
        engine = sa.create_engine(
            url.difference_update_query(["options"]),
            connect_args=arguments,
            isolation_level="REPEATABLE READ",  # all pages of an answer are of one moment
            **pool,
        )
    else:
        engine = sa.create_engine(url, **pool)
    return engine


def _seconds(connection: Connection) -> float:
    options = dict(connection.options)
    told = options.pop("statement_timeout", str(_STATEMENT))
    options.pop("changes_overlap", None)  # see `adapters.kinds.sql.changes`
    if options:
        raise ValueError(f"option {min(options)} is not known to the kind sql; there are: {_OPTIONS}")
    try:
        seconds = float(told)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 3600:  # noqa: PLR2004  # an hour, as everywhere
        raise ValueError("option statement_timeout must be seconds, up to 3600")
    return seconds


def _sqlite(path: Path, seconds: float) -> Callable[[], sqlite3.Connection]:
    """A file that is there is opened, none is made.

    It may be written by SQLite, not by us: the next that reads clears away what a killed process left behind.
    """

    def connect() -> sqlite3.Connection:
        opened = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=seconds, check_same_thread=False
        )
        opened.execute("PRAGMA query_only=ON")
        return opened

    return connect
