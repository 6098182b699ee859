"""One range of a log verified from its database: each entry by itself, its stored hash, its sealed part.

What a range is part of - the tree, the checkpoint, the timestamps - is for `audit.verification.verify`.
Ranges are independent of each other, so that they go to processes of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, repeat
from typing import Any

import sqlalchemy as sa

from audit.erasure.coverage import Coverage
from audit.errors import FormatError, LogError
from audit.formats.commitment import opens
from audit.formats.entry import ERASED, PERIOD_CLOSED, Event, decode_any
from audit.formats.merkle import leaf_hash, subtree
from audit.formats.tiles import TILE_SIZE, TILE_WIDTH, Tile, cut
from audit.reading.shapes import Shaped, ShapeReader
from audit.storage.schema import entries, intentions, sealed, tiles
from audit.vault import vault
from audit.vault.key_reader import Found, KeyReader
from audit.vault.openings import opens_all
from audit.vault.pages import Place
from audit.vault.vault import KeyName, MasterKeyError
from audit.verification.findings import Finding
from audit.verification.verify_times import StatedTimes

RANGE = 16 * TILE_WIDTH  # entries: some tenths of a second of work

_ROWS = (
    sa.select(
        entries.c.index.label("log_index"),
        entries.c.leaf,
        entries.c.leaf_hash,
        entries.c.request_id,
        sealed.c.data,
        sealed.c.key_id,
        sealed.c.page,
        sealed.c.slot,
    )
    .outerjoin(sealed, sealed.c.index == entries.c.index)
    .where(entries.c.index >= sa.bindparam("first"), entries.c.index < sa.bindparam("end"))
    .order_by(entries.c.index)
)
_TILES = sa.select(tiles.c.index.label("tile_index"), tiles.c.hashes).where(
    tiles.c.level == 0, tiles.c.index >= sa.bindparam("first"), tiles.c.index < sa.bindparam("end")
)


@dataclass(slots=True)
class RangeReport:
    """What verifying a range found.

    Attributes:
        hashes: of its entries, as they were computed.
        roots: over each of its complete tiles.
        ends: whether nothing after these entries can be read in order.
        outcomes: how many entries of each outcome; of what is no exchange, of each kind.
        opened: how many sealed parts were opened and held to their commitments.
        erased: how many are gone because an erasure entry says so.
        misdated: how many entries state times that cannot be.
        first_misdated: the first of them, and what it states.
        against_hash: entries that their stored hash contradicts.
        against_tile: entries that their tile contradicts.
        periods: the entries that close periods.
        findings: what does not hold, with the index that each stands at.
    """

    hashes: bytes = b""
    roots: list[bytes] = field(default_factory=list)
    ends: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    erased: int = 0
    misdated: int = 0
    first_misdated: str = ""
    against_hash: list[int] = field(default_factory=list)
    against_tile: list[int] = field(default_factory=list)
    periods: list[tuple[int, Event]] = field(default_factory=list)
    findings: list[tuple[float, Finding]] = field(default_factory=list)

    def find(self, index: float, place: str, problem: str) -> None:
        """Notes what does not hold."""
        self.findings.append((index, Finding(place, problem)))

    def hold(self, tile: Tile, hashes: bytes, stored: bytes | None) -> None:
        """Holds a stored tile to the hashes that the entries made."""
        if stored == hashes:
            return
        what = "is missing" if stored is None else "is not over the entries that stand there"
        self.find(tile.end - 0.5, f"tile/{tile.level}/{tile.index}", what)
        if tile.level == 0 and stored is not None:
            told = zip(cut(hashes), cut(stored), strict=False)
            self.against_tile += [tile.first + i for i, (ours, its) in enumerate(told) if ours != its]


class RangeVerifier:
    """Verifies ranges. Used by one thread, on one connection."""

    def __init__(
        self,
        connection: sa.Connection,
        keys: KeyReader | None,
        coverage: Coverage,
        stamped: Mapping[int, datetime],
    ) -> None:
        """Takes the log's database, what opens sealed parts, what was erased, when the log was stamped."""
        self._connection = connection
        self._keys = keys
        self._coverage = coverage
        self._stamped = stamped
        self._shapes = ShapeReader()

    def verify(self, first: int, end: int) -> RangeReport:
        """Verifies the entries from an index, at which a tile begins, up to another."""
        report, times, hashes = RangeReport(), StatedTimes(self._stamped), []
        rows = self._rows(first, end, report)
        for index, row, key in zip(count(first), rows, self._found(rows), strict=False):
            at, leaf, stored_hash, request_id, data, *_ = row
            if at != index:
                break  # a gap: the checkpoint tells what is missing
            if not (isinstance(leaf, bytes) and isinstance(stored_hash, bytes) and _is_sealed(data)):
                report.find(index, f"entry {index}", "is not stored as bytes")
                break
            computed = leaf_hash(leaf)
            hashes.append(computed)
            if computed != stored_hash:
                report.against_hash.append(index)
            try:
                shaped = self._shapes.read(leaf)
            except FormatError as error:
                report.find(index, f"entry {index}", str(error))
                continue
            times.hold(index, shaped.time, shaped.shape.outcome)
            report.outcomes[shaped.shape.outcome] += 1
            if shaped.shape.outcome == PERIOD_CLOSED:
                self._closed(index, leaf, report)
            if request_id != shaped.request_id:
                self._misfiled(index, request_id, shaped.request_id, report)
            if self._has_part(index, shaped.shape.outcome, data, report) and self._keys:
                self._sealed(index, shaped, leaf, data, key, report)
        report.hashes, report.ends = b"".join(hashes), len(hashes) < end - first
        report.misdated, report.first_misdated = times.wrong, times.first
        self._tiles(first, report)
        return report

    def _rows(self, first: int, end: int, report: RangeReport) -> Sequence[Any]:
        try:
            return self._connection.execute(_ROWS, {"first": first, "end": end}).all()
        except sa.exc.DBAPIError as error:
            problem = f"one of the next {RANGE} cannot be read: {type(error).__name__}"
            report.find(first, f"entries from {first} on", problem)
            return ()

    def _found(self, rows: Sequence[Any]) -> Iterable[Found]:
        """Gives the key of each row's sealed part, where there is one."""
        if self._keys is None:
            return repeat(None)
        names = [
            KeyName(key_id, None if page is None else Place(page, slot))
            for *_, data, key_id, page, slot in rows
            if data is not None
        ]
        keys = iter(self._keys.find_each(names))
        return [None if row.data is None else next(keys) for row in rows]

    @staticmethod
    def _closed(index: int, leaf: bytes, report: RangeReport) -> None:
        content, _ = decode_any(leaf)
        if isinstance(content, Event):
            report.periods.append((index, content))

    def _misfiled(self, index: int, filed: Any, stated: str | None, report: RangeReport) -> None:
        if filed is not None:
            report.find(index, f"entry {index}", "is filed under another request id")
        elif not self._is_filed(stated):
            report.find(index, f"entry {index}", "its request id is not filed: it could be used again")

    def _is_filed(self, request_id: str | None) -> bool:
        """Tells whether a request id stands for some entry, or for an intention: a replay's own does not."""
        query = sa.union_all(
            *(sa.select(t.c.request_id).where(t.c.request_id == request_id) for t in (entries, intentions))
        )
        return self._connection.execute(query).first() is not None

    def _has_part(self, index: int, outcome: str, data: bytes | None, report: RangeReport) -> bool:
        """Tells whether an entry has a sealed part, and should have one."""
        if outcome == ERASED and not self._coverage.knows(index):
            report.find(index, f"entry {index}", "what this erasure covers is not kept")
        covered_by = self._coverage.by_index.get(index)
        if data is not None and covered_by is None:
            return True
        if data is None:
            report.erased += covered_by is not None
            if covered_by is None:
                problem = "has no sealed part, and no entry says that it was erased"
                report.find(index, f"entry {index}", problem)
        else:
            problem = f"was erased by entry {covered_by}, and its sealed part is there again"
            report.find(index, f"entry {index}", problem)
        return False

    def _sealed(
        self, index: int, shaped: Shaped, leaf: bytes, data: bytes, key: Found, report: RangeReport
    ) -> None:
        if key is None:
            report.find(index, f"entry {index}", "its key is gone, and no entry says that it was erased")
            return
        try:
            if isinstance(key, MasterKeyError):
                raise key
            plain = vault.decrypt(key, leaf, data)
            if opens_all(plain, shaped.shape.names, shaped.commitments):
                report.opened += 1
                return
            opened = vault.read(plain)
        except LogError as error:
            report.find(index, f"entry {index}", str(error))
            return
        report.opened += 1
        commitments = shaped.named()
        for name in sorted(commitments.keys() | opened.values.keys()):
            value, opening = opened.values.get(name, b""), opened.openings.get(name, b"")
            if not opens(commitments, opening, name, value):
                problem = f"the sealed {name} is not what the entry commits to"
                report.find(index, f"entry {index}", problem)

    def _tiles(self, first: int, report: RangeReport) -> None:
        """Holds the stored tiles of level 0 to the hashes that the entries made."""
        complete = range(0, len(report.hashes) - TILE_SIZE + 1, TILE_SIZE)
        index = first // TILE_WIDTH
        rows = self._connection.execute(_TILES, {"first": index, "end": index + len(complete)})
        stored = {row.tile_index: row.hashes for row in rows}
        for tile, at in enumerate(complete, index):
            hashes = report.hashes[at : at + TILE_SIZE]
            report.roots.append(subtree(hashes))
            report.hold(Tile(0, tile), hashes, stored.get(tile))


def _is_sealed(data: Any) -> bool:
    return data is None or isinstance(data, bytes)
