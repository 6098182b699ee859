"""Verifying a whole log: every entry, every tile, every sealed part, against the signed checkpoint.

Works on the database alone, with the log's public key; owns nothing and writes nothing. With the
vault's master key it also opens what is sealed and holds it to the commitments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audit import checkpoint, entry, store, vault
from audit.checkpoint import Checkpoint
from audit.commitment import opens
from audit.errors import FormatError, LogError
from audit.merkle import Frontier, leaf_hash
from audit.note import NoteVerifier
from audit.schema import entries, sealed, tiles
from audit.store import TILE_WIDTH
from audit.subject_keys import SubjectKeys

_CHUNK = 4096
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: where, and what."""

    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. The log holds when there is no finding.

    Attributes:
        checkpoint: the checkpoint that everything was held against, where it could be read.
        entries: how many entries were read.
        by_outcome: how many of each outcome.
        sealed: how many sealed parts were opened and held to their commitments.
        erased: how many cannot be opened because their key is gone.
        open_intentions: how many registers may have been read without an entry so far.
        findings: what does not hold, the first bad place first.
    """

    checkpoint: Checkpoint | None
    entries: int
    by_outcome: dict[str, int]
    sealed: int
    erased: int
    open_intentions: int
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
) -> Report:
    """Verifies a log from its first entry to its checkpoint.

    Args:
        engine: the log's database.
        verifier: the log's public key.
        keys: opens the sealed parts too, where given.
        progress: called with entries read and entries in all.
    """
    with engine.connect().execution_options(read_only=True) as connection:
        return _Verification(connection, verifier, keys, progress).run()


class _Verification:
    def __init__(
        self,
        connection: sa.Connection,
        verifier: NoteVerifier,
        keys: SubjectKeys | None,
        progress: Progress | None,
    ) -> None:
        self._connection = connection
        self._verifier = verifier
        self._keys = keys
        self._progress = progress or (lambda _done, _all: None)
        self._findings: list[Finding] = []
        self._outcomes: dict[str, int] = {}
        self._opened = self._erased = 0
        self._above: list[list[bytes]] = []  # by level, roots of tiles under the next one up

    def run(self) -> Report:
        head = store.read_head(self._connection)
        signed = self._signed(head.signed_checkpoint if head else None)
        size = signed.size if signed else head.size if head else 0
        if signed and head and (signed.size, signed.root) != (head.size, head.root):
            self._find("head", "its size or root is not what the signed checkpoint says")
        count = self._entries(size, signed)
        intentions = len(store.open_intentions(self._connection))
        return Report(
            signed,
            count,
            self._outcomes,
            self._opened,
            self._erased,
            intentions,
            tuple(self._findings),
        )

    def _signed(self, note: str | None) -> Checkpoint | None:
        if note is None:
            self._find("head", "the log has no checkpoint")
            return None
        try:
            return checkpoint.verify(note, self._verifier)
        except LogError as error:
            self._find("checkpoint", str(error))
            return None

    def _entries(self, size: int, signed: Checkpoint | None) -> int:
        """Hashes every entry into a tree of our own, and holds the stored hashes and tiles to it."""
        tree = Frontier(0, ())
        run: list[bytes] = []
        wrong_hash: list[int] = []
        for index, row in enumerate(self._rows()):
            if row.log_index != index:
                break  # a gap: `_root` says what is missing
            if index >= size:
                self._find(f"entry {index}", "stands beyond the checkpoint")
                break
            computed = leaf_hash(row.leaf)
            if computed != row.leaf_hash:
                wrong_hash.append(index)
            self._entry(index, row)
            tree.append(computed)
            run.append(computed)
            if len(run) == TILE_WIDTH:
                self._tiles(index // TILE_WIDTH, run)
                run.clear()
                tree.settle()
            if index % _CHUNK == 0:
                self._progress(index, size)
        self._progress(tree.size, size)
        self._root(tree, size, signed, wrong_hash)
        return tree.size

    def _root(self, tree: Frontier, size: int, signed: Checkpoint | None, wrong_hash: list[int]) -> None:
        # A stored hash that is not its leaf's: the root tells which of the two was altered.
        intact = signed is not None and (tree.size, tree.root()) == (signed.size, signed.root)
        what = "its stored hash was altered" if intact else "was altered after it was recorded"
        self._findings[:0] = [Finding(f"entry {i}", what) for i in wrong_hash]
        if tree.size != size:
            self._find(f"entry {tree.size}", f"is missing: the checkpoint commits to {size} entries")
        elif signed and not intact and not wrong_hash:
            self._find("tree", "the entries do not lead to the signed root: entries were replaced")

    def _rows(self) -> Iterator[Any]:
        query = (
            sa.select(
                entries.c.index.label("log_index"),
                entries.c.leaf,
                entries.c.leaf_hash,
                entries.c.request_id,
                sealed.c.key_id,
                sealed.c.data,
            )
            .outerjoin(sealed, sealed.c.index == entries.c.index)
            .order_by(entries.c.index)
            .execution_options(yield_per=_CHUNK)
        )
        yield from self._connection.execute(query)

    def _entry(self, index: int, row: Any) -> None:
        place = f"entry {index}"
        try:
            content, commitments = entry.decode(row.leaf)
        except FormatError as error:
            self._find(place, str(error))
            return
        self._outcomes[content.outcome] = self._outcomes.get(content.outcome, 0) + 1
        if row.request_id is not None and row.request_id != content.request_id:
            self._find(place, "is filed under another request id")
        if row.data is None:
            self._find(place, "has no sealed part")
        elif self._keys:
            self._sealed(place, row, commitments)

    def _sealed(self, place: str, row: Any, commitments: dict[str, str]) -> None:
        key = self._keys.find(row.key_id) if self._keys else None
        if key is None:
            self._erased += 1
            return
        try:
            opened = vault.unseal(key, row.leaf, row.data)
        except LogError as error:
            self._find(place, str(error))
            return
        self._opened += 1
        for name in commitments.keys() | opened.values.keys():
            value, opening = opened.values.get(name, b""), opened.openings.get(name, b"")
            if not opens(commitments, opening, name, value):
                self._find(place, f"the sealed {name} is not what the entry commits to")

    def _tiles(self, index: int, run: list[bytes]) -> None:
        """Holds a complete tile to its hashes, and each tile above that it completes."""
        level, hashes = 0, run
        while True:
            query = sa.select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.index == index)
            stored = self._connection.execute(query).scalar()
            if stored != b"".join(hashes):
                self._find(f"tile/{level}/{index}", "is missing" if stored is None else "was altered")
            if len(self._above) == level:
                self._above.append([])
            self._above[level].append(store.subtree(b"".join(hashes)))
            if len(self._above[level]) < TILE_WIDTH:
                return
            hashes, self._above[level] = self._above[level], []
            level, index = level + 1, index // TILE_WIDTH

    def _find(self, place: str, problem: str) -> None:
        self._findings.append(Finding(place, problem))
