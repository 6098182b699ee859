"""How far an index goes, and whether it is of the log that it is beside."""

from __future__ import annotations

import os
from dataclasses import dataclass

import sqlalchemy as sa

from audit.storage.schema import (
    entries,
    search_names,
    search_postings,
    search_segments,
    search_state,
    search_tokens,
)

_ONE = 1
_GENERATION = 8  # bytes


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index goes.

    Attributes:
        entries: how many it has.
        leaf_hash: of the last of them.
        generation: another one whenever the index was made anew.
    """

    entries: int
    leaf_hash: bytes
    generation: str

    def is_in(self, log: sa.Connection, size: int) -> bool:
        """Tells whether a log has all these entries, as far as the last of them shows it."""
        if self.entries == 0:
            return True
        query = sa.select(entries.c.leaf_hash).where(entries.c.index == self.entries - 1)
        return self.entries <= size and log.execute(query).scalar() == self.leaf_hash


def read_position(connection: sa.Connection) -> Position | None:
    """Gives how far an index goes; nothing where it was never begun."""
    row = connection.execute(sa.select(search_state)).first()
    return Position(row.position, bytes(row.leaf_hash), row.generation) if row else None


def advance(connection: sa.Connection, old: Position, new: Position) -> bool:
    """Notes that an index goes further, in the transaction that has it do so.

    Tells whether it went as far as was believed: others may follow the same log into the same index, and
    one of them goes first.
    """
    c = search_state.c
    same = sa.and_(c.id == _ONE, c.position == old.entries, c.generation == old.generation)
    change = search_state.update().where(same).values(position=new.entries, leaf_hash=new.leaf_hash)
    return connection.execute(change).rowcount == 1


def begin_anew(connection: sa.Connection, old: Position | None) -> Position:
    """Empties an index, unless another did so meanwhile; gives where it stands then."""
    row = connection.execute(sa.select(search_state).with_for_update()).first()
    if row and (old is None or row.generation != old.generation):
        return Position(row.position, bytes(row.leaf_hash), row.generation)
    for table in (search_state, search_names, search_segments, search_postings, search_tokens):
        connection.execute(table.delete())
    fresh = Position(0, b"", os.urandom(_GENERATION).hex())
    values = {"id": _ONE, "position": 0, "leaf_hash": b"", "generation": fresh.generation}
    connection.execute(search_state.insert(), values)
    return fresh
