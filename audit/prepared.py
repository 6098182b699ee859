"""Statements of SQLAlchemy Core, turned into the database's own SQL once instead of at every run.

A group commit runs half a dozen small statements. Building them anew costs more than running them; the
Core expressions stay what they are written in, and their compiled text is what is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import CompilerElement

Row = Mapping[str, Any]


class Prepared:
    """A statement whose bound parameters are named as the rows that it is run with.

    Compares by identity: make one a statement, at the module's level.
    """

    def __init__(self, statement: CompilerElement, columns: Sequence[str] | None = None) -> None:
        """Takes the statement; for an insert without values, the columns that rows hold."""
        self._statement = statement
        self._columns = columns

    def run(self, connection: sa.Connection, rows: Row | Sequence[Row]) -> sa.CursorResult[Any]:
        """Runs it with one row of parameters, or with many at once."""
        text, names = _text(self, connection.dialect)
        if isinstance(rows, Mapping):
            return connection.exec_driver_sql(text, _bound(rows, names))
        return connection.exec_driver_sql(text, [_bound(row, names) for row in rows])

    def compiled(self, dialect: sa.Dialect) -> tuple[str, tuple[str, ...] | None]:
        """Gives the SQL, and the order of its parameters where they go by position."""
        compiled = self._statement.compile(
            dialect=dialect,
            column_keys=list(self._columns) if self._columns else None,
            compile_kwargs={"render_postcompile": True},
        )
        names = getattr(compiled, "positiontup", None)
        return str(compiled), tuple(names) if names is not None else None


def one_of(statement: Callable[[Sequence[sa.BindParameter[Any]]], CompilerElement]) -> Callable[[int], Prepared]:
    """Prepares a statement with a list of values, once for each power of two of their number.

    Args:
        statement: makes the statement of the parameters `v0`, `v1`, ….
    """

    @lru_cache
    def of_width(width: int) -> Prepared:
        return Prepared(statement([sa.bindparam(f"v{i}") for i in range(width)]))

    return of_width


def run_one_of(
    prepared: Callable[[int], Prepared], connection: sa.Connection, values: Sequence[Any]
) -> sa.CursorResult[Any]:
    """Runs such a statement; the last value fills the list up, which changes nothing in a set."""
    width = 1 << (len(values) - 1).bit_length()
    filled = [*values, *[values[-1]] * (width - len(values))]
    return prepared(width).run(connection, {f"v{i}": value for i, value in enumerate(filled)})


@lru_cache(maxsize=256)
def _text(prepared: Prepared, dialect: sa.Dialect) -> tuple[str, tuple[str, ...] | None]:
    return prepared.compiled(dialect)


def _bound(row: Row, names: tuple[str, ...] | None) -> Any:
    return dict(row) if names is None else tuple(row[name] for name in names)
