"""Copies of a log and of its keys: made beside the owner, put back without what was erased since.

A copy is a logical one, row by row from one snapshot, into SQLite whatever the database is: it holds no
free pages and no journal, and goes back into either kind. The keys are copied apart from the log, after
it, and are to be kept shorter: an old copy of them holds what was erased since.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audit.erasure import erasures
from audit.erasure.erasures import Scope
from audit.formats import ranges
from audit.storage import database
from audit.storage.schema import (
    KEYS,
    LOG,
    erased_keys,
    head,
    intentions,
    key_names,
    master_check,
    period_keys,
    sealed,
    search_secrets,
    subject_keys,
)
from audit.storage.schema import pages as pages_table
from audit.vault import pages
from audit.vault.key_reader import as_place, page_name
from audit.vault.pages import Place
from audit.vault.subject_keys import remember
from audit.vault.vault import MasterKey

_CHUNK = 1000
_RESTORED = "restored"
Row = dict[str, Any]
Kept = Callable[[sa.Table, Row], Row | None]


@dataclass(frozen=True, slots=True)
class Erased:
    """Names of erased keys and secrets: what must not come back."""

    key_ids: frozenset[str]
    places: frozenset[Place]

    @classmethod
    def named(cls, names: Collection[str]) -> Erased:
        """Sorts names."""
        found = {name: as_place(name) for name in names}
        return cls(
            frozenset(n for n, place in found.items() if place is None),
            frozenset(filter(None, found.values())),
        )

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [*self.key_ids, *(place.text for place in self.places)]


def copy_log(source: sa.Engine, target: sa.Engine, erased: Erased | None = None) -> None:
    """Copies a log into an empty database; what was erased since is asked to be erased from it.

    Args:
        source: the log's database, or a copy of it.
        target: where it goes; brought to the newest schema.
        erased: what must not come back.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database failed; the target is as it was.
    """
    database.migrate(target, "log")
    with database.snapshot(source) as old, target.begin() as new:
        _copy(old, new, LOG, lambda _table, row: row)
        if erased:
            ask_again(new, erased)


def copy_keys(
    source: sa.Engine, target: sa.Engine, master: MasterKey | None = None, erased: Erased | None = None
) -> None:
    """Copies keys into an empty database, without those that were erased: they are never written there.

    Args:
        source: the keys' database, or a copy of it.
        target: where they go; brought to the newest schema.
        master: wraps the keys; needed to take out what was erased.
        erased: what must not come back.

    Raises:
        MasterKeyError: the keys are wrapped with another master key; the target is as it was.
        sqlalchemy.exc.SQLAlchemyError: a database failed; likewise.
    """
    database.migrate(target, "keys")
    with database.snapshot(source) as old, target.begin() as new:
        _copy(old, new, KEYS, _without(master, erased) if master and erased else lambda _table, row: row)
        remember(new, erased.names if erased else ())


def ask_again(connection: sa.Connection, erased: Erased) -> None:
    """Asks for the erasure of what is sealed under keys that were erased; the next owner says so."""
    for table in (sealed, intentions):
        for key_id in sorted(set(connection.execute(sa.select(table.c.key_id).distinct()).scalars())):
            if key_id in erased.key_ids:
                erasures.ask(connection, Scope.SUBJECT, key_id, _RESTORED)
    if erased.places:
        query = sa.select(sealed.c.index.label("at"), sealed.c.page, sealed.c.slot, sealed.c.key_id)
        rows = connection.execute(query.where(sealed.c.page.is_not(None)))
        gone = [
            r.at for r in rows if Place(r.page, r.slot) in erased.places and r.key_id not in erased.key_ids
        ]
        if gone:
            erasures.ask(connection, Scope.RECORD, ranges.write(gone), _RESTORED)


def erased_names(log: sa.Engine | None, keys: sa.Engine | None) -> set[str]:
    """The names of all that was erased, as far as the databases that are there know."""
    names: set[str] = set()
    if log is not None:
        with log.connect().execution_options(read_only=True) as connection:
            names |= {name for erasure in erasures.kept(connection) for name in erasure.names}
    if keys is not None:
        with keys.connect().execution_options(read_only=True) as connection:
            names |= {*connection.execute(sa.select(erased_keys.c.name)).scalars()}
    return names


def holds_log(engine: sa.Engine) -> bool:
    """Tells whether there is a log in a database."""
    return _has_row(engine, head)


def holds_keys(engine: sa.Engine) -> bool:
    """Tells whether there are keys in a database."""
    return _has_row(engine, master_check) or _has_row(engine, subject_keys)


def _has_row(engine: sa.Engine, table: sa.Table) -> bool:
    with engine.connect().execution_options(read_only=True) as connection:
        there = sa.inspect(connection).has_table(table.name)
        return there and connection.execute(sa.select(sa.literal(1)).select_from(table)).first() is not None


def _copy(old: sa.Connection, new: sa.Connection, metadata: sa.MetaData, keep: Kept) -> None:
    for table in metadata.sorted_tables:
        rows = old.execute(sa.select(table).execution_options(yield_per=_CHUNK))
        for some in rows.mappings().partitions(_CHUNK):
            kept = [row for row in (keep(table, dict(r)) for r in some) if row is not None]
            if kept:
                new.execute(table.insert(), kept)
        for column in _counting(table) if new.dialect.name == "postgresql" else ():
            newest = new.execute(sa.select(sa.func.max(column))).scalar()
            if newest is not None:
                sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                new.execute(sa.select(sa.func.setval(sequence, newest)))


def _counting(table: sa.Table) -> Iterator[sa.Column[Any]]:
    return (c for c in table.primary_key.columns if c.autoincrement is True)


def _without(master: MasterKey, erased: Erased) -> Kept:
    slots: dict[int, set[int]] = {}
    for place in erased.places:
        slots.setdefault(place.page, set()).add(place.slot)

    def keep(table: sa.Table, row: Row) -> Row | None:
        if table in {subject_keys, key_names, period_keys, search_secrets}:
            return None if row["key_id"] in erased.key_ids else row
        if table is pages_table and row["page"] in slots:
            name = page_name(row["page"])
            left = pages.punch(master.unwrap(name, row["wrapped"]), slots[row["page"]])
            return {**row, "wrapped": master.wrap(name, left)} if left else None
        return None if table is erased_keys and row["name"] in known else row

    known = set(erased.names)  # written once, by `remember`
    return keep
