"""The Merkle tree of RFC 9162 section 2.1: hashes, proofs, and their verification.

Pure functions over hashes of 32 bytes. A subtree is named by (level, index): it covers the leaves
`index << level` up to, not including, `(index + 1) << level`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from audit.errors import FormatError, VerificationError

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

#: Gives the hash of a complete subtree.
NodeReader = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Hashes a leaf: `SHA-256(0x00 ‖ entry)`."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hashes an inner node: `SHA-256(0x01 ‖ left ‖ right)`."""
    return sha256(b"\x01" + left + right).digest()


def complete_subtrees(begin: int, end: int) -> list[tuple[int, int]]:
    """Covers the leaves [begin, end) with the fewest complete subtrees, left to right."""
    nodes = []
    while begin < end:
        level = (begin & -begin).bit_length() - 1 if begin else end.bit_length()
        while begin + (1 << level) > end:
            level -= 1
        nodes.append((level, begin >> level))
        begin += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """Joins the complete subtrees of a tree, left to right, into its root."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def subtree(hashes: bytes) -> bytes:
    """The root over a run of sibling hashes whose number is a power of two.

    Raises:
        FormatError: it is not such a run: what is stored of the tree was damaged.
    """
    count, rest = divmod(len(hashes), HASH_SIZE)
    if rest or count.bit_count() != 1:
        raise FormatError("hashes of the tree are missing or damaged: run hjemmel log verify")
    run = [hashes[i : i + HASH_SIZE] for i in range(0, len(hashes), HASH_SIZE)]
    while len(run) > 1:
        run = [node_hash(run[i], run[i + 1]) for i in range(0, len(run), 2)]
    return run[0]


def subtree_root(begin: int, end: int, read: NodeReader) -> bytes:
    """Computes the root over the leaves [begin, end), where begin is aligned as in a proof."""
    width = end - begin
    if width.bit_count() == 1 and begin % width == 0:  # most of a proof's hashes: one complete subtree
        level = width.bit_length() - 1
        return read(level, begin >> level)
    return fold([read(level, index) for level, index in complete_subtrees(begin, end)])


def root(size: int, read: NodeReader) -> bytes:
    """Computes the root of the first `size` leaves."""
    return subtree_root(0, size, read)


def inclusion_proof(index: int, size: int, read: NodeReader) -> list[bytes]:
    """Builds the audit path of a leaf (RFC 9162 section 2.1.3.1), from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(subtree_root(middle, end, read))
            end = middle
        else:
            path.append(subtree_root(begin, middle, read))
            begin = middle
    return path[::-1]


def inclusion_proofs(first: int, size: int, read: NodeReader) -> list[tuple[bytes, ...]]:
    """Builds the audit paths of all leaves from one on, in their order; what they share is built once."""
    paths: list[tuple[bytes, ...]] = []

    def descend(begin: int, end: int, path: tuple[bytes, ...]) -> None:
        if end - begin == 1:
            paths.append(path)
            return
        middle = begin + _split(end - begin)
        if first < middle:
            descend(begin, middle, (subtree_root(middle, end, read), *path))
        descend(middle, end, (subtree_root(begin, middle, read), *path))

    if first < size:
        descend(0, size, ())
    return paths


def consistency_proof(old: int, new: int, read: NodeReader) -> list[bytes]:
    """Builds the proof that a tree of `new` leaves extends one of `old` (section 2.1.4.1)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot extend one of {old}")
    if old in {0, new}:
        return []
    path = []
    begin, end = 0, new
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(subtree_root(middle, end, read))
            end = middle
        else:
            path.append(subtree_root(begin, middle, read))
            begin = middle
    if begin:
        path.append(subtree_root(begin, end, read))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes) -> None:
    """Verifies an audit path (RFC 9162 section 2.1.3.2).

    Raises:
        VerificationError: the leaf hash does not lead to the root.
    """
    if not 0 <= index < size:
        raise VerificationError(f"leaf {index} cannot be in a tree of {size}")
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        raise VerificationError("the inclusion proof has the wrong length")
    computed = leaf
    for level, sibling in enumerate(proof[:inner]):
        computed = node_hash(sibling, computed) if index >> level & 1 else node_hash(computed, sibling)
    for sibling in proof[inner:]:
        computed = node_hash(sibling, computed)
    if len(tree_root) != HASH_SIZE or computed != tree_root:
        raise VerificationError("the inclusion proof does not lead to the checkpoint's root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Verifies that the tree of `new` leaves extends the one of `old` (section 2.1.4.2).

    Raises:
        VerificationError: it does not: one of the two was altered or the log was forked.
    """
    if not 0 <= old <= new:
        raise VerificationError(f"a tree of {new} cannot extend one of {old}")
    if old == new and old_root != new_root:
        raise VerificationError(f"two different roots for the same size {old}")
    if old == 0 and old_root != EMPTY_ROOT:
        raise VerificationError("a tree of nothing has another root")
    if old in {0, new}:
        if proof:
            raise VerificationError("the consistency proof should be empty")
        return
    # Where the old tree is one complete subtree, its root starts the proof unsaid.
    whole = [old_root, *proof] if old.bit_count() == 1 else proof
    if (old_root, new_root) != _consistency_roots(old, new, whole):
        raise VerificationError("the consistency proof does not connect the two checkpoints")


def proven_prefix(old: int, new: int, proof: Sequence[bytes], new_root: bytes) -> bytes | None:
    """Finds the root that a larger tree has at an earlier size, by a consistency proof of its own.

    That root is proven as well as `new_root` is: another one signed for the same size is a fork.

    Args:
        old: the earlier size, which must be no power of two: the proof of such a one leaves its root unsaid.
        new: the larger size.
        proof: that the larger tree gave.
        new_root: its root.

    Returns:
        The root, or nothing where the proof does not lead to `new_root`.
    """
    try:
        small, large = _consistency_roots(old, new, proof)
    except VerificationError:
        return None
    return small if large == new_root and old.bit_count() > 1 else None


def proof_from_before(old: int, before: Sequence[bytes]) -> tuple[bytes, list[bytes]] | None:
    """Finds the root at a size that is a power of two, from the proof of the size just before it.

    That proof (section 2.1.4.1) begins with the last two leaves of the complete subtree of `old` leaves
    and goes on with what stands to their left in it, so that its root can be told.

    Returns:
        The root, unverified, and the proof from `old`; or nothing where the proof is too short.
    """
    level = old.bit_length() - 1
    if level < 2 or len(before) <= level:  # noqa: PLR2004  # before 4 no such two leaves are told
        return None
    computed = node_hash(before[0], before[1])
    for left in before[2 : level + 1]:
        computed = node_hash(left, computed)
    return computed, list(before[level + 1 :])


def _consistency_roots(old: int, new: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Computes the two roots that a proof leads to, its first hash being where both begin."""
    shift = (old & -old).bit_length() - 1
    start, *hashes = proof or [b""]
    index, last = (old - 1) >> shift, (new - 1) >> shift
    inner = (index ^ last).bit_length()
    if len(hashes) != inner + (index >> inner).bit_count():
        raise VerificationError("the consistency proof has the wrong length")
    small = large = start
    for level, sibling in enumerate(hashes[:inner]):
        if index >> level & 1:
            small, large = node_hash(sibling, small), node_hash(sibling, large)
        else:
            large = node_hash(large, sibling)
    for sibling in hashes[inner:]:
        small, large = node_hash(sibling, small), node_hash(sibling, large)
    return small, large


def _split(width: int) -> int:
    """The largest power of two below a width: where RFC 9162 splits a tree."""
    return 1 << (width - 1).bit_length() - 1


class Frontier:
    """The right edge of a growing tree: all that appending needs, a hash a level.

    Also remembers the nodes completed since the last `settle`, so that the proofs of a batch can be
    made without reading anything.
    """

    def __init__(self, size: int, hashes: Sequence[bytes]) -> None:
        """Starts at a size, from the hashes of its complete subtrees, left to right."""
        self.size = size
        nodes = complete_subtrees(0, size)
        self._nodes = dict(zip(nodes, hashes, strict=True))

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash."""
        level, index, hash_ = 0, self.size, leaf
        self._nodes[level, index] = hash_
        while index & 1:
            hash_ = node_hash(self._nodes[level, index - 1], hash_)
            level, index = level + 1, index >> 1
            self._nodes[level, index] = hash_
        self.size += 1

    def read(self, level: int, index: int) -> bytes:
        """Gives a node: of the edge, or completed since the last `settle`."""
        return self._nodes[level, index]

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return root(self.size, self.read)

    def settle(self) -> None:
        """Forgets all but the edge."""
        self._nodes = {node: self._nodes[node] for node in complete_subtrees(0, self.size)}
