"""Where an authority keeps its own side of the log: SQLite or PostgreSQL, its own and nobody else's.

Parts are kept as they came, with the hashes that prove them, so that the copy can be verified from its own
content and the log's public key, from the first entry on. A part and the place where the next one goes on
are one transaction: whoever is killed in the middle has neither, and goes on as if it had not come.
Consecutive parts that hold nothing are kept as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audit.errors import LogError
from audit.formats.compact_range import CompactRange
from audit.formats.side import OwnEntry, Part
from audit.storage import database
from exchange.client.watching import Position, Watched, hashes_of

_OWN = sa.MetaData()
_ONE = 1
_PAGE = 256  # parts or entries read at a time

# Whose side of which log it is.
_identity = sa.Table(
    "own_identity",
    _OWN,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("vkey", sa.Text, nullable=False),
)

_entries = sa.Table(
    "own_entries",
    _OWN,
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
)

_parts = sa.Table(
    "own_parts",
    _OWN,
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("others", sa.LargeBinary, nullable=False),
    sa.Column("later", sa.LargeBinary, nullable=False),
    sa.Column("held", sa.LargeBinary, nullable=False),  # the compact range of [0, end)
    sa.Column("checkpoint", sa.Text, nullable=False),
)


class OwnCopyError(LogError):
    """An own copy cannot be used: it is missing, another's, or its database failed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A part as it is kept, and the hashes that the next one goes on from."""

    part: Part
    held: tuple[bytes, ...]


class OwnStore:
    """One authority's copy of its side of one log."""

    def __init__(self, engine: sa.Engine, authority: str, vkey: str) -> None:
        """Use `OwnStore.create` or `OwnStore.open`."""
        self._engine = engine
        self.authority = authority
        self.vkey = vkey

    @classmethod
    def create(cls, url: str, authority: str, vkey: str) -> OwnStore:
        """Opens a copy to write to, or makes an empty one where there is none.

        Raises:
            OwnCopyError: it is of another authority or another log, or its database failed.
        """
        engine = database.connect(url)
        with _translated(engine), engine.begin() as connection:
            _OWN.create_all(connection)
            if connection.execute(sa.select(_identity.c.id)).first() is None:
                connection.execute(_identity.insert(), {"id": _ONE, "authority": authority, "vkey": vkey})
        store = cls._opened(engine)
        if (store.authority, store.vkey) != (authority, vkey):
            store.close()
            raise OwnCopyError(
                f"this copy is of {store.authority}'s side of the log {store.vkey}: take another"
            )
        return store

    @classmethod
    def open(cls, url: str) -> OwnStore:
        """Opens a copy that is there.

        Raises:
            OwnCopyError: there is none, or its database failed.
        """
        return cls._opened(database.connect(url))

    @classmethod
    def _opened(cls, engine: sa.Engine) -> OwnStore:
        with _translated(engine), engine.connect().execution_options(read_only=True) as connection:
            row = connection.execute(sa.select(_identity)).first()
        if row is None:
            engine.dispose()
            raise OwnCopyError("this is no copy of a side of a log")
        return cls(engine, row.authority, row.vkey)

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def position(self) -> Position:
        """Where to go on.

        Raises:
            OwnCopyError: the database failed, or is damaged where this stands.
        """
        with self._reading() as connection:
            last = connection.execute(sa.select(_parts).order_by(_parts.c.first.desc()).limit(1)).first()
        return Position(last.end, _kept(last).held) if last else Position()

    def keep(self, watched: Watched) -> None:
        """Keeps a part durably, and moves the position past it.

        Raises:
            OwnCopyError: somebody else writes to this copy, or the database failed.
        """
        part, held = watched.part, watched.position.hashes
        if part.first == part.end:
            return  # it says nothing that is not known
        with _translated(self._engine), self._engine.begin() as connection:
            last = connection.execute(sa.select(_parts).order_by(_parts.c.first.desc()).limit(1)).first()
            if (last.end if last else 0) != part.first:
                raise OwnCopyError("somebody else writes to this copy: let one follow at a time")
            if last and not last.records and not part.own:
                _join(connection, last, part, held)
                return
            if part.own:
                connection.execute(
                    _entries.insert(), [{"index": own.index, "leaf": own.leaf} for own in part.own]
                )
            connection.execute(_parts.insert(), {"first": part.first, **_row(part, part.others, held)})

    def parts(self) -> Iterator[Kept]:
        """Gives the parts in their order, each with its entries.

        Raises:
            OwnCopyError: the database failed, or what is kept cannot be read.
        """
        after = -1
        while True:
            query = sa.select(_parts).where(_parts.c.first > after).order_by(_parts.c.first).limit(_PAGE)
            with self._reading() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                yield _kept(row, self.entries(row.first, row.end))
            after = rows[-1].first

    def part_of(self, index: int) -> tuple[Part, Position] | None:
        """Gives the part that covers an entry, and the position that it was received at.

        Raises:
            OwnCopyError: the database failed, or what is kept cannot be read.
        """
        newest = sa.select(_parts).order_by(_parts.c.first.desc()).limit(1)
        with self._reading() as connection:
            row = connection.execute(newest.where(_parts.c.first <= index, _parts.c.end > index)).first()
            before = connection.execute(newest.where(_parts.c.first < row.first)).first() if row else None
        if row is None:
            return None
        position = Position(before.end, _kept(before).held) if before else Position()
        return _kept(row, self.entries(row.first, row.end)).part, position

    def entries(self, first: int, end: int | None = None) -> tuple[OwnEntry, ...]:
        """Gives the entries with an index in [first, end), or all from `first` on.

        Raises:
            OwnCopyError: the database failed.
        """
        query = sa.select(_entries).where(_entries.c.index >= first).order_by(_entries.c.index)
        if end is not None:
            query = query.where(_entries.c.index < end)
        with self._reading() as connection:
            return tuple(OwnEntry(*row) for row in connection.execute(query))

    def each(self) -> Iterator[OwnEntry]:
        """Gives all entries in their order, some at a time.

        Raises:
            OwnCopyError: the database failed.
        """
        after = -1
        while True:
            query = sa.select(_entries).where(_entries.c.index > after).order_by(_entries.c.index)
            with self._reading() as connection:
                found = [OwnEntry(*row) for row in connection.execute(query.limit(_PAGE))]
            if not found:
                return
            yield from found
            after = found[-1].index

    def count(self) -> int:
        """How many entries there are.

        Raises:
            OwnCopyError: the database failed.
        """
        with self._reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(_entries)).scalar_one())

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _translated(self._engine), self._engine.connect() as connection:
            yield connection.execution_options(read_only=True)


def _join(connection: sa.Connection, last: Any, part: Part, held: tuple[bytes, ...]) -> None:
    """Adds a part that holds nothing to one that holds nothing."""
    empty = CompactRange(last.first, last.end, hashes_of(last.others))
    empty.extend(part.end, part.others)
    same = sa.and_(_parts.c.first == last.first, _parts.c.end == last.end)
    if connection.execute(_parts.update().where(same).values(_row(part, empty.hashes, held))).rowcount != 1:
        raise OwnCopyError("somebody else writes to this copy: let one follow at a time")


def _row(part: Part, others: tuple[bytes, ...], held: tuple[bytes, ...]) -> dict[str, Any]:
    return {
        "end": part.end,
        "records": len(part.own),
        "others": b"".join(others),
        "later": b"".join(part.later),
        "held": b"".join(held),
        "checkpoint": part.signed_checkpoint,
    }


def _kept(row: Any, own: tuple[OwnEntry, ...] = ()) -> Kept:
    try:
        others, later, held = hashes_of(row.others), hashes_of(row.later), hashes_of(row.held)
    except (LogError, TypeError) as error:
        raise OwnCopyError(f"the part from entry {row.first} on is damaged: {error}") from error
    return Kept(Part(row.first, row.end, own, others, later, row.checkpoint), held)


@contextmanager
def _translated(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise OwnCopyError(f"{where} cannot be used as an own copy: {type(error).__name__}") from error
