"""Compact ranges: consecutive leaves of a tree as the fewest hashes, those of its complete subtrees.

Two that follow each other make one, so that a tree can be put together from pieces whose leaves are known
and pieces of which only hashes are. One that begins at 0 is the tree itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.errors import FormatError, VerificationError
from audit.formats.merkle import HASH_SIZE, complete_subtrees, fold, node_hash


class CompactRange:
    """The leaves [begin, end) of a tree. Grows at its end."""

    def __init__(self, begin: int = 0, end: int | None = None, hashes: Sequence[bytes] = ()) -> None:
        """Takes the leaves, and the hashes of the complete subtrees that cover them, left to right.

        Raises:
            FormatError: these are not as many hashes of 32 bytes as such a range has.
        """
        self.begin = begin
        self.end = begin if end is None else end
        nodes = complete_subtrees(self.begin, self.end)
        if len(nodes) != len(hashes) or any(len(h) != HASH_SIZE for h in hashes):
            raise FormatError(f"the leaves [{self.begin}, {self.end}) are {len(nodes)} hashes of 32 bytes")
        self._nodes = [(level, index, h) for (level, index), h in zip(nodes, hashes, strict=True)]

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The hashes, left to right."""
        return tuple(h for _, _, h in self._nodes)

    def copy(self) -> CompactRange:
        """Gives one that grows apart from this one."""
        return CompactRange(self.begin, self.end, self.hashes)

    def add(self, level: int, hash_: bytes) -> None:
        """Adds the complete subtree of a level that begins where this range ends."""
        if self.end & ((1 << level) - 1):
            raise ValueError(f"no subtree of level {level} begins at leaf {self.end}")
        index = self.end >> level
        self.end += 1 << level
        while index & 1 and self._nodes and self._nodes[-1][0] == level:
            hash_ = node_hash(self._nodes.pop()[2], hash_)
            level, index = level + 1, index >> 1
        self._nodes.append((level, index, hash_))

    def extend(self, end: int, hashes: Sequence[bytes]) -> None:
        """Adds the leaves up to an end, from the hashes of their complete subtrees.

        Raises:
            FormatError: these are not as many hashes of 32 bytes as such a range has.
        """
        for level, _, hash_ in CompactRange(self.end, end, hashes)._nodes:  # noqa: SLF001  # one of its kind
            self.add(level, hash_)

    def root(self) -> bytes:
        """The root of the tree, for a range that begins at 0.

        Raises:
            VerificationError: the range does not begin at 0.
        """
        if self.begin:
            raise VerificationError("leaves in the middle of a tree have no root")
        return fold(self.hashes)


def count(begin: int, end: int) -> int:
    """How many hashes the leaves [begin, end) are."""
    return len(complete_subtrees(begin, end))
