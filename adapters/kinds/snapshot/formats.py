"""Records of a file, one after the other, none kept: NDJSON, an array of JSON, CSV, Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import orjson

from adapters.kinds.fields import spelt
from adapters.kinds.snapshot.entry import FileEntry
from adapters.kinds.snapshot.errors import SnapshotError
from adapters.kinds.snapshot.opening import DAMAGED, Progress, opened

Record = Mapping[str, Any]
Numbered = tuple[int, Record | str]
"""The number of a line or record, and the record, or the reason why there is none."""

_LONGEST: Final = 16 << 20  # bytes of a line; what is longer is no line of a register
_BATCH: Final = 10_000


def records_of(path: Path, entry: FileEntry, progress: Progress) -> Iterator[Numbered]:
    """Reads a file.

    Raises:
        SnapshotError: it is damaged, or not of the format that the entry says.
    """
    number = 0
    try:
        for number, record in _FORMATS[entry.format](path, entry, progress):
            yield number, record
    except DAMAGED as error:
        raise SnapshotError(f"{path}: damaged after record {number}: {type(error).__name__}") from error
    except UnicodeDecodeError:
        raise SnapshotError(f"{path}: not {entry.encoding} after record {number}: see `encoding`") from None


def _ndjson(path: Path, entry: FileEntry, progress: Progress) -> Iterator[Numbered]:
    is_utf8 = entry.encoding.lower().replace("-", "") == "utf8"
    with opened(path, progress) as content:
        number = 0
        while line := content.readline(_LONGEST):
            number += 1
            if len(line) == _LONGEST:
                raise SnapshotError(f"{path}, line {number}: longer than {_LONGEST} bytes")
            if not line.isspace():
                yield number, _object(line if is_utf8 else line.decode(entry.encoding).encode())


def _object(line: bytes) -> Record | str:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            line.decode()
        except UnicodeDecodeError:
            return "not_utf8"
        return "not_json"
    return found if isinstance(found, dict) else "no_object"


def _json(path: Path, entry: FileEntry, progress: Progress) -> Iterator[Numbered]:
    ijson = _library("ijson")
    with opened(path, progress) as content:
        number = 0
        try:
            for number, found in enumerate(ijson.items(content, entry.records), 1):
                yield number, found if isinstance(found, dict) else "no_object"
        except ijson.JSONError:
            raise SnapshotError(f"{path}: not JSON after record {number}") from None


def _csv(path: Path, entry: FileEntry, progress: Progress) -> Iterator[Numbered]:
    with opened(path, progress) as content:
        text = io.TextIOWrapper(content, entry.encoding, newline="")
        rows = csv.reader(text, delimiter=entry.delimiter, strict=True)
        try:
            header = next(rows, [])
            _check_header(path, header, entry)
            for row in rows:
                if len(row) != len(header):
                    yield rows.line_num, "another_number_of_fields"
                else:
                    yield rows.line_num, {n: v or None for n, v in zip(header, row, strict=True)}
        except csv.Error:
            raise SnapshotError(f"{path}: no CSV after line {rows.line_num}") from None


def _parquet(path: Path, entry: FileEntry, progress: Progress) -> Iterator[Numbered]:
    parquet = _library("pyarrow.parquet")
    arrow = _library("pyarrow")
    try:
        file = parquet.ParquetFile(path)
        _check_header(path, file.schema_arrow.names, entry)
        names = [
            n
            for n in file.schema_arrow.names
            if (spelt(n) if entry.fields.danish else n) in first_names(entry)
        ]
        number, total = 0, path.stat().st_size
        for batch in file.iter_batches(batch_size=_BATCH, columns=names):
            for record in batch.to_pylist():
                number += 1
                yield number, {name: _plain(value) for name, value in record.items()}
            progress(total * number // max(1, file.metadata.num_rows), total)
    except arrow.ArrowException as error:
        raise SnapshotError(f"{path}: no Parquet, or damaged: {type(error).__name__}") from None


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def first_names(entry: FileEntry) -> set[str]:
    """The fields of a record that the entry reads, by the first name of each path."""
    fields = entry.fields
    return {f.steps[0] for f in fields.by_name.values()} | {steps[0] for steps in fields.times.values()}


def _check_header(path: Path, header: list[str], entry: FileEntry) -> None:
    names = [spelt(name) for name in header] if entry.fields.danish else header
    if len(set(names)) != len(names):
        raise SnapshotError(f"{path}: a column is there twice")
    missing = sorted(first_names(entry) - set(names))
    if missing:
        raise SnapshotError(f"{path}: column {missing[0]!r} is missing; there are: {', '.join(header)}")


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise SnapshotError(f"{name} is not installed: pip install 'hjemmel[snapshot]'") from error


_FORMATS: Final[Mapping[str, Callable[[Path, FileEntry, Progress], Iterator[Numbered]]]] = {
    "ndjson": _ndjson,
    "json": _json,
    "csv": _csv,
    "parquet": _parquet,
}
