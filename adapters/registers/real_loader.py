"""Takes over the files of one real register, within one transaction."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from adapters.catalogue import load_catalogue
from adapters.registers.lookup import Lookup
from adapters.registers.model import Value
from adapters.registers.real_rows import RealDataError, RejectedRow, read, values
from exchange.model.catalogue import Dataset

_BATCH: Final = 1000
_IDENTITY: Final = ("id_lokalId", "registreringFra", "virkningFra")


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file's rows: read = written + rejected.

    Attributes:
        file: Name of the file.
        dataset: Where its rows went.
        read: Rows in the file.
        written: Rows that are in the table now.
        replaced: How many of the written took the place of the same row of an earlier run.
        rejected: Rows that were not taken over, by reason.
        joined: Rows whose join was found: a building's property, a unit's building.
    """

    file: str
    dataset: str
    read: int
    written: int
    replaced: int
    rejected: Mapping[str, int]
    joined: int


@dataclass
class _Count:
    read: int = 0
    written: int = 0
    replaced: int = 0
    joined: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class Loader:
    """Takes over the files of one register within one transaction."""

    def __init__(
        self,
        connection: sa.Connection,
        tables: Mapping[str, sa.Table],
        progress: Callable[[int], None],
    ) -> None:
        """Takes a connection within a transaction, the tables, and whom to tell bytes read."""
        self._connection = connection
        self._tables = tables
        self._progress = progress
        self._lookups = {name: Lookup(connection, name) for name in ("building", "property", "bfe")}

    def remember(self, path: Path, lookup: str, column: str) -> None:
        """Keeps what later files' joins need of a file."""
        rows = read(path, self._progress)
        while batch := list(islice(rows, _BATCH)):
            self._lookups[lookup].add(batch, column)

    def take(self, path: Path, name: str) -> FileReport:
        """Takes over a file into the table of a dataset."""
        dataset, table = load_catalogue().datasets[name], self._tables[name]
        count = _Count()
        before = self._size(table)
        for batch in self._batches(path, dataset, count):
            self._put(table, batch, count)
        after = self._size(table)
        if (
            count.read != count.written + count.rejected.total()
            or after - before != count.written - count.replaced
        ):
            raise RealDataError(
                f"{path}: the counts do not add up: {count.read} read, {count.written} written, "
                f"{count.replaced} replaced, {count.rejected.total()} rejected, "
                f"table from {before} to {after} rows"
            )
        return FileReport(
            path.name,
            name,
            count.read,
            count.written,
            count.replaced,
            MappingProxyType(dict(count.rejected)),
            count.joined,
        )

    def _batches(self, path: Path, dataset: Dataset, count: _Count) -> Iterator[list[dict[str, Value]]]:
        found = read(path, self._progress)
        while raw := list(islice(found, _BATCH)):
            self._join(dataset.name, raw, count)
            batch: dict[tuple[Value, ...], dict[str, Value]] = {}
            for one in raw:
                count.read += 1
                try:
                    row = values(dataset, one)
                except RejectedRow as reason:
                    count.rejected[str(reason)] += 1
                    continue
                key = tuple(row[name] for name in _IDENTITY)
                if key in batch:
                    count.rejected["repeated"] += 1
                batch[key] = row
            yield list(batch.values())

    def _join(self, name: str, rows: list[dict[str, Any]], count: _Count) -> None:
        if name == "bbr.bygning":
            owned = self._lookups["property"].find(rows, "grund")
            numbers = self._lookups["bfe"].find(
                [{"id": at, "virkningFra": r.get("virkningFra")} for at, r in zip(owned, rows, strict=True)],
                "id",
            )
            for row, number in zip(rows, numbers, strict=True):
                row["bfeNummer"] = number
                count.joined += number is not None
        elif name == "bbr.enhed":
            by_entrance = self._lookups["building"].find(rows, "opgang")
            by_floor = self._lookups["building"].find(rows, "etage")
            for row, first, second in zip(rows, by_entrance, by_floor, strict=True):
                row["bygning"] = first or second
                count.joined += row["bygning"] is not None

    def _put(self, table: sa.Table, batch: list[dict[str, Value]], count: _Count) -> None:
        if not batch:
            return
        same = sa.delete(table).where(*(table.c[name] == sa.bindparam(f"same_{name}") for name in _IDENTITY))
        gone = self._connection.execute(
            same,
            [{f"same_{n}": row[n] for n in _IDENTITY} for row in batch],
        )
        count.replaced += gone.rowcount
        count.written += len(batch)
        self._connection.execute(sa.insert(table), batch)

    def _size(self, table: sa.Table) -> int:
        return self._connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
