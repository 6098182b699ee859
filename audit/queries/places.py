"""Reading and writing rows by their primary keys, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

_ASKED = 1000  # rows in one query

#: Where a row stands: the values of its table's primary key.
Place = tuple[int, ...]


def rows_at(
    connection: sa.Connection, table: sa.Table, places: Sequence[Place]
) -> Iterator[tuple[Place, bytes]]:
    """Gives the rows that stand at some places: where, and the one column that is no part of the key.

    The places are joined to the table as one of their own. Asked with IN, SQLite would read the whole table.
    """
    keys = list(table.primary_key.columns)
    for begin in range(0, len(places), _ASKED):
        some = list(places[begin : begin + _ASKED])
        wanted = sa.values(*(sa.column(k.name, sa.Integer) for k in keys), name="wanted").data(some).cte()
        same = sa.and_(*(key == wanted.c[key.name] for key in keys))
        query = sa.select(*keys, _data(table)).select_from(wanted.join(table, same))
        for row in connection.execute(query):
            yield tuple(row[:-1]), bytes(row[-1])


def merge(
    connection: sa.Connection,
    table: sa.Table,
    rows: Mapping[Place, bytes],
    join: Callable[[bytes, bytes], bytes],
) -> None:
    """Writes rows, each joined with the one that stands in its place."""
    keys, data = list(table.primary_key.columns), _data(table)
    there = dict(rows_at(connection, table, list(rows)))
    same = sa.and_(*(key == sa.bindparam(f"at_{key.name}") for key in keys))
    change = table.update().where(same).values({data.name: sa.bindparam("joined")})
    changed = [
        {**_named(keys, place, "at_"), "joined": join(old, rows[place])} for place, old in there.items()
    ]
    added = [
        {**_named(keys, place), data.name: row} for place, row in sorted(rows.items()) if place not in there
    ]
    if changed:
        connection.execute(change, changed)
    if added:
        connection.execute(table.insert(), added)


def _data(table: sa.Table) -> sa.Column[Any]:
    (data,) = (column for column in table.c if not column.primary_key)
    return data


def _named(keys: Sequence[sa.Column[Any]], place: Place, prefix: str = "") -> dict[str, int]:
    return {prefix + key.name: value for key, value in zip(keys, place, strict=True)}
