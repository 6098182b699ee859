"""Rows of a generated register, found as the arguments of a root field say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa

Row: TypeAlias = Mapping[str, Any]
_OPERATORS: Mapping[str, Callable[[sa.Column[Any], Any], sa.ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "neq": lambda column, value: column != value,
    "in": lambda column, value: column.in_(value),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "ngt": lambda column, value: ~(column > value),
    "ngte": lambda column, value: ~(column >= value),
    "nlt": lambda column, value: ~(column < value),
    "nlte": lambda column, value: ~(column <= value),
    "startsWith": lambda column, value: column.startswith(value, autoescape=True),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A part of the rows.

    Attributes:
        rows: with the number that each has in its table.
        more: whether there are others after them.
    """

    rows: list[tuple[int, Row]]
    more: bool


class Rows:
    """The tables of one register."""

    def __init__(self, file: Path) -> None:
        """Opens the register's file for reading; a register without a file has no tables."""
        self._engine = sa.create_engine(f"sqlite:///file:{file.resolve()}?mode=ro&uri=true")
        metadata = sa.MetaData()
        if file.exists():
            metadata.reflect(self._engine)
        self._tables = {_plain(name): table for name, table in metadata.tables.items()}

    def has(self, entity: str) -> bool:
        """Whether there is a table for an entity, named without its register."""
        return _plain(entity) in self._tables

    def find(
        self,
        entity: str,
        where: Mapping[str, Any],
        times: Mapping[str, str],
        first: int,
        after: int = 0,
    ) -> Found:
        """Finds rows in the order that they were written.

        Args:
            entity: which table.
            where: the filter, as it was sent.
            times: `virkning` and `registrering`, where the rows must hold then.
            first: most rows.
            after: only those with a higher number.
        """
        table = self._tables[_plain(entity)]
        number: sa.ColumnClause[int] = sa.literal_column("rowid", sa.Integer)
        clauses = [number > after, *_clauses(table, where)]
        for axis, moment in times.items():
            end = table.c[f"{axis}Til"]
            clauses += [table.c[f"{axis}Fra"] <= moment, sa.or_(end.is_(None), end > moment)]
        statement = sa.select(number.label("rowid"), table).where(*clauses).order_by(number).limit(first + 1)
        with self._engine.connect() as connection:
            rows: list[tuple[int, Row]] = [
                (row["rowid"], dict(row)) for row in connection.execute(statement).mappings()
            ]
        return Found(rows[:first], len(rows) > first)

    def changes(self, after: int, first: int) -> Found:
        """The events: every version of a record is one, in the order that they were recorded."""
        columns = {"id_lokalId", "registreringFra", "status"}
        parts = [
            sa.select(
                sa.literal(name).label("entity"),
                table.c.id_lokalId,
                table.c.registreringFra,
                table.c.status,
            )
            for name, table in sorted(self._tables.items())
            if columns <= set(table.c.keys())
        ]
        if not parts:
            return Found([], more=False)
        versions = sa.union_all(*parts).subquery()
        order = (versions.c.registreringFra, versions.c.entity, versions.c.id_lokalId)
        numbered = sa.select(sa.func.row_number().over(order_by=order).label("number"), versions).subquery()
        statement = (
            sa.select(numbered).where(numbered.c.number > after).order_by(numbered.c.number).limit(first + 1)
        )
        with self._engine.connect() as connection:
            rows: list[tuple[int, Row]] = [
                (row["number"], dict(row)) for row in connection.execute(statement).mappings()
            ]
        return Found(rows[:first], len(rows) > first)

    def close(self) -> None:
        """Closes the file."""
        self._engine.dispose()


def _clauses(table: sa.Table, where: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    clauses: list[sa.ColumnElement[bool]] = []
    for field, wanted in where.items():
        if field == "and":
            clauses += [clause for part in wanted for clause in _clauses(table, part)]
        elif field not in table.c:  # a field that generated registers leave empty
            clauses.append(sa.false())
        else:
            clauses += [_OPERATORS[name](table.c[field], value) for name, value in wanted.items()]
    return clauses


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
