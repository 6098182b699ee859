"""Reads real rows: newline-delimited JSON, spelled as the REST services spell it.

Attribute names are transliterated to the spelling of the GraphQL services, which is the
catalogue's; values keep their Danish letters.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from adapters.registers.bitemporal import COLUMNS
from adapters.registers.model import Value
from exchange.model.catalogue import Dataset

_LETTERS: Final = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})
_UTC_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z")
# DAR's extract has names of its own for a few columns.
_RENAMED: Final = {
    "id": "id_lokalId",
    "husnummer_id": "husnummer",
    **{name.lower(): name for name in COLUMNS},
}


class RealDataError(ValueError):
    """A file cannot be read; the message names it, and the line where there is one."""


class RejectedRow(Exception):
    """One row cannot be taken over; the argument is the reason."""


def read(path: Path, progress: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    """Yields the objects of a gzipped NDJSON file, with transliterated names.

    Args:
        path: The file.
        progress: Told now and then how many compressed bytes are read.

    Raises:
        RealDataError: The file is missing or damaged, or a line is no JSON object.
    """
    line = 0
    try:
        with path.open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as text:
            for line, content in enumerate(text, 1):
                yield _object(path, line, content)
                if line % 1000 == 0:
                    progress(raw.tell())
            progress(raw.tell())
    except FileNotFoundError as error:
        raise RealDataError(f"{path}: there is no such file") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise RealDataError(f"{path}: damaged after line {line}: {error}") from error


def values(dataset: Dataset, found: Mapping[str, Any]) -> dict[str, Value]:
    """Returns the columns of a dataset from a row that was read.

    Raises:
        RejectedRow: The identity or a time is missing, or a value does not fit the catalogue.
    """
    row: dict[str, Value] = {a.name: _value(a.type, found.get(a.name)) for a in dataset.attributes}
    if not row["id_lokalId"]:
        raise RejectedRow("id_missing")
    for name in COLUMNS:
        row[name] = _time(found.get(name), required=name.endswith("Fra"))
    for axis in ("registrering", "virkning"):
        begin, end = row[f"{axis}Fra"], row[f"{axis}Til"]
        if end is not None and str(end) <= str(begin):
            raise RejectedRow(f"{axis}_ends_before_it_begins")
    return row


def normal_time(text: str) -> str:
    """Returns a time as fixed-width UTC text.

    Raises:
        ValueError: The text is no time, or has no time zone.
    """
    match = _UTC_TIME.fullmatch(text)
    if match:
        return f"{match[1]}.{(match[2] or '').ljust(6, '0')}Z"
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@lru_cache(maxsize=1024)
def ascii_name(name: str) -> str:
    """Returns an attribute's name in the catalogue's spelling."""
    spelled = name.translate(_LETTERS)
    return _RENAMED.get(spelled, spelled)


def _object(path: Path, line: int, content: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except json.JSONDecodeError as error:
        # Without the content: an error message is no place for a register's data.
        raise RealDataError(f"{path}, line {line}: not JSON: {error.msg} at column {error.colno}") from error
    if not isinstance(found, dict):
        raise RealDataError(f"{path}, line {line}: not a JSON object")
    return {ascii_name(name): value for name, value in found.items()}


def _value(kind: str, value: object) -> Value:
    if value is None or value == "":
        return None
    if kind != "integer":
        return str(value)
    try:
        return int(str(value))
    except ValueError:
        raise RejectedRow("number_expected") from None


def _time(value: object, *, required: bool) -> str | None:
    if value is None or value == "":
        if required:
            raise RejectedRow("time_missing")
        return None
    try:
        return normal_time(str(value))
    except ValueError:
        raise RejectedRow("time_invalid") from None
