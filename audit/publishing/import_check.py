"""A copy of the log that somebody else keeps, compared with the log: who has what the other signed for.

The copy's checkpoint and entries are read, not its tiles. Where the two differ, the checkpoints tell
which of them was altered: both are signed with the log's own key.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from audit.errors import FormatError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import EMPTY_ROOT, HASH_SIZE
from audit.formats.note import NoteVerifier
from audit.formats.tiles import (
    CHECKPOINT,
    ENTRIES,
    TILE_WIDTH,
    Tile,
    TileTree,
    bundle_hashes,
    bundles_of,
    read_bundle,
    write_bundle,
)
from audit.publishing.published import Published, read_tile
from audit.storage import database
from audit.storage.tile_source import leaves, signed_head
from audit.verification.findings import Finding

Progress = Callable[[int, int], None]


class Relation(Enum):
    """How a copy stands to the log."""

    EQUAL = "equal"
    PREFIX = "prefix"  # the log went on since
    AHEAD = "ahead"  # the copy has entries that the log does not have any more
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found. Copy and log agree when there is no finding.

    Attributes:
        relation: how the copy stands to the log.
        copy: what the copy's checkpoint commits to.
        log: what the log's commits to.
        compared: how many entries both have.
        findings: what does not hold, the first bad place first.
    """

    relation: Relation
    copy: Checkpoint
    log: Checkpoint
    compared: int
    findings: tuple[Finding, ...]

    @property
    def agree(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def compare(
    engine: sa.Engine, verifier: NoteVerifier, source: Published, progress: Progress | None = None
) -> Comparison:
    """Compares a copy with the log, entry by entry as far as both go.

    Args:
        engine: the log's database.
        verifier: the log's public key.
        source: where the copy is read.
        progress: called with entries done and entries in all.

    Raises:
        FormatError, VerificationError: one of the checkpoints is not signed by this log.
        NotFound: the log was never opened for writing.
        Unreachable: the copy cannot be read.
    """
    note = source.read(CHECKPOINT)
    if note is None:
        raise FormatError("the copy has no checkpoint")
    try:
        copy = checkpoint.verify(note.decode(), verifier)
    except UnicodeDecodeError as error:
        raise FormatError("the copy's checkpoint is not text") from error
    with closing(source), database.snapshot(engine) as connection:
        log = signed_head(connection, verifier).tree
        ours = _Side("log", log, lambda first, end: leaves(connection, first, end))
        theirs = _Side("copy", copy, lambda first, end: _copied(source, first, end))
        return _Comparison(theirs, ours, progress or (lambda _done, _all: None)).run()


def _copied(source: Published, first: int, end: int) -> list[bytes]:
    tile = Tile(ENTRIES, first // TILE_WIDTH, end - first)
    return read_bundle(read_tile(source, tile), tile.width)


class _Side:
    """One of the two: what it signed, its entries, and the tree that these make."""

    def __init__(self, name: str, signed: Checkpoint, read: Callable[[int, int], list[bytes]]) -> None:
        self.name = name
        self.signed = signed
        self._read = read
        self._tree: TileTree | None = TileTree()  # until entries cannot be read
        self.roots: dict[int, bytes] = {}

    def take(self, first: int, end: int, mark: int) -> list[bytes]:
        """Reads entries, those that it has of [first, end), and notes the root at a size.

        Raises:
            FormatError: some are missing or damaged.
        """
        if first >= self.signed.size:
            return []
        try:
            found = self._read(first, min(end, self.signed.size))
        except FormatError:
            self._tree = None
            raise
        if self._tree:
            hashes = bundle_hashes(write_bundle(found), len(found))
            if first < mark <= first + len(found):
                self.roots[mark] = self._tree.root(hashes[: (mark - first) * HASH_SIZE])
            self._tree.add(hashes)
            if self._tree.size == self.signed.size:
                self.roots[self._tree.size] = self._tree.root()
        return found

    def root(self, size: int) -> bytes | None:
        """The root that its entries lead to at a size, where they could be read."""
        return EMPTY_ROOT if size == 0 else self.roots.get(size)


class _Comparison:
    def __init__(self, copy: _Side, log: _Side, progress: Progress) -> None:
        self._copy, self._log = copy, log
        self._sides = (copy, log)
        self._both = min(copy.signed.size, log.signed.size)
        self._progress = progress
        self._findings: list[Finding] = []
        self._differing: list[int] = []

    def run(self) -> Comparison:
        size = max(self._copy.signed.size, self._log.signed.size)
        for tile in bundles_of(size):
            self._bundle(tile.first, tile.first + tile.width)
            self._progress(tile.first + tile.width, size)
        copy, log = self._copy.signed, self._log.signed
        forked = self._judge()
        if copy.size > log.size:
            lost = f"is in the copy and not in the log, which ends at {log.size}: entries were lost"
            self._findings.append(Finding(f"entry {log.size}", lost))
        relation = Relation.EQUAL if copy.size == log.size else Relation.PREFIX
        if copy.size > log.size:
            relation = Relation.AHEAD
        if forked or self._differing:
            relation = Relation.DIFFERENT
        return Comparison(relation, copy, log, self._both, tuple(self._findings))

    def _bundle(self, first: int, end: int) -> None:
        read = []
        for side in self._sides:
            try:
                read.append(side.take(first, end, self._both))
            except FormatError as error:
                self._findings.append(Finding(f"entries from {first} on", f"of the {side.name}: {error}"))
                read.append([])
        both = enumerate(zip(*read, strict=False), first)
        self._differing += [index for index, (theirs, ours) in both if theirs != ours]

    def _judge(self) -> bool:
        """Says which side's entries are not what was signed; tells whether what was signed differs."""
        signed = {s.signed.root for s in self._sides if s.signed.size == self._both}
        if len(signed) > 1:
            where = f" at entry {self._differing[0]}" if self._differing else ""
            forked = f"both sign {self._both} entries and not the same root: the log was forked{where}"
            self._findings.insert(0, Finding("checkpoint", forked))
        found = [self._altered(side, signed) or self._unfounded(side, signed) for side in self._sides]
        self._findings += [finding for finding in found if finding]
        return len(signed) > 1 or any(f.place == "tree" for f in self._findings)

    def _altered(self, side: _Side, signed: set[bytes]) -> Finding | None:
        """Where the two differ: whether it is this side that does not have what was signed."""
        told = side.root(self._both)
        if not self._differing or told in signed:
            return None
        what = f"of the {side.name} is not what was signed"
        if told is None:
            what = f"of the {side.name} differs; too few of its entries can be read to tell which is right"
        more = f", nor are {len(self._differing) - 1} more" if told and len(self._differing) > 1 else ""
        return Finding(f"entry {self._differing[0]}", what + more)

    def _unfounded(self, side: _Side, signed: set[bytes]) -> Finding | None:
        """Whether what a side signed, or the other one signed before, is not over its entries."""
        if side.root(side.signed.size) not in {side.signed.root, None}:
            return Finding("tree", f"the entries of the {side.name} do not lead to its checkpoint")
        if len(signed) == 1 and side.root(self._both) not in {*signed, None}:
            forked = f"the {side.name} does not extend what was signed at {self._both} entries: it was forked"
            return Finding("tree", forked)
        return None
