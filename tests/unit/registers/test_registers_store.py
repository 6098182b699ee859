"""Writing registers to SQLite."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from adapters.catalogue import load_catalogue
from adapters.kinds.sql import table_name
from adapters.registers import Registers, Table, write

FILES = [
    *("bbr.db", "cpr.db", "cvr.db", "dagi.db", "dar.db", "ebr.db", "eindkomst.db", "ejf.db", "mat.db"),
    *("pension.db", "samtykke.db", "skat.db", "sundhed.db", "vur.db"),
]


def test_every_row_is_written(small: Registers, tmp_path: Path) -> None:
    """There is a file for each register, and its tables hold the generated rows."""
    assert FILES == [path.name for path in write(small, tmp_path / "new")]

    for name, table in small.tables.items():
        register, _, entity = name.partition(".")
        with closing(sqlite3.connect(tmp_path / "new" / f"{register}.db")) as connection:
            columns = ", ".join(f'"{c}"' for c in table.columns)
            rows = connection.execute(f'SELECT {columns} FROM "{entity}"').fetchall()
        assert sorted(map(repr, (tuple(map(_as_sqlite, r)) for r in table.rows))) == sorted(map(repr, rows))


def _as_sqlite(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def test_keys_have_indexes(small: Registers, tmp_path: Path) -> None:
    """Every key attribute of the catalogue has an index."""
    write(small, tmp_path)

    for dataset in load_catalogue().datasets.values():
        with closing(sqlite3.connect(tmp_path / f"{dataset.register}.db")) as connection:
            indexed = {
                column
                for (index,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?",
                    (table_name(dataset),),
                )
                for _, _, column in connection.execute(f'PRAGMA index_info("{index}")')
            }
        assert {key.attribute for key in dataset.keys} <= indexed


def test_progress_ends_at_the_total(small: Registers, tmp_path: Path) -> None:
    """Progress never falls and ends when everything is written."""
    told: list[tuple[int, int]] = []
    write(small, tmp_path, lambda done, total: told.append((done, total)))

    total = sum(len(table.rows) for table in small.tables.values())
    assert told == sorted(told)
    assert (total, total) == told[-1]


def test_failure_leaves_the_old_file(small: Registers, tmp_path: Path) -> None:
    """A file is replaced whole or not at all, and nothing half-written stays behind."""
    write(small, tmp_path)
    before = (tmp_path / "vur.db").read_bytes()
    values = small.tables["vur.vurdering"]
    broken = Table(values.columns, ((object(),) * len(values.columns),))  # type: ignore[arg-type]

    with pytest.raises(DBAPIError, match="not supported"):
        write(Registers(200, 0, {"vur.vurdering": broken}), tmp_path)

    assert before == (tmp_path / "vur.db").read_bytes()
    assert FILES == sorted(path.name for path in tmp_path.iterdir())
