"""Reading a log in bulk: entries with one of their sealed values, range by range.

For whoever goes through a log again. Owns nothing and writes nothing; runs beside the writer. It takes
the entries as they stand: that they are the ones that were recorded is what `audit.verification.verify`
proves. What is sealed is held to its entry: it must have been sealed for that very leaf, and open its
commitment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import orjson
import sqlalchemy as sa

from audit.erasure import coverage
from audit.errors import FormatError, LogError, VerificationError
from audit.formats import entry
from audit.formats.commitment import opens
from audit.formats.entry import Entry, Event
from audit.storage import database, store
from audit.storage.schema import entries, sealed
from audit.vault import vault
from audit.vault.key_reader import KeyReader
from audit.vault.vault import KeyName, MasterKeyError

_COMMON = 10_000  # likewise, of what entries have in common
_OWN = ("time", "request_id", "commitments")  # what each has of its own
_COMMITMENT = re.compile("[0-9a-f]{64}")
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
        self._known: dict[KeyName, bytes | MasterKeyError | None] = {}
        self._erased: Collection[int] = ()
        self._common: dict[bytes, Entry | Event] = {}

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
        self._known = self._keys.find_each({store.key_name(row) for row in rows if row.data is not None})
        position = 0
        for index in range(first, end):
            if position == len(rows) or rows[position].log_index != index:
                yield Record(index, None, State.BROKEN, problem="is missing")
                continue
            row = rows[position]
            position += 1
            record = self._record(index, row, name, wanted)
            if record is not None:
                yield record

    def _record(
        self, index: int, row: Any, name: str, wanted: Callable[[Entry | Event], bool] | None
    ) -> Record | None:
        try:
            content, commitments = self._decoded(row.leaf)
        except FormatError as error:
            return Record(index, None, State.BROKEN, problem=str(error))
        if wanted is not None and not wanted(content):
            return None
        if name not in commitments:
            return Record(index, content, State.ABSENT)
        try:
            value = self._open(index, row, commitments, name)
        except LogError as error:
            return Record(index, content, State.BROKEN, problem=str(error))
        return Record(index, content, State.ERASED if value is None else State.OPENED, value or b"")

    def _decoded(self, leaf: Any) -> tuple[Entry | Event, Mapping[str, str]]:
        """Reads a leaf. What many entries have in common is checked once: that is most of the work."""
        if not isinstance(leaf, bytes):
            raise FormatError(_NOT_BYTES)
        try:
            document = orjson.loads(leaf)
            canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS) == leaf
            own = {field: document.pop(field) for field in _OWN}
            common = orjson.dumps([document, list(own["commitments"])])
            fits = canonical and _fits(own["time"], own["request_id"], own["commitments"].values())
        except (ValueError, TypeError, KeyError, AttributeError):
            return entry.decode_any(leaf)  # which says what it is instead
        known = self._common.get(common)
        if known is None or not fits:
            decoded = entry.decode_any(leaf)
            if len(self._common) >= _COMMON:
                self._common.clear()
            self._common[common] = decoded[0]
            return decoded
        return replace(known, time=own["time"], request_id=own["request_id"]), own["commitments"]

    def _open(self, index: int, row: Any, commitments: Mapping[str, str], name: str) -> bytes | None:
        if row.data is None:
            if index in self._erased:
                return None
            raise VerificationError("has no sealed part")
        key = self._known[store.key_name(row)]
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


def _fits(time: Any, request_id: Any, commitments: Collection[Any]) -> bool:
    return (
        isinstance(time, str)
        and isinstance(request_id, str | None)
        and all(isinstance(c, str) and _COMMITMENT.fullmatch(c) for c in commitments)
    )
