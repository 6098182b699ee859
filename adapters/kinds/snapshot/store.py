"""The database that a file is loaded into: its tables, its lock, its transactions."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from adapters.kinds.snapshot.entry import FileEntry
from adapters.kinds.snapshot.errors import SnapshotError
from adapters.kinds.snapshot.rows import Row
from adapters.kinds.sql.tables import columns_of

_METADATA: Final = sa.MetaData()
LOADS: Final = sa.Table(
    "hjemmel_loads",
    _METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("dataset", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # full or delta
    sa.Column("taken", sa.Text, nullable=False),
    sa.Column("file_number", sa.Text),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
)
_FULL: Final = ("database or disk is full", "disk I/O error", "No space left")
_DISK_FULL: Final = "53100"


class Store:
    """A connection for one load. Nothing is served anew before `commit`.

    Rows are staged beside the database (SQLite: in a file of their own; PostgreSQL: in a table that is not
    logged), so that what is served never grows by what is only being looked at.
    """

    def __init__(self, connection: sa.Connection, entry: FileEntry, staging: str | None) -> None:
        """Takes a connection without a transaction, and the schema that rows are staged in."""
        self.connection = connection
        metadata = sa.MetaData()
        attributes = entry.dataset.attributes
        self.served = sa.Table(entry.table, metadata, *columns_of(attributes, entry.times))
        self.indexes = [
            sa.Index(f"{entry.table}_by_{k.kind}", self.served.c[k.attribute]) for k in entry.dataset.keys
        ]
        identity = [self.served.c[name] for name in entry.identity]
        self.indexes.append(sa.Index(f"{entry.table}_identity", *identity))
        prefixes = [] if staging else ["UNLOGGED"]
        self.staged = sa.Table(
            f"{entry.table}_staged",
            metadata,
            *columns_of(attributes, entry.times),
            sa.Column("line", sa.BigInteger),
            schema=staging,
            prefixes=prefixes,
        )
        self.touched = sa.Table(
            f"{entry.table}_touched",
            metadata,
            *(sa.Column(c.name, c.type) for c in identity),
            schema=staging,
            prefixes=prefixes,
        )
        self._own = [self.touched, self.staged]

    def begin(self) -> None:
        """Begins a transaction."""
        self.connection.exec_driver_sql("BEGIN")

    def commit(self) -> None:
        """Ends it, durably."""
        self.connection.exec_driver_sql("COMMIT")

    def rollback(self) -> None:
        """Ends it as if it had not been."""
        self.connection.exec_driver_sql("ROLLBACK")

    def prepare(self) -> None:
        """Makes empty tables for staging; what a load that was killed left is thrown away."""
        self.clear()
        _METADATA.create_all(self.connection)
        for table in self._own:
            table.create(self.connection)

    def clear(self) -> None:
        """Throws away what was staged; a file of its own is thrown away as it is."""
        if self.staged.schema is not None:
            return
        for table in self._own:
            table.drop(self.connection, checkfirst=True)

    def stage(self, rows: Sequence[Row]) -> None:
        """Writes rows past SQLAlchemy: binding them one by one costs more than all the rest."""
        columns = [column.name for column in self.staged.columns]
        cursor = self.connection.connection.cursor()
        quoted = self.connection.dialect.identifier_preparer
        table, names = quoted.format_table(self.staged), ", ".join(map(quoted.quote, columns))
        if self.connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            self.begin()
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608  # names of the catalogue
            self.commit()
        cursor.close()

    def index_staged(self, identity: Sequence[str]) -> None:
        """Makes what was staged findable."""
        columns = [self.staged.c[name] for name in identity]
        sa.Index(f"{self.staged.name}_identity", *columns).create(self.connection)

    def last(self, dataset: str) -> sa.Row[Any] | None:
        """The newest load of a dataset."""
        newest = sa.select(LOADS).where(LOADS.c.dataset == dataset).order_by(LOADS.c.number.desc()).limit(1)
        return self.connection.execute(newest).first()


@contextmanager
def opened(url: str, entry: FileEntry) -> Iterator[Store]:
    """Opens the database for one load; a second one at the same time is an error.

    Raises:
        SnapshotError: it cannot be opened, is full, or is being loaded into.
    """
    made = sa.make_url(url)
    try:
        if made.get_backend_name() == "sqlite":
            with _sqlite(made, entry) as store:
                yield store
        elif made.get_backend_name() == "postgresql":
            with _postgresql(made, entry) as store:
                yield store
        else:
            raise SnapshotError(f"files are loaded into SQLite or PostgreSQL, not {made.get_backend_name()}")
    except sa.exc.SQLAlchemyError as error:
        raise SnapshotError(_said(error)) from None  # a driver's words may quote a row
    except OSError as error:
        raise SnapshotError(f"the database cannot be written: {error.strerror}; nothing changed") from error


def _said(error: sa.exc.SQLAlchemyError) -> str:
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    state, message = getattr(original, "sqlstate", None), str(original)
    if state == _DISK_FULL or any(words in message for words in _FULL):
        return "the disk is full; what is served is as it was: make room and run this again"
    return f"the database refused ({state or type(original).__name__}); what is served is as it was"


@contextmanager
def _sqlite(url: sa.URL, entry: FileEntry) -> Iterator[Store]:
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f"{path.name}-{entry.table}-staging")
    with _locked(path.with_name(f"{path.name}-loading")):
        _removed(staging)
        engine = sa.create_engine(
            url, poolclass=sa.pool.NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT"
        )
        try:
            with engine.connect() as connection:
                for pragma in ("journal_mode=WAL", "cache_size=-8192", "busy_timeout=60000"):
                    connection.exec_driver_sql(f"PRAGMA {pragma}")
                connection.exec_driver_sql("ATTACH DATABASE ? AS staging", (str(staging),))
                for pragma in ("journal_mode=MEMORY", "synchronous=OFF"):
                    connection.exec_driver_sql(f"PRAGMA staging.{pragma}")
                yield Store(connection, entry, "staging")
        finally:
            engine.dispose()
            _removed(staging)


@contextmanager
def _postgresql(url: sa.URL, entry: FileEntry) -> Iterator[Store]:
    engine = sa.create_engine(
        url, poolclass=sa.pool.NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT"
    )
    try:
        with engine.connect() as connection:
            lock = sa.select(sa.func.pg_try_advisory_lock(sa.func.hashtext(f"hjemmel load {entry.table}")))
            if not connection.execute(lock).scalar_one():
                raise SnapshotError("another load into this table is under way")
            yield Store(connection, entry, None)
    finally:
        engine.dispose()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Held by the process; whoever is killed lets go."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SnapshotError("another load into this database is under way") from None
        yield


def _removed(path: Path) -> None:
    for name in (path, path.with_name(f"{path.name}-journal")):
        name.unlink(missing_ok=True)
