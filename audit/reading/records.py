"""Reading a log in bulk: entries with one of their sealed values, range by range.

For whoever goes through a log again. Owns nothing and writes nothing; runs beside the writer. It takes
the entries as they stand: that they are the ones that were recorded is what `audit.verification.verify`
proves. What is sealed is held to its entry: it must have been sealed for that very leaf, and open its
commitment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from audit.erasure import coverage
from audit.errors import FormatError, LogError, VerificationError
from audit.formats.commitment import opens
from audit.formats.entry import Entry, Event
from audit.reading.shapes import Shaped, ShapeReader
from audit.storage import database, store
from audit.storage.schema import entries, sealed
from audit.vault import vault
from audit.vault.key_reader import Found, KeyReader
from audit.vault.vault import MasterKeyError

_NOT_BYTES = "is not stored as bytes"


class State(Enum):
    """What became of the sealed value that was looked for."""

    OPENED = "opened"
    ABSENT = "absent"  # the entry commits to none
    ERASED = "erased"  # an erasure entry says so
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Record:
    """An entry, and one value that was sealed with it.

    Attributes:
        index: where it stands.
        entry: its public part, of whatever kind, where it could be read.
        state: what became of the value.
        value: the value, where it could be opened.
        problem: what is broken.
    """

    index: int
    entry: Entry | Event | None
    state: State
    value: bytes = b""
    problem: str = ""


class RecordReader:
    """Reads ranges of a log. Used by one thread."""

    def __init__(self, source: sa.Engine | sa.Connection, keys: KeyReader) -> None:
        """Takes the log's database, or one state of it, and the keys that open sealed parts."""
        self._source = source
        self._keys = keys
        self._erased: Collection[int] = ()
        self._shapes = ShapeReader()

    def read(
        self, first: int, end: int, name: str, wanted: Callable[[Entry | Event], bool] | None = None
    ) -> Iterator[Record]:
        """Reads the entries at the indexes from `first` up to, not including, `end`.

        Args:
            first: the first index.
            end: the index after the last one.
            name: of the sealed value, one of `entry.COMMITTED`.
            wanted: tells of an entry whether it is looked for; others are left out, unopened.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        rows = self._rows(first, end)
        keys = iter(self._keys.find_each([store.key_name(row) for row in rows if row.data is not None]))
        position = 0
        for index in range(first, end):
            if position == len(rows) or rows[position].log_index != index:
                yield Record(index, None, State.BROKEN, problem="is missing")
                continue
            row = rows[position]
            position += 1
            key = None if row.data is None else next(keys)
            record = self._record(index, row, key, name, wanted)
            if record is not None:
                yield record

    def _record(
        self, index: int, row: Any, key: Found, name: str, wanted: Callable[[Entry | Event], bool] | None
    ) -> Record | None:
        try:
            shaped = self._shaped(row.leaf)
        except FormatError as error:
            return Record(index, None, State.BROKEN, problem=str(error))
        content = shaped.content()
        if wanted is not None and not wanted(content):
            return None
        if name not in shaped.shape.names:
            return Record(index, content, State.ABSENT)
        try:
            value = self._open(index, row, key, shaped.named(), name)
        except LogError as error:
            return Record(index, content, State.BROKEN, problem=str(error))
        return Record(index, content, State.ERASED if value is None else State.OPENED, value or b"")

    def _shaped(self, leaf: Any) -> Shaped:
        if not isinstance(leaf, bytes):
            raise FormatError(_NOT_BYTES)
        return self._shapes.read(leaf)

    def _open(
        self, index: int, row: Any, key: Found, commitments: Mapping[str, str], name: str
    ) -> bytes | None:
        if row.data is None:
            if index in self._erased:
                return None
            raise VerificationError("has no sealed part")
        if key is None:
            raise VerificationError("its key is gone, and no entry says that it was erased")
        if isinstance(key, MasterKeyError):
            raise key
        if not isinstance(row.data, bytes):
            raise VerificationError(f"the sealed part {_NOT_BYTES}")
        opening, value = vault.unseal_value(key, row.leaf, row.data, name) or (b"", b"")
        if not opens(commitments, opening, name, value):
            raise VerificationError(f"the sealed {name} is not what the entry commits to")
        return value

    def _rows(self, first: int, end: int) -> list[Any]:
        query = (
            sa.select(entries.c.index.label("log_index"), entries.c.leaf, *sealed.c)
            .outerjoin(sealed, sealed.c.index == entries.c.index)
            .where(entries.c.index >= first, entries.c.index < end)
            .order_by(entries.c.index)
        )
        with self._reading() as connection:
            rows = list(connection.execute(query))
            if any(row.data is None and row.log_index not in self._erased for row in rows):
                self._erased = coverage.load(connection).by_index
        return rows

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        if isinstance(self._source, sa.Connection):
            return nullcontext(self._source)
        return database.snapshot(self._source)
