"""The rows of a log's two databases, read whole, and put back after each piece of damage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audit.storage.schema import KEYS, LOG
from tests.support.logs import LogSite

Key = tuple[Any, ...]
Row = dict[str, Any]
Rows = dict[str, dict[Key, Row]]  # by table and primary key
Changes = Mapping[tuple[str, Key], Row | None]  # what a row becomes; nothing where it goes

TABLES: dict[str, sa.Table] = {t.name: t for t in (*LOG.sorted_tables, *KEYS.sorted_tables)}


def key_of(table: str, row: Row) -> Key:
    return tuple(row[column.name] for column in TABLES[table].primary_key.columns)


def read_rows(site: LogSite, *, by_key: bool = False) -> Rows:
    """Reads everything; as it stands in the tables, or in the order of their keys, as the log is read."""
    rows: Rows = {}
    with site.database() as log, site.keys_database() as keys:
        for engine, metadata in ((log, LOG), (keys, KEYS)):
            with engine.connect().execution_options(read_only=True) as connection:
                for table in metadata.sorted_tables:
                    query = (
                        sa.select(table).order_by(*table.primary_key.columns) if by_key else sa.select(table)
                    )
                    found = [dict(r) for r in connection.execute(query).mappings()]
                    rows[table.name] = {key_of(table.name, row): row for row in found}
    return rows


@dataclass(frozen=True)
class Databases:
    """The two databases of a log, and what they held before anything was damaged."""

    log: sa.Engine
    keys: sa.Engine
    rows: Rows

    @contextmanager
    def changed(self, changes: Changes) -> Iterator[None]:
        """Makes changes to both, and undoes them.

        Raises:
            sqlalchemy.exc.IntegrityError, sqlalchemy.exc.DataError: the database does not take such rows.
        """
        new = [(table, row) for (table, _), row in changes.items() if row is not None]
        old = [(t, self.rows[t][key]) for t, key in changes if key in self.rows[t]]
        self._replace(old, new)
        try:
            yield
        finally:
            self._replace(new, old)

    def _replace(self, old: Iterable[tuple[str, Row]], new: Iterable[tuple[str, Row]]) -> None:
        for engine, metadata in ((self.log, LOG), (self.keys, KEYS)):
            gone = [(t, row) for t, row in old if t in metadata.tables]
            come = [(t, row) for t, row in new if t in metadata.tables]
            if not (gone or come):
                continue
            with engine.begin() as connection:
                for name, rows in _by_table(gone).items():
                    keys = [c.name for c in TABLES[name].primary_key.columns]
                    same = sa.and_(*(TABLES[name].c[k] == sa.bindparam(f"k_{k}") for k in keys))
                    values = [{f"k_{k}": row[k] for k in keys} for row in rows]
                    connection.execute(TABLES[name].delete().where(same), values)
                for name, rows in _by_table(come).items():
                    connection.execute(TABLES[name].insert(), rows)


def _by_table(rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    by_table: dict[str, list[Row]] = {}
    for table, row in rows:
        by_table.setdefault(table, []).append(row)
    return by_table
