"""Loading a file: read, staged, counted, put with what was there, and served in one step.

1. The file's digest is taken. The same file as the last one changes nothing.
2. Every row is turned and staged, or refused with a reason. Killed here: nothing happened.
3. Counts are verified: in the file, staged, refused, and what the metadata says.
4. One transaction ends, adds and keeps rows, and notes the load. Killed here: nothing happened.
5. What was staged is thrown away. Killed here: the next load does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from adapters.kinds.snapshot.entry import FileEntry, entry_of
from adapters.kinds.snapshot.errors import SnapshotError
from adapters.kinds.snapshot.formats import first_names, records_of
from adapters.kinds.snapshot.merging import Merge
from adapters.kinds.snapshot.metadata import Expected
from adapters.kinds.snapshot.opening import Progress, digest_of
from adapters.kinds.snapshot.rows import Rows
from adapters.kinds.snapshot.store import LOADS, Store, opened
from adapters.kinds.values import instant, sortable
from adapters.port import Dataset

_BATCH: Final = 5000
_NOTED: Final = ("new", "ended", "gone", "late", "contradicting", "overlapping")


@dataclass(frozen=True, slots=True)
class Load:
    """What to load, and how.

    Attributes:
        expected: what is known of the file beforehand.
        delta: whether it holds only what changed since another file.
        most_refused: how many rows may be refused before the load is.
        dry_run: whether all is done but the last step.
    """

    file: Path
    dataset: Dataset
    database: str
    expected: Expected = field(default_factory=Expected)
    delta: bool = False
    most_refused: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file: rows = loaded + refused.

    Attributes:
        applied: whether what is served changed; not so for the same file twice, and for a dry run.
        rows: in the file.
        loaded: taken over, or there already.
        refused: by reason.
        lines: the first lines of each reason.
        new: rows added.
        ended: rows that got the end of their registration, told by the file or by a newer row.
        gone: rows that a full file lacks; their registration ended when it was taken.
        late: rows that came after those which took their place.
        contradicting: rows that say otherwise what was recorded at the same time before.
        overlapping: things with two current rows about a common time.
        ahead: rows recorded later than the file was taken.
        fields_unknown: fields of the file that the entry does not read.
    """

    file: str
    dataset: str
    sha256: str
    applied: bool
    rows: int = 0
    loaded: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, list[int]] = field(default_factory=dict)
    new: int = 0
    ended: int = 0
    gone: int = 0
    late: int = 0
    contradicting: int = 0
    overlapping: int = 0
    ahead: int = 0
    fields_unknown: tuple[str, ...] = ()


def load_file(load: Load, progress: Progress = lambda _done, _all: None) -> Report:
    """Loads a file into the table of a dataset. Run again after whatever went wrong.

    Raises:
        SnapshotError: the file is not what it should be, or the database cannot take it; nothing changed.
        ValueError: the dataset's entry says what cannot be.
    """
    entry = entry_of(load.dataset)
    digest = digest_of(load.file)
    if load.expected.sha256 is not None and load.expected.sha256.lower() != digest:
        raise SnapshotError(f"{load.file}: its SHA-256 is not the one that was announced: download it again")
    taken = _taken(load)
    with opened(load.database, entry) as store:
        store.prepare()
        try:
            last = store.last(load.dataset.name)
            if last is not None and last.sha256 == digest:
                return Report(load.file.name, load.dataset.name, digest, applied=False)
            _check_place(load, last, taken)
            return _loaded(load, store, entry, digest, taken, progress)
        finally:
            with suppress(sa.exc.SQLAlchemyError):  # where the database is gone, the next load clears
                store.clear()


def _loaded(
    load: Load, store: Store, entry: FileEntry, digest: str, taken: str, progress: Progress
) -> Report:
    rows = Rows(entry, taken)
    staged = _stage(store, rows.of(records_of(load.file, entry, progress)))
    _check_fields(load, rows, entry)
    store.index_staged(entry.identity)
    merge = Merge(store, entry, taken)
    merge.refuse_repeated(rows.refused)
    counted = store.connection.execute(sa.select(sa.func.count()).select_from(store.staged)).scalar_one()
    refused = rows.refused.count.total()
    described: dict[str, Any] = {
        "rows": rows.read,
        "loaded": counted,
        "refused": dict(rows.refused.count),
        "lines": dict(rows.refused.lines),
        "ahead": rows.ahead,
        "fields_unknown": tuple(sorted(rows.names - first_names(entry))),
    }
    if rows.read != counted + refused or staged > rows.read:
        raise SnapshotError(f"{load.file}: the counts do not add up; nothing changed", described)
    if load.expected.rows is not None and load.expected.rows != rows.read:
        raise SnapshotError(
            f"{load.file}: it has {rows.read} rows, but {load.expected.rows} were announced", described
        )
    if refused > load.most_refused:
        told = ", ".join(f"{n} {reason}" for reason, n in rows.refused.count.most_common())
        raise SnapshotError(
            f"{load.file}: {refused} rows cannot be taken over ({told}); nothing changed", described
        )
    store.begin()
    try:
        counts = merge.run(full=not load.delta and not refused)
        _note(store, load, digest, taken, rows.read, refused)
    except BaseException:
        store.rollback()
        raise
    (store.rollback if load.dry_run else store.commit)()
    noted: dict[str, Any] = {name: counts[name] for name in _NOTED}
    return Report(load.file.name, load.dataset.name, digest, applied=not load.dry_run, **described, **noted)


def _stage(store: Store, rows: Iterable[tuple[Any, ...]]) -> int:
    rows, count = iter(rows), 0
    while batch := list(islice(rows, _BATCH)):
        store.stage(batch)
        count += len(batch)
    return count


def _check_fields(load: Load, rows: Rows, entry: FileEntry) -> None:
    """A field that no row of a full file has was renamed: not even the absence of values is plausible."""
    if load.delta:
        return
    if not rows.read:
        raise SnapshotError(f"{load.file}: there is no record in it; a full file ends what it lacks")
    missing = sorted(first_names(entry) - rows.names)
    if missing and rows.names:
        strange = ", ".join(sorted(rows.names - first_names(entry))) or "none"
        raise SnapshotError(f"{load.file}: no record has {missing[0]!r}; fields that are not read: {strange}")


def _taken(load: Load) -> str:
    if load.expected.taken is None:
        return sortable(datetime.now(UTC))
    try:
        return sortable(instant(load.expected.taken))
    except ValueError:
        raise SnapshotError("when the file was taken must be a time such as 2025-01-01T00:00:00Z") from None


def _check_place(load: Load, last: sa.Row[Any] | None, taken: str) -> None:
    if last is not None and taken <= last.taken:
        raise SnapshotError(f"{load.file}: taken before the file that is loaded already ({last.taken})")
    if not load.delta:
        return
    if last is None:
        raise SnapshotError(f"{load.file}: a delta needs a full file to go on from")
    if load.expected.follows is None or last.file_number is None:
        raise SnapshotError(
            f"{load.file}: nobody says which file it follows, or which is loaded: number them"
        )
    if load.expected.follows != last.file_number:
        raise SnapshotError(
            f"{load.file}: it follows file {load.expected.follows}, but {last.file_number} is loaded"
        )


def _note(store: Store, load: Load, digest: str, taken: str, rows: int, refused: int) -> None:
    store.connection.execute(
        sa.insert(LOADS).values(
            dataset=load.dataset.name,
            sha256=digest,
            kind="delta" if load.delta else "full",
            taken=taken,
            file_number=load.expected.number,
            rows=rows,
            refused=refused,
        )
    )
