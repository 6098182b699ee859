"""Records turned into rows of the table, strictly; what cannot be is refused with a reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from adapters.kinds.fields import Field, spelt
from adapters.kinds.snapshot.entry import FileEntry
from adapters.kinds.snapshot.errors import RefusedRow
from adapters.kinds.snapshot.formats import Numbered
from adapters.kinds.values import NotDecodedError

Row = tuple[Any, ...]
_FIRST: Final = 5  # lines that are named of each reason
_ABSENT: Final = object()


class Refusals:
    """Rows that were not taken over: how many for which reason, and the first lines of each."""

    def __init__(self) -> None:
        """Counts from zero."""
        self.count: Counter[str] = Counter()
        self.lines: dict[str, list[int]] = defaultdict(list)

    def add(self, reason: str, line: int) -> None:
        """Counts a row."""
        self.count[reason] += 1
        if len(self.lines[reason]) < _FIRST:
            self.lines[reason].append(line)


class _Spelling(dict[str, str]):
    """Names in the catalogue's spelling; few are ever new."""

    def __missing__(self, name: str) -> str:
        self[name] = spelt(name)
        return self[name]


class Rows:
    """Turns the records of one file. Rows are attributes, times, and the line, in the table's order.

    Attributes:
        read: how many records there were.
        met: names of fields that were there, of those that the entry reads.
        strange: names of fields that the entry does not read.
    """

    def __init__(self, entry: FileEntry, taken: str) -> None:
        """Takes the entry, and when the file was taken, which is the registration where it tells none."""
        self.read = 0
        self.refused = Refusals()
        self.ahead = 0
        self._names: set[str] = set()
        self._entry, self._taken = entry, taken
        self._spelling = _Spelling()
        self._fields = tuple(entry.fields.by_name.items())
        self._identity = [i for i, (name, _) in enumerate(self._fields) if name in entry.identity]
        self._times: dict[str, str] = {}

    @property
    def names(self) -> set[str]:
        """The names of all fields that records had."""
        return self._names

    def of(self, records: Iterable[Numbered]) -> Iterator[Row]:
        """Gives the rows of records; refusals are counted."""
        for line, record in records:
            self.read += 1
            try:
                yield (*self._row(record), line)
            except RefusedRow as reason:
                self.refused.add(str(reason), line)

    def _row(self, record: Mapping[str, Any] | str) -> Row:
        if isinstance(record, str):
            raise RefusedRow(record)
        if self._entry.fields.danish:
            record = {self._spelling[name]: value for name, value in record.items()}
        if not record.keys() <= self._names:
            self._names |= record.keys()
        values = tuple(self._value(record, name, field) for name, field in self._fields)
        if any(values[i] is None for i in self._identity):
            raise RefusedRow("no_identity")
        return (*values, *self._told(record))

    def _value(self, record: Mapping[str, Any], name: str, field: Field) -> Any:
        found = _find(record, field.steps)
        if found is None or found is _ABSENT:
            if found is _ABSENT and not self._entry.fields.absent_is_null:
                raise RefusedRow(f"{name}: missing")
            if field.required:
                raise RefusedRow(f"{name}: null")
            return None
        try:
            value = field.convert(found)
        except NotDecodedError:
            raise RefusedRow(f"{name}: not_decoded") from None
        except (ValueError, TypeError):
            raise RefusedRow(f"{name}: another_type") from None
        if field.codes and value not in field.codes:
            raise RefusedRow(f"{name}: unknown_code")
        return value

    def _told(self, record: Mapping[str, Any]) -> Row:
        told = [self._time(record, name) for name in self._entry.times]
        for begin, end in zip(told[::2], told[1::2], strict=True):
            if end is not None and begin is not None and end <= begin:
                raise RefusedRow("ends_before_it_begins")
        if self._entry.tells_registration and str(told[0]) > self._taken:
            self.ahead += 1
        return tuple(told)

    def _time(self, record: Mapping[str, Any], name: str) -> str | None:
        steps = self._entry.fields.times.get(name)
        if steps is None:
            return self._taken if name == "registreringFra" else None
        found = _find(record, steps)
        if found is None or found is _ABSENT:
            if name.endswith("Fra"):
                raise RefusedRow(f"{name}: missing")
            return None
        try:
            return self._read(found)
        except (ValueError, TypeError, OverflowError):
            raise RefusedRow(f"{name}: no_time") from None

    def _read(self, found: Any) -> str:
        if len(self._times) > _MOST_TIMES:
            self._times.clear()
        known = self._times.get(found)
        if known is None:
            known = self._times[found] = self._entry.time(found)
        return known


_MOST_TIMES: Final = 10_000


def _find(record: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if record is None:
            return None
        if not isinstance(record, dict):
            return _ABSENT
        record = record.get(step, _ABSENT)
    return record
