"""Verifying a whole log: every entry, every tile, every sealed part, against the signed checkpoint.

Works on the database alone, with the log's public key; owns nothing and writes nothing. With the
vault's master key it also opens what is sealed and holds it to the commitments.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audit.erasure import coverage
from audit.erasure.coverage import Coverage
from audit.errors import FormatError, LogError
from audit.formats import checkpoint, entry
from audit.formats.checkpoint import Checkpoint
from audit.formats.commitment import opens
from audit.formats.entry import ERASED, PERIOD_CLOSED, Entry, Event
from audit.formats.merkle import EMPTY_ROOT, leaf_hash
from audit.formats.note import NoteVerifier
from audit.formats.tiles import TILE_WIDTH, Tile, TileTree, cut, root_of_edge
from audit.storage import database, store
from audit.storage.schema import entries, erasure_requests, intentions, sealed, tiles
from audit.storage.store import Head
from audit.storage.tile_source import TileSource
from audit.timestamps.timestamp import Roots
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import KeyName
from audit.verification.findings import Finding
from audit.verification.verify_beside import verify_beside
from audit.verification.verify_periods import PeriodCheck, Periods
from audit.verification.verify_times import StatedTimes
from audit.verification.verify_timestamps import TimestampCheck

_CHUNK = 4096
_KEYS = 10_000  # most kept in memory
_HEAD = -1  # where findings about the checkpoint stand: before those about entries
Progress = Callable[[int, int], None]
FindKey = Callable[[KeyName], bytes | None]


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. The log holds when there is no finding.

    Attributes:
        checkpoint: the checkpoint that everything was held against, where it could be read.
        note: the signed note that it came in.
        entries: how many entries were read.
        by_outcome: how many of each outcome; of what is no exchange, how many of each kind.
        sealed: how many sealed parts were opened and held to their commitments.
        erased: how many are gone because an erasure entry says so.
        open_intentions: how many registers may have been read without an entry so far.
        open_erasures: how many were asked for and are not carried out whole so far.
        timestamps: how many timestamps hold that outsiders gave, held to a root certificate.
        unrooted: how many were held to the log only, because no root certificate was given.
        misdated: how many entries state times that lie outside of the timestamps around them.
        first_misdated: the first of them, and what it states.
        periods: what was closed, and held to its entries.
        findings: what does not hold, the first bad place first.
    """

    checkpoint: Checkpoint | None
    note: str
    entries: int
    by_outcome: dict[str, int]
    sealed: int
    erased: int
    open_intentions: int
    open_erasures: int
    timestamps: int
    unrooted: int
    misdated: int
    first_misdated: str
    periods: Periods
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify_log(
    engine: sa.Engine,
    verifier: NoteVerifier,
    keys: SubjectKeys | None = None,
    progress: Progress | None = None,
    since: Checkpoint | None = None,
    roots: Roots = (),
) -> Report:
    """Verifies a log from its first entry to its checkpoint.

    Args:
        engine: the log's database.
        verifier: the log's public key.
        keys: opens the sealed parts too, where given.
        progress: called with entries read and entries in all.
        since: a checkpoint that was verified before. What it commits to is not read again; that the log
            still extends it is proved.
        roots: of the timestamp authorities; without them a timestamp is held to the log only.
    """
    with database.snapshot(engine) as connection:
        verification = _Verification(connection, verifier, keys, progress, since, roots)
        try:
            return verification.run()
        except sa.exc.DBAPIError as error:
            return verification.ended_by(error)


class _Verification:
    def __init__(
        self,
        connection: sa.Connection,
        verifier: NoteVerifier,
        keys: SubjectKeys | None,
        progress: Progress | None,
        since: Checkpoint | None,
        roots: Roots,
    ) -> None:
        self._connection = connection
        self._verifier = verifier
        self._keys = keys
        self._key = keys.finder(_KEYS) if keys else None
        self._coverage = Coverage({}, {}, {})
        self._progress = progress or (lambda _done, _all: None)
        self._findings: list[tuple[float, Finding]] = []  # with the index that each stands at
        self._against_hash: list[int] = []  # entries that their stored hash contradicts
        self._against_tile: list[int] = []  # entries that their tile contradicts
        self._outcomes: dict[str, int] = {}
        self._opened = self._erased = 0
        self._since = since or Checkpoint(verifier.name, 0, EMPTY_ROOT)
        self._periods = PeriodCheck(connection, keys, self._since.size, self._find)
        self._timestamps = TimestampCheck(connection, verifier, roots, self._find)
        self._times = StatedTimes({})

    def run(self) -> Report:
        head = self._head()
        signed = self._signed(head.signed_checkpoint) if head else None
        size = signed.size if signed else head.size if head else self._count()
        if signed and head and (signed.size, signed.root) != (head.size, head.root):
            self._find(_HEAD, "head", "its size or root is not what the signed checkpoint says")
        self._coverage = coverage.load(self._connection)
        for index, problem in self._coverage.problems.items():
            self._find(index, f"entry {index}", problem)
        self._timestamps.read(size)
        self._times = StatedTimes(self._timestamps.times())
        count = self._entries(size, signed, self._grown_before(size))
        self._stray_tiles(size)
        for finding in verify_beside(
            self._connection, self._verifier, size, self._key, holds=not self._findings
        ):
            self._find(size, finding.place, finding.problem)
        open_ = self._connection.execute(sa.select(sa.func.count()).select_from(intentions)).scalar_one()
        note = head.signed_checkpoint if head and signed else ""
        periods = self._periods.run(size, self._coverage)
        return self._report(signed, note, count, (open_, self._unfinished()), periods)

    def ended_by(self, error: sa.exc.DBAPIError) -> Report:
        """Reports of a database that could not be read to the end."""
        self._find(_HEAD, "database", f"cannot be read to its end: {type(error).__name__}")
        return self._report(None, "", 0, (0, 0), Periods())

    def _report(
        self, signed: Checkpoint | None, note: str, count: int, unfinished: tuple[int, int], periods: Periods
    ) -> Report:
        return Report(
            signed,
            note,
            count,
            self._outcomes,
            self._opened,
            self._erased,
            *unfinished,  # intentions, erasures
            self._timestamps.rooted,
            self._timestamps.unrooted,
            self._times.wrong,
            self._times.first,
            periods,
            tuple(finding for _, finding in sorted(self._findings, key=lambda found: found[0])),
        )

    def _head(self) -> Head | None:
        try:
            head = store.read_head(self._connection)
        except sa.exc.DBAPIError as error:
            self._find(_HEAD, "head", f"cannot be read: {type(error).__name__}")
            return None
        if head is None:
            self._find(_HEAD, "head", "the log has no checkpoint")
        elif not (isinstance(head.size, int) and isinstance(head.signed_checkpoint, str)):
            self._find(_HEAD, "head", "is not stored as a number and a text")
            return None
        return head

    def _signed(self, note: str) -> Checkpoint | None:
        try:
            return checkpoint.verify(note, self._verifier)
        except LogError as error:
            self._find(_HEAD, "checkpoint", str(error))
            return None

    def _count(self) -> int:
        return self._connection.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one()

    def _grown_before(self, size: int) -> TileTree:
        """Gives the tree of what was verified before, in complete tiles, once the log still extends it."""
        old = self._since
        if size < old.size:
            rolled_back = f"was rolled back: {old.size} entries were verified, it has {size}"
            self._find(_HEAD, "checkpoint", rolled_back)
            return TileTree()
        try:
            edge = TileSource(self._connection, old.size).edge()
        except FormatError as error:
            self._find(_HEAD, "tree", str(error))
            return TileTree()
        if root_of_edge(edge) != old.root:
            self._find(_HEAD, "tree", f"does not extend what was verified at {old.size} entries")
            return TileTree()
        return TileTree(old.size - old.size % TILE_WIDTH, [b"", *edge[1:]])

    def _entries(self, size: int, signed: Checkpoint | None, tree: TileTree) -> int:
        """Hashes every entry into a tree of our own, and holds the stored hashes and tiles to it."""
        begin = tree.size
        run: list[bytes] = []
        with closing(self._rows(begin)) as rows:
            for index, row in enumerate(rows, begin):
                if index >= size:
                    self._find(index, f"entry {row.log_index}", "stands beyond the checkpoint")
                    break
                if row.log_index != index:
                    break  # a gap: `_root` says what is missing
                if not all(isinstance(v, bytes) for v in (row.leaf, row.leaf_hash, row.data or b"")):
                    self._find(index, f"entry {index}", "is not stored as bytes")
                    break
                computed = leaf_hash(row.leaf)
                if computed != row.leaf_hash:
                    self._against_hash.append(index)
                self._entry(index, row)
                run.append(computed)
                if index + 1 in self._timestamps.sizes:
                    self._timestamps.reached(index + 1, tree.root(b"".join(run)))
                if len(run) == TILE_WIDTH:
                    self._tiles(tree.add(b"".join(run)))
                    run.clear()
                if index % _CHUNK == 0:
                    self._progress(index, size)
        tree.add(b"".join(run))
        self._progress(tree.size, size)
        self._root(tree, size, signed)
        return tree.size - begin

    def _root(self, tree: TileTree, size: int, signed: Checkpoint | None) -> None:
        # Where a stored hash contradicts its entry, the root tells which of the two was altered.
        intact = signed is not None and (tree.size, tree.root()) == (signed.size, signed.root)
        what = "its stored hash was altered" if intact else "was altered after it was recorded"
        wrong = dict.fromkeys(self._against_hash, what)
        if not intact:
            for index in self._against_tile:
                wrong.setdefault(index, "is not the one that its tile has the hash of")
        self._findings[:0] = [(i, Finding(f"entry {i}", what)) for i, what in wrong.items()]
        if tree.size != size:
            missing = f"is missing: the checkpoint commits to {size} entries"
            self._find(tree.size, f"entry {tree.size}", missing)
        elif signed and not intact and not wrong:
            self._find(size, "tree", "the entries do not lead to the signed root: entries were replaced")

    def _rows(self, begin: int) -> Generator[Any]:
        query = (
            sa.select(
                entries.c.index.label("log_index"),
                entries.c.leaf,
                entries.c.leaf_hash,
                entries.c.request_id,
                sealed.c.key_id,
                sealed.c.page,
                sealed.c.slot,
                sealed.c.data,
            )
            .outerjoin(sealed, sealed.c.index == entries.c.index)
            .where(entries.c.index >= begin)
            .order_by(entries.c.index)
            .execution_options(yield_per=_CHUNK)
        )
        read = begin
        try:
            with self._connection.execute(query) as rows:  # closed by whoever reads no further
                for row in rows:
                    yield row
                    read += 1
        except sa.exc.DBAPIError as error:
            kind = type(error).__name__
            self._find(read, f"entries from {read} on", f"one of the next {_CHUNK} cannot be read: {kind}")

    def _entry(self, index: int, row: Any) -> None:
        place = f"entry {index}"
        try:
            content, commitments = entry.decode_any(row.leaf)
        except FormatError as error:
            self._find(index, place, str(error))
            return
        self._times.hold(index, content)
        outcome = content.outcome if isinstance(content, Entry) else content.kind
        self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
        if row.request_id is None:
            if content.request_id is not None and not self._is_filed(content.request_id):
                self._find(index, place, "its request id is not filed: it could be used again")
        elif row.request_id != content.request_id:
            self._find(index, place, "is filed under another request id")
        if isinstance(content, Event):
            self._event(index, content)
        covered_by = self._coverage.by_index.get(index)
        if row.data is None:
            self._erased += covered_by is not None
            if covered_by is None:
                self._find(index, place, "has no sealed part, and no entry says that it was erased")
        elif covered_by is not None:
            self._find(index, place, f"was erased by entry {covered_by}, and its sealed part is there again")
        elif self._key:
            self._sealed(index, row, commitments, self._key)

    def _event(self, index: int, content: Event) -> None:
        if content.kind == PERIOD_CLOSED:
            self._periods.entry(index, content)
        if content.kind == ERASED and not self._coverage.knows(index):
            self._find(index, f"entry {index}", "what this erasure covers is not kept")

    def _is_filed(self, request_id: str) -> bool:
        """Tells whether a request id stands for some entry, or for an intention: a replay's own does not."""
        query = sa.union_all(
            *(sa.select(t.c.request_id).where(t.c.request_id == request_id) for t in (entries, intentions))
        )
        return self._connection.execute(query).first() is not None

    def _sealed(self, index: int, row: Any, commitments: dict[str, str], find: FindKey) -> None:
        place = f"entry {index}"
        try:
            key = find(store.key_name(row))
            if key is None:
                self._find(index, place, "its key is gone, and no entry says that it was erased")
                return
            opened = vault.unseal(key, row.leaf, row.data)
        except LogError as error:
            self._find(index, place, str(error))
            return
        self._opened += 1
        for name in commitments.keys() | opened.values.keys():
            value, opening = opened.values.get(name, b""), opened.openings.get(name, b"")
            if not opens(commitments, opening, name, value):
                self._find(index, place, f"the sealed {name} is not what the entry commits to")

    def _unfinished(self) -> int:
        """Finds keys that are there although they were erased; what is being erased only counts."""
        asked = sa.select(erasure_requests.c.number).where(erasure_requests.c.done.is_(None))
        waiting = set(self._connection.execute(asked).scalars())
        for erasure in self._coverage.kept.values():
            there = self._keys.remaining(erasure.names) if self._keys else []
            if there and erasure.request not in waiting:
                what = f"{len(there)} of the keys that it erased are there again"
                self._find(erasure.entry, f"entry {erasure.entry}", what)
        return len(waiting)

    def _tiles(self, completed: list[tuple[Tile, bytes]]) -> None:
        """Holds stored tiles to the hashes that the entries made."""
        for tile, hashes in completed:
            query = sa.select(tiles.c.hashes).where(tiles.c.level == tile.level, tiles.c.index == tile.index)
            stored = self._connection.execute(query).scalar()
            if stored == hashes:
                continue
            what = "is missing" if stored is None else "is not over the entries that stand there"
            self._find(tile.end - 0.5, f"tile/{tile.level}/{tile.index}", what)
            if tile.level == 0 and stored is not None:
                told = zip(cut(hashes), cut(stored), strict=False)
                self._against_tile += [tile.first + i for i, (ours, its) in enumerate(told) if ours != its]

    def _stray_tiles(self, size: int) -> None:
        """Finds tiles that the log is not large enough for: proofs would be made from them."""
        for level, index in self._connection.execute(sa.select(tiles.c.level, tiles.c.index)):
            numbers = isinstance(level, int) and isinstance(index, int) and min(level, index) >= 0
            if not numbers or not Tile(level, index).is_in(size):
                self._find(size, f"tile/{level}/{index}", "stands beyond the checkpoint")

    def _find(self, index: float, place: str, problem: str) -> None:
        self._findings.append((index, Finding(place, problem)))
