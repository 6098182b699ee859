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
_WIDEST = 64  # rows of one insert


class Prepared:
    """A statement whose bound parameters are named as the row that it is run with.

    Compares by identity: make one a statement, at the module's level.
    """

    def __init__(self, statement: CompilerElement) -> None:
        """Takes the statement."""
        self._statement = statement

    def run(self, connection: sa.Connection, row: Row) -> sa.CursorResult[Any]:
        """Runs it with a row of parameters."""
        text, names = _text(self, connection.dialect)
        bound = row if names is None else tuple(row[name] for name in names)
        return connection.exec_driver_sql(text, bound)

    def compiled(self, dialect: sa.Dialect) -> tuple[str, tuple[str, ...] | None]:
        """Gives the SQL, and the order of its parameters where they go by position."""
        compiled = self._statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        names = getattr(compiled, "positiontup", None)
        return str(compiled), tuple(names) if names is not None else None


class PreparedInsert:
    """Inserts rows, many in one statement.

    SQLite's driver lets go of the interpreter lock at every row that it is given; with many in one
    statement the log's writer does not have to win the lock back for each.
    """

    def __init__(self, table: sa.Table) -> None:
        """Takes the table; rows name all its columns."""
        self._table = table
        self._of_width = lru_cache(self._prepare)

    def run(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Inserts rows, in statements of as many as powers of two have room for."""
        done = 0
        while done < len(rows):
            width = min(_WIDEST, 1 << (len(rows) - done).bit_length() - 1)
            values = {
                f"{name}_{i}": value
                for i, row in enumerate(rows[done : done + width])
                for name, value in row.items()
            }
            self._of_width(width).run(connection, values)
            done += width

    def _prepare(self, width: int) -> Prepared:
        names = self._table.c.keys()
        rows: list[dict[str, Any]] = [
            {name: sa.bindparam(f"{name}_{i}") for name in names} for i in range(width)
        ]
        return Prepared(self._table.insert().values(rows))


def one_of(
    statement: Callable[[Sequence[sa.BindParameter[Any]]], CompilerElement],
) -> Callable[[int], Prepared]:
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
