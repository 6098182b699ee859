"""A join's other side, kept in a temporary table of the database instead of in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from adapters.registers.real_rows import normal_time


class Lookup:
    """Finds a value by an identifier, as it was at a time.

    Only what is still believed is kept: rows without `registreringTil`.
    """

    def __init__(self, connection: sa.Connection, name: str) -> None:
        """Makes the temporary table `name`; it goes away with the connection."""
        self._connection = connection
        self._table = sa.Table(
            f"lookup_{name}",
            sa.MetaData(),
            sa.Column("id", sa.Text, index=True),
            sa.Column("begins", sa.Text),
            sa.Column("ends", sa.Text),
            sa.Column("value", sa.Text),
            prefixes=["TEMPORARY"],
        )
        self._table.create(connection)

    def add(self, rows: Sequence[Mapping[str, Any]], column: str) -> None:
        """Keeps the value of a column of each row, where there is one."""
        kept = [
            {
                "id": row.get("id_lokalId"),
                "begins": _moment(row.get("virkningFra")),
                "ends": _moment(row.get("virkningTil")),
                "value": str(row[column]),
            }
            for row in rows
            if row.get(column) and not row.get("registreringTil")
        ]
        if kept:
            self._connection.execute(sa.insert(self._table), kept)

    def find(self, rows: Sequence[Mapping[str, Any]], column: str) -> list[str | None]:
        """Returns for each row the value that its `column` leads to, absent when to nothing.

        Of several values the one that held when the row took effect is taken, else the last:
        conversions gave many rows an earlier beginning than what they refer to.
        """
        known: dict[str, list[tuple[str, str | None, str]]] = {}
        wanted = {row[column] for row in rows if row.get(column)}
        table = self._table
        statement = (
            sa.select(table.c.id, table.c.begins, table.c.ends, table.c.value)
            .where(table.c.id.in_(sorted(wanted)))
            .order_by(table.c.id, table.c.begins)
        )
        for at, begins, ends, value in self._connection.execute(statement):
            known.setdefault(at, []).append((begins or "", ends, value))
        return [
            _holding(known.get(str(row.get(column)), []), _moment(row.get("virkningFra"))) for row in rows
        ]


def _holding(versions: Sequence[tuple[str, str | None, str]], moment: str | None) -> str | None:
    for begins, ends, value in versions:
        if moment and begins <= moment and (ends is None or moment < ends):
            return value
    return versions[-1][2] if versions else None


def _moment(value: object) -> str | None:
    try:
        return normal_time(str(value)) if value else None
    except ValueError:
        return None
