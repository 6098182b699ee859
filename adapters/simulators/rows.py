"""The rows that simulated registers serve: from the files that `hjemmel register generate` writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.kinds.values import sortable
from adapters.port import AsOf, Dataset

Row = Mapping[str, Any]


class Rows:
    """Reads rows with their whole history."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder of the registers' files."""
        self._folder = folder
        self._open: dict[str, sqlite3.Connection] = {}

    def find(self, dataset: Dataset, attribute: str, values: Sequence[str]) -> list[Row]:
        """Finds the rows that have one of some values, in their order in time.

        Raises:
            OSError: there is no file of the register.
        """
        types = {a.name: a.type for a in dataset.attributes}
        wanted = [int(v) if types[attribute] == "integer" else v for v in values]
        table = dataset.name.partition(".")[2]
        marks = ", ".join("?" * len(wanted))
        # The names are the catalogue's; a name there is letters, digits, dots and underscores.
        statement = (
            f'SELECT * FROM "{table}" WHERE "{attribute}" IN ({marks})'  # noqa: S608
            " ORDER BY virkningFra, registreringFra, rowid"
        )
        cursor = self._connection(dataset.register).execute(statement, wanted)
        names = [column[0] for column in cursor.description]
        return [_typed(dict(zip(names, row, strict=True)), types) for row in cursor]

    def close(self) -> None:
        """Closes the files."""
        for connection in self._open.values():
            connection.close()

    def _connection(self, register: str) -> sqlite3.Connection:
        if register not in self._open:
            path = self._folder / f"{register}.db"
            if not path.exists():
                raise FileNotFoundError(f"{path} is missing: run hjemmel register generate {self._folder}")
            self._open[register] = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        return self._open[register]


def holds(row: Row, axis: str, moment: datetime) -> bool:
    """Tells whether a row holds at a moment, on one axis."""
    at = sortable(moment)
    end = row[f"{axis}Til"]
    return bool(row[f"{axis}Fra"] <= at and (end is None or at < end))


def at(rows: Sequence[Row], as_of: AsOf) -> list[Row]:
    """The rows that hold at both times."""
    return [
        r for r in rows if holds(r, "virkning", as_of.effect) and holds(r, "registrering", as_of.registration)
    ]


def _typed(row: dict[str, Any], types: Mapping[str, str]) -> Row:
    for name, value in row.items():
        if types.get(name) == "boolean" and value is not None:
            row[name] = bool(value)
    return row
