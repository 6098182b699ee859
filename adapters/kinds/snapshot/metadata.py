"""What a download's metadata file says that the file must be, and where in a row of files it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from adapters.kinds.snapshot.entry import FileEntry
from adapters.kinds.snapshot.errors import SnapshotError


@dataclass(frozen=True, slots=True)
class Expected:
    """Each is absent where nobody said it.

    Attributes:
        rows: how many rows the file has.
        sha256: digest of the file as it is downloaded, hex.
        taken: when the register wrote it.
        number: which file of the register's it is.
        follows: the number of the file that a delta goes on from.
    """

    rows: int | None = None
    sha256: str | None = None
    taken: str | None = None
    number: str | None = None
    follows: str | None = None


def expected_of(path: Path, entry: FileEntry) -> Expected:
    """Reads a metadata file, as the dataset's entry says.

    Raises:
        SnapshotError: it is no JSON, or lacks what the entry says it has.
    """
    if not entry.expected:
        raise SnapshotError(f"{entry.dataset.source.place} does not say what is in {path}: see `metadata`")
    try:
        document = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SnapshotError(f"{path}: no JSON that can be read") from error
    told = {name: _at(document, steps, path) for name, steps in entry.expected.items()}
    rows = told.pop("rows", None)
    if rows is not None and not str(rows).isdecimal():
        raise SnapshotError(f"{path}: the number of rows is no number")
    texts = {name: str(value) for name, value in told.items() if value is not None}
    return Expected(rows=None if rows is None else int(rows), **texts)


def _at(document: Any, steps: str, path: Path) -> Any:
    for step in steps.split("."):
        if not isinstance(document, Mapping) or step not in document:
            raise SnapshotError(f"{path}: there is no {steps}")
        document = document[step]
    return document
