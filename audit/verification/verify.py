"""Verifying a whole log: every entry, every tile, every sealed part, against the signed checkpoint.

Works on the database alone, with the log's public key; owns nothing and writes nothing. With the
vault's master key it also opens what is sealed and holds it to the commitments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import starmap

import sqlalchemy as sa

from audit.erasure import coverage
from audit.erasure.coverage import Coverage
from audit.errors import FormatError, LogError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import EMPTY_ROOT, HASH_SIZE
from audit.formats.note import NoteVerifier
from audit.formats.tiles import TILE_SIZE, TILE_WIDTH, Tile, TileTree, root_of_edge
from audit.storage import database, store
from audit.storage.schema import entries, erasure_requests, intentions, tiles
from audit.storage.store import Head
from audit.storage.tile_source import TileSource
from audit.timestamps.timestamp import Roots
from audit.vault.key_reader import KeyReader
from audit.verification import processes
from audit.verification.findings import Finding
from audit.verification.verify_beside import verify_beside
from audit.verification.verify_periods import PeriodCheck, Periods
from audit.verification.verify_range import RANGE, RangeReport, RangeVerifier
from audit.verification.verify_ranges import ErasedMeanwhile, Job, verify_range
from audit.verification.verify_timestamps import TimestampCheck

_ALONE = 50_000  # entries: for fewer the start of processes costs what they save
_ATTEMPTS = 5  # before no more processes are begun that may see another state
_HEAD = -1  # where findings about the checkpoint stand: before those about entries
Progress = Callable[[int, int], None]


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
    keys: KeyReader | None = None,
    progress: Progress | None = None,
    since: Checkpoint | None = None,
    roots: Roots = (),
    workers: int | None = None,
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
        workers: how many processes; by default one a core, and none for few entries.

    Raises:
        sqlalchemy.exc.OperationalError, sqlalchemy.exc.ProgrammingError: there is no log, or the database
            does not answer. One that answers with damage is a finding.
    """
    for most in (*[workers] * _ATTEMPTS, 1):
        with database.snapshot(engine) as connection:
            verification = _Verification(connection, verifier, keys, progress, since, roots, most)
            try:
                return verification.run()
            except ErasedMeanwhile:
                continue
            except (sa.exc.OperationalError, sa.exc.ProgrammingError):
                raise  # there is no log, or nobody answers: no finding about one
            except sa.exc.DBAPIError as error:
                return verification.ended_by(error)
    raise AssertionError("one process by itself sees one state")


class _Verification:
    def __init__(
        self,
        connection: sa.Connection,
        verifier: NoteVerifier,
        keys: KeyReader | None,
        progress: Progress | None,
        since: Checkpoint | None,
        roots: Roots,
        workers: int | None,
    ) -> None:
        self._connection = connection
        self._verifier = verifier
        self._keys = keys
        self._coverage = Coverage({}, {}, {})
        self._progress = progress or (lambda _done, _all: None)
        self._findings: list[tuple[float, Finding]] = []  # with the index that each stands at
        self._against_hash: list[int] = []  # entries that their stored hash contradicts
        self._against_tile: list[int] = []  # entries that their tile contradicts
        self._outcomes: Counter[str] = Counter()
        self._opened = self._erased = self._misdated = 0
        self._first_misdated = ""
        self._since = since or Checkpoint(verifier.name, 0, EMPTY_ROOT)
        self._periods = PeriodCheck(connection, keys, self._since.size, self._find)
        self._timestamps = TimestampCheck(connection, verifier, roots, self._find)
        self._workers = workers

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
        count = self._entries(size, signed, self._grown_before(size))
        self._stray_tiles(size)
        find = self._keys.find if self._keys else None
        for finding in verify_beside(self._connection, self._verifier, size, find, holds=not self._findings):
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
            dict(self._outcomes),
            self._opened,
            self._erased,
            *unfinished,  # intentions, erasures
            self._timestamps.rooted,
            self._timestamps.unrooted,
            self._misdated,
            self._first_misdated,
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
        self._progress(begin, size)
        for report in self._ranges(begin, size):
            self._grow(tree, report)
            self._outcomes += report.outcomes
            self._opened += report.opened
            self._erased += report.erased
            self._misdated += report.misdated
            self._first_misdated = self._first_misdated or report.first_misdated
            for index, told in report.periods:
                self._periods.entry(index, told)
            self._against_hash += report.against_hash
            self._against_tile += report.against_tile
            self._findings += report.findings
            self._progress(tree.size, size)
            if report.ends:
                break
        else:
            self._stray_entries(size)
        self._root(tree, size, signed)
        return tree.size - begin

    def _ranges(self, begin: int, size: int) -> Iterator[RangeReport]:
        calls = ((first, min(first + RANGE, size)) for first in range(begin, size, RANGE))
        workers = self._workers or (1 if size - begin <= _ALONE else processes.cores())
        stamped = self._timestamps.times()
        if workers == 1:
            alone = RangeVerifier(self._connection, self._keys, self._coverage, stamped)
            yield from starmap(alone.verify, calls)
            return
        keys = self._keys.source if self._keys else None
        job = Job(self._connection.engine.url, keys, stamped, self._coverage.erasures)
        yield from processes.each(verify_range, ((job, *call) for call in calls), workers)

    def _grow(self, tree: TileTree, report: RangeReport) -> None:
        """Adds what a range hashes to, and holds the timestamps and the tiles above to it."""
        roots = iter(report.roots)
        for at in range(0, len(report.hashes), TILE_SIZE):
            run = report.hashes[at : at + TILE_SIZE]
            for width in range(1, len(run) // HASH_SIZE + 1):
                if tree.size + width in self._timestamps.sizes:
                    self._timestamps.reached(tree.size + width, tree.root(run[: width * HASH_SIZE]))
            for tile, hashes in tree.add(run, next(roots, None))[1:]:  # the range looked at the first
                same = (tiles.c.level == tile.level, tiles.c.index == tile.index)
                stored = self._connection.execute(sa.select(tiles.c.hashes).where(*same)).scalar()
                report.hold(tile, hashes, stored)

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

    def _stray_entries(self, size: int) -> None:
        """Finds entries that no checkpoint commits to."""
        query = sa.select(sa.func.min(entries.c.index)).where(entries.c.index >= size)
        index = self._connection.execute(query).scalar()
        if index is not None:
            self._find(index, f"entry {index}", "stands beyond the checkpoint")

    def _stray_tiles(self, size: int) -> None:
        """Finds tiles that the log is not large enough for: proofs would be made from them."""
        for level, index in self._connection.execute(sa.select(tiles.c.level, tiles.c.index)):
            numbers = isinstance(level, int) and isinstance(index, int) and min(level, index) >= 0
            if not numbers or not Tile(level, index).is_in(size):
                self._find(size, f"tile/{level}/{index}", "stands beyond the checkpoint")

    def _find(self, index: float, place: str, problem: str) -> None:
        self._findings.append((index, Finding(place, problem)))
