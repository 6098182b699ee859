"""An authority's side of the log, read from its database part by part.

Entries are read in blocks of 256, which all who read at about the same place share: each is hashed and looked
into once. Used by one thread; owns nothing and writes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import sqlalchemy as sa

from audit.errors import FormatError, NotFound
from audit.formats import side
from audit.formats.compact_range import CompactRange
from audit.formats.merkle import complete_subtrees, leaf_hash, node_hash
from audit.formats.side import OwnEntry, Part
from audit.formats.tiles import TILE_HEIGHT, TILE_WIDTH
from audit.storage import store
from audit.storage.schema import entries
from audit.storage.store import Head

_BLOCKS = 32  # kept: five megabytes of usual entries
_NODES = 65_536  # kept: those above the blocks of a log of eight million entries
_MOST_BYTES = 256 * 1024  # of entries in a part; a gRPC client takes four megabytes
_MOST_BLOCKS = 8  # looked through at a time


@dataclass(frozen=True, slots=True)
class _Block:
    """Up to 256 entries: what they are, the tree over them, and whom they concern.

    Attributes:
        leaves: the entries' bytes.
        nodes: hashes of complete subtrees by level, the entries' own first.
        own: positions by authority, those that concern everybody included.
        everybody: positions that concern everybody.
    """

    leaves: tuple[bytes, ...]
    nodes: tuple[tuple[bytes, ...], ...]
    own: dict[str, list[int]]
    everybody: list[int]


class Draft:
    """A part in the making: what was found for an authority since the last one."""

    def __init__(self, authority: str, first: int) -> None:
        """Takes whose side it is, and where the part begins."""
        self.authority = authority
        self.first = first
        self.own: list[OwnEntry] = []
        self._others: list[bytes] = []
        self._gap = CompactRange(first)
        self._bytes = 0

    @property
    def end(self) -> int:
        """How far was looked."""
        return self._gap.end

    @property
    def is_full(self) -> bool:
        """Whether it is to be sent before more is looked for."""
        return self._bytes >= _MOST_BYTES

    def look(self, block: _Block, base: int) -> None:
        """Goes on through a block, which begins at an index, until its end or until the part is full."""
        for position in block.own.get(self.authority, block.everybody):
            if base + position < self.end:
                continue
            self._skip(block, base, position)
            self._take(base + position, block.leaves[position])
            if self.is_full:
                return
        self._skip(block, base, len(block.leaves))

    def finish(self, signed_checkpoint: str, later: tuple[bytes, ...]) -> Part:
        """Gives the part as it stands."""
        others = (*self._others, *self._gap.hashes)
        return Part(self.first, self.end, tuple(self.own), others, later, signed_checkpoint)

    def _take(self, index: int, leaf: bytes) -> None:
        self._others += self._gap.hashes
        self._gap = CompactRange(index + 1)
        self.own.append(OwnEntry(index, leaf))
        self._bytes += len(leaf)

    def _skip(self, block: _Block, base: int, position: int) -> None:
        for level, index in complete_subtrees(self.end, base + position):
            self._gap.add(level, block.nodes[level][index - (base >> level)])


class SideReader:
    """Reads the sides of a log."""

    def __init__(self, engine: sa.Engine) -> None:
        """Takes the log's database."""
        self._engine = engine
        self._blocks: OrderedDict[int, _Block] = OrderedDict()
        self._nodes: dict[tuple[int, int], bytes] = {}

    def head(self) -> Head:
        """Where the log stands.

        Raises:
            NotFound: it was never opened for writing.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        with self._connect() as connection:
            found = store.read_head(connection)
        if found is None:
            raise NotFound("this log was never opened for writing")
        return found

    def part(self, draft: Draft, head: Head, *, at_once: bool) -> Part | None:
        """Goes on with a part, as far as is looked at a time; gives it when it is to be sent.

        That is when it is full, when it holds something and there is no more, or at once.

        Raises:
            FormatError: an entry or the stored tree is missing or damaged.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        for _ in range(_MOST_BLOCKS):
            if draft.end >= head.size or draft.is_full:
                break
            number = draft.end // TILE_WIDTH
            base = number * TILE_WIDTH
            draft.look(self._block(number, min(TILE_WIDTH, head.size - base)), base)
        whole = draft.is_full or (bool(draft.own) and draft.end >= head.size)
        return self._finished(draft, head) if whole or at_once else None

    def _finished(self, draft: Draft, head: Head) -> Part:
        if draft.end == head.size:
            return draft.finish(head.signed_checkpoint, ())
        with self._connect() as connection:
            nodes = _KnownNodes(connection, self._nodes)
            later = tuple(nodes.read(*node) for node in complete_subtrees(draft.end, head.size))
        return draft.finish(head.signed_checkpoint, later)

    def _block(self, number: int, width: int) -> _Block:
        """Gives a block of at least a width; what is kept of a narrower one is not read again."""
        known = self._blocks.get(number)
        if known is None or len(known.leaves) < width:
            before = known.leaves if known else ()
            first = number * TILE_WIDTH + len(before)
            known = _made((*before, *self._leaves(first, number * TILE_WIDTH + width)))
            self._blocks[number] = known
        self._blocks.move_to_end(number)
        while len(self._blocks) > _BLOCKS:
            self._blocks.popitem(last=False)
        return known

    def _leaves(self, first: int, end: int) -> list[bytes]:
        query = (
            sa.select(entries.c.leaf)
            .where(entries.c.index >= first, entries.c.index < end)
            .order_by(entries.c.index)
        )
        with self._connect() as connection:
            found = list(connection.execute(query).scalars())
        if len(found) != end - first or not all(isinstance(leaf, bytes) for leaf in found):
            raise FormatError("entries of the log are missing or damaged: run hjemmel log verify")
        return found

    def _connect(self) -> sa.Connection:
        return self._engine.connect().execution_options(read_only=True)


class _KnownNodes(store.StoredNodes):
    """Reads nodes of the tree, and remembers them: the later part of it is told again with every part."""

    def __init__(self, connection: sa.Connection, known: dict[tuple[int, int], bytes]) -> None:
        super().__init__(connection)
        self._known = known

    def read(self, level: int, index: int) -> bytes:
        if (level, index) not in self._known:
            if len(self._known) >= _NODES:
                self._known.clear()
            self._known[level, index] = super().read(level, index)
        return self._known[level, index]


def _made(leaves: tuple[bytes, ...]) -> _Block:
    nodes = [tuple(map(leaf_hash, leaves))]
    for _ in range(TILE_HEIGHT):
        below = nodes[-1]
        nodes.append(tuple(node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)))
    parties = list(map(side.concerned, leaves))
    everybody = [i for i, who in enumerate(parties) if who is None]
    own: dict[str, list[int]] = {a: [] for who in parties if who for a in who}
    for position, who in enumerate(parties):
        for authority in own if who is None else who:
            own[authority].append(position)
    return _Block(leaves, tuple(nodes), own, everybody)
