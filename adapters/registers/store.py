"""Writes registers to SQLite, one file a register."""

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from adapters.catalogue import load_catalogue
from adapters.consents import CONSENTS as CONSENT_TABLE
from adapters.kinds.sql import BITEMPORAL, table_of
from adapters.registers.model import CONSENTS, Registers, Row, Table

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""

CONSENT_FILE: Final = "samtykke.db"
_BATCH: Final = 20_000


def write(registers: Registers, folder: Path, progress: Progress | None = None) -> tuple[Path, ...]:
    """Writes every register as `<register>.db` and the consents as `samtykke.db`.

    Each file is complete or absent: it is written under another name, then renamed. A file that
    was there is replaced.

    Args:
        registers: What to write.
        folder: Where; made when missing.
        progress: Told about every batch.

    Returns:
        The files, sorted.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(len(table.rows) for table in registers.tables.values())
    done = 0
    files = []
    for register, names in sorted(_by_register(registers).items()):
        target = folder / f"{register}.db"
        handle, name = tempfile.mkstemp(prefix=f".{register}-", suffix=".db", dir=folder)
        os.close(handle)
        temporary = Path(name)
        try:
            for count in _fill(temporary, {n: registers.tables[n] for n in names}):
                done += count
                if progress is not None:
                    progress(done, total)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        files.append(target)
    return tuple(files)


def schema(register: str) -> tuple[sa.MetaData, dict[str, sa.Table]]:
    """Returns the SQL tables of a register by dataset name, as the catalogue describes them."""
    metadata = sa.MetaData()
    if register == CONSENTS.partition(".")[0]:
        return metadata, {CONSENTS: CONSENT_TABLE.to_metadata(metadata)}
    datasets = load_catalogue().datasets.values()
    return metadata, {d.name: table_of(d, metadata) for d in datasets if d.register == register}


def _by_register(registers: Registers) -> dict[str, list[str]]:
    found = defaultdict(list)
    for name in registers.tables:
        found[name.partition(".")[0]].append(name)
    return found


def _fill(path: Path, tables: dict[str, Table]) -> Iterator[int]:
    """Writes tables into a new database; yields the rows of each batch."""
    _, described = schema(next(iter(tables)).partition(".")[0])
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
    try:
        with engine.begin() as connection:
            for name, table in tables.items():
                target = described[name]
                # Indexes after the rows: building them once is faster than keeping them.
                connection.execute(sa.schema.CreateTable(target))
                statement = str(
                    sa.insert(target)
                    .values({column: sa.bindparam(column) for column in table.columns})
                    .compile(dialect=engine.dialect)
                )
                order = [table.columns.index(c.name) for c in target.columns]
                for start in range(0, len(table.rows), _BATCH):
                    batch = _ordered(table.rows[start : start + _BATCH], order)
                    # The driver's own call: going through bind processing doubles the time.
                    connection.exec_driver_sql(statement, batch)
                    yield len(batch)
                for index in sorted((*target.indexes, *_by_time(target)), key=lambda i: str(i.name)):
                    index.create(connection)
    finally:
        engine.dispose()


def _by_time(table: sa.Table) -> list[sa.Index]:
    """What the feed of changes reads by."""
    times = [table.c[name] for name in BITEMPORAL if name in table.c]
    return [sa.Index(f"{table.name}_by_{column.name}", column) for column in times]


def _ordered(rows: tuple[Row, ...], order: list[int]) -> list[Row]:
    if order == list(range(len(order))):
        return list(rows)
    return [tuple(row[i] for i in order) for row in rows]
